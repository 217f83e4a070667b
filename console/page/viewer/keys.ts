import { PRESET_LABELS, PRESETS, type Preset } from './window-level.js';

/** What a key, or a button, asks of the viewer. */
export type Command =
  | { readonly kind: 'pan' | 'window'; readonly x: -1 | 0 | 1; readonly y: -1 | 0 | 1 }
  | { readonly kind: 'zoom'; readonly factor: number }
  | { readonly kind: 'preset'; readonly preset: Preset }
  | {
      readonly kind:
        | 'fit'
        | 'true-pixels'
        | 'invert'
        | 'overlay'
        | 'class'
        | 'loupe'
        | 'crop'
        | 'centre'
        | 'link'
        | 'alone'
        | 'reset'
        | 'save'
        | 'help';
    };

export const ZOOM_STEP = 1.25;

const LETTERS: Readonly<Record<string, Command>> = {
  '+': { kind: 'zoom', factor: ZOOM_STEP },
  '=': { kind: 'zoom', factor: ZOOM_STEP },
  '-': { kind: 'zoom', factor: 1 / ZOOM_STEP },
  f: { kind: 'fit' },
  t: { kind: 'true-pixels' },
  i: { kind: 'invert' },
  h: { kind: 'overlay' },
  m: { kind: 'class' },
  l: { kind: 'loupe' },
  c: { kind: 'crop' },
  b: { kind: 'centre' },
  k: { kind: 'link' },
  Enter: { kind: 'alone' },
  r: { kind: 'reset' },
  s: { kind: 'save' },
  '?': { kind: 'help' },
};

const ARROWS: Readonly<Record<string, readonly [-1 | 0 | 1, -1 | 0 | 1]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** What is asked by a key while a viewport has the focus. Keys with Ctrl, Alt or Meta are the browser's. */
export function commandOf({
  key,
  shiftKey,
  ctrlKey,
  altKey,
  metaKey,
}: Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'altKey' | 'metaKey'>): Command | undefined {
  if (ctrlKey || altKey || metaKey) return undefined;
  const arrow = ARROWS[key];
  if (arrow !== undefined) return { kind: shiftKey ? 'window' : 'pan', x: arrow[0], y: arrow[1] };
  const preset = PRESETS[Number(key) - 1];
  if (preset !== undefined) return { kind: 'preset', preset };
  return LETTERS[key.length === 1 ? key.toLowerCase() : key];
}

/** For the help: keys, and what they do. */
export const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ['Tab', 'the next view; the keys below are for the view that has the focus'],
  ['H', 'heatmap on and off'],
  ['M', 'malignant or benign'],
  ...PRESETS.map((preset, index) => [String(index + 1), `window: ${PRESET_LABELS[preset].toLowerCase()}`] as const),
  ['Shift + ← →', 'window narrower, wider'],
  ['Shift + ↑ ↓', 'window brighter, darker'],
  ['I', 'invert'],
  ['+ −', 'zoom'],
  ['← → ↑ ↓', 'move'],
  ['F', 'fit'],
  ['T', 'true pixels: one of the screen for one of the picture'],
  ['L', 'loupe at true pixels'],
  ['C', 'what was cut out'],
  ['B', 'where the classifiers look'],
  ['K', 'link views: what is done to one is done to its partner'],
  ['Enter', 'this view alone, or all'],
  ['S', 'save as PNG'],
  ['R', 'everything as it was at first'],
  ['?', 'this help'],
];

/** For the help: what the pointer does. */
export const GESTURES: readonly (readonly [gesture: string, what: string])[] = [
  ['drag', 'right and left: window wider, narrower; down and up: darker, brighter'],
  ['drag with Shift, or with the right button', 'move'],
  ['wheel', 'zoom to the pointer'],
  ['double click', 'this view alone, or all'],
];
