import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { argv } from 'node:process';
import { chromium, type Page } from 'playwright-core';
import { createConsoleClient } from '../../console/contract/client.js';
import { SIZES } from './browser.js';
import { findChromium, noChromium } from './chromium.js';
import { repositoryRoot } from './shared.js';

/*
 * `npm run screenshots [-- ADDRESS [FOLDER]]` makes the pictures of docs/console.md from a console that runs. What is seen is
 * what is there: start with `npm start`, then change something that moves heatmaps, e.g.
 * `mammoflow stages set generate_heatmaps stride=140`, so that there are two states to compare.
 */

const [, , address = 'http://127.0.0.1:4780', folder = join(repositoryRoot, 'docs', 'images')] = argv;

/** Time for pictures to be drawn after everything has come. */
const DRAWN_MS = 2_500;

interface Shot {
  readonly name: string;
  readonly path: string;
  readonly size?: keyof typeof SIZES;
  readonly theme?: 'light' | 'dark';
  readonly before?: (page: Page) => Promise<unknown>;
}

async function shots(): Promise<Shot[]> {
  let csrf = '';
  const client = createConsoleClient({ base: address, csrf: () => csrf });
  ({ csrf } = await client.session());
  const [exam] = (await client.exams({ query: { sort: 'highest', label: 'left_malignant', limit: 1 } })).items;
  const [job] = (await client.jobs()).items;
  if (exam === undefined || job === undefined) throw new Error('There are no exams yet: run npm start first.');
  const sides = new URLSearchParams({ before: await beforeLastChange(client), after: 'main' });
  const withHeatmap = async (page: Page): Promise<void> => {
    await page.getByRole('button', { name: 'Heatmap', exact: true }).click();
    await page.mouse.move(0, 0);
  };
  const leftMlo = (page: Page): Promise<unknown> =>
    page.getByRole('combobox', { name: 'View', exact: true }).selectOption('L_MLO');
  return [
    { name: 'exams', path: '/exams?sort=highest' },
    { name: 'exam', path: `/exams/${exam.exam}`, size: 'large', theme: 'dark' },
    { name: 'heatmap', path: `/exams/${exam.exam}`, before: withHeatmap },
    { name: 'compare', path: `/compare?${sides}` },
    { name: 'compare-exam', path: `/compare/${exam.exam}?${sides}`, size: 'large', theme: 'dark', before: leftMlo },
    { name: 'job', path: `/jobs/${encodeURIComponent(job.job)}` },
    { name: 'repos', path: '/repos' },
    { name: 'models', path: '/models' },
    { name: 'stages', path: '/stages' },
    { name: 'inbox', path: '/inbox' },
  ];
}

/** The state before the last commit that was no job's results. */
async function beforeLastChange(client: ReturnType<typeof createConsoleClient>): Promise<string> {
  const { items } = await client.commits({ query: { withoutResults: 'true', limit: 1 } });
  return items[0]?.parent ?? 'main';
}

const executablePath = findChromium();
if (executablePath === undefined) throw new Error(noChromium());
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--enable-unsafe-swiftshader'] });
try {
  await mkdir(folder, { recursive: true });
  for (const { name, path, size = 'small', theme = 'light', before } of await shots()) {
    const page = await browser.newPage({ viewport: SIZES[size], colorScheme: theme });
    await page.goto(`${address}${path}`);
    await page.waitForTimeout(DRAWN_MS);
    await page
      .getByText(/^(Loading|Connecting)/)
      .first()
      .waitFor({ state: 'detached' });
    await before?.(page);
    await page.waitForTimeout(DRAWN_MS);
    await page.screenshot({ path: join(folder, `console-${name}.png`) });
    await page.close();
    console.log(`console-${name}.png`);
  }
} finally {
  await browser.close();
}
