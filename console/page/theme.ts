/** How the page is to look. `system` follows the device. */
export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEPT = 'mammoflow.theme';

export function keptTheme(): Theme {
  const kept = localStorage.getItem(KEPT);
  return THEMES.find((theme) => theme === kept) ?? 'system';
}

const device = matchMedia('(prefers-color-scheme: dark)');
device.addEventListener('change', () => applyTheme());

/** Says on the document which colours are shown: styles and charts know those two only. */
export function applyTheme(theme = keptTheme()): void {
  localStorage.setItem(KEPT, theme);
  const followed = device.matches ? 'dark' : 'light';
  document.documentElement.dataset.theme = theme === 'system' ? followed : theme;
}
