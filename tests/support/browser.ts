import assert from 'node:assert/strict';
import axe from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { findChromium, noChromium } from './chromium.js';

/** The sizes that pages are looked at in. */
export const SIZES = { small: { width: 1280, height: 800 }, large: { width: 1920, height: 1080 } } as const;

/** A window that a test opened. */
export interface Window {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of the page's scripts, and what the content policy refused. */
  readonly errors: readonly string[];
}

/** A browser of a suite's own. */
export interface TestBrowser {
  /** A new window, with cookies of its own. */
  open(address: string, options?: { size?: keyof typeof SIZES; theme?: 'light' | 'dark' }): Promise<Window>;
}

/**
 * Tests that look at the page in Debian's Chromium. Without one they are reported as skipped with the reason, or fail where
 * `MAMMOFLOW_REQUIRE_BROWSER=1` says that it must be there (CI).
 */
export function describeInBrowser(title: string, tests: (this: Mocha.Suite, browser: TestBrowser) => void): void {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    describe(title, () => {
      if (process.env.MAMMOFLOW_REQUIRE_BROWSER !== '1') it.skip(`(skipped: ${noChromium()})`);
      else
        it('needs a browser', () => {
          throw new Error(`MAMMOFLOW_REQUIRE_BROWSER=1, but ${noChromium()}`);
        });
    });
    return;
  }
  describe(title, function () {
    let browser: Browser | undefined;
    before(async () => {
      browser = await chromium.launch({
        executablePath,
        // WebGL2 is drawn by the processor, as on a machine without a GPU.
        args: ['--no-sandbox', '--disable-dev-shm-usage', '--enable-unsafe-swiftshader'],
      });
    });
    after(() => browser?.close());
    tests.call(this, { open: (address, options) => openWindow(browser as Browser, address, options) });
  });
}

async function openWindow(
  browser: Browser,
  address: string,
  { size = 'small', theme = 'light' }: { size?: keyof typeof SIZES; theme?: 'light' | 'dark' } = {},
): Promise<Window> {
  const context = await browser.newContext({ viewport: SIZES[size], colorScheme: theme, reducedMotion: 'reduce' });
  context.setDefaultTimeout(600_000);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    // What the API refuses is told by the page; the browser writes a line about it all the same.
    if (message.type() === 'error' && !/status of \d{3}/.test(message.text())) errors.push(message.text());
  });
  await page.goto(address);
  return { page, context, errors };
}

/** Fails with every fault of WCAG 2.2 A and AA that axe-core finds on the page as it is. */
export async function requireAccessible(page: Page): Promise<void> {
  // Evaluated by the browser's debugger, which the content policy does not keep from it.
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const { axe: checker } = globalThis as unknown as { axe: typeof import('axe-core') };
    const { violations: found } = await checker.run({
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    });
    return found.map(
      ({ id, help, nodes }) =>
        `${id}: ${help}: ${nodes
          .map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary ?? ''}`)
          .slice(0, 3)
          .join(' | ')}`,
    );
  });
  assert.deepEqual(violations, []);
}
