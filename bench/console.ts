import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { brotliCompressSync } from 'node:zlib';
import { type Browser, chromium, type Page } from 'playwright-core';
import { build } from 'vite';
import { pixelsUrl } from '../console/contract/binary.js';
import { writeGrey16Png } from '../imaging/grey16-png.js';
import { cacheFolder } from '../infra/dev/tool-cache.js';
import { packageRoot } from '../infra/package-root.js';
import { VIEWS, viewFile } from '../pipeline/exam.js';
import { findChromium, noChromium } from '../tests/support/chromium.js';
import { openConsole, type TestConsole } from '../tests/support/consoles.js';
import { stopTestServices } from '../tests/support/services.js';
import { openTestSystem, type TestSystem } from '../tests/support/system.js';
import { machine, table } from './system.js';

/*
 * How soon the four views of an exam are seen, and how many frames a second there are while a window is dragged, in Chromium
 * without a graphics processor: the page that the console serves, and Cornerstone3D showing the same four pictures from the
 * same console, in turns. Each round has a console that has read nothing yet, and a browser that has kept nothing:
 * `npm run bench:console`. See docs/benchmarks.md.
 */

const PEER = '@cornerstonejs/core@5.14.0';
/** A module of Node's that the peer's own dependencies need in a browser. */
const PEER_NEEDS = 'events@3.3.0';
const EXAM = 'full-size';
const [ROWS, COLUMNS] = [3_328, 2_560];
const TISSUE = { centre: 24_000, width: 40_000 };
/** Frames are counted for so long. */
const DRAG_MS = 3_000;
const SIZE = { width: 1280, height: 800 };

interface Seen {
  /** Milliseconds since the address was opened. */
  readonly first: number;
  readonly all: number;
  readonly whole: number;
  readonly frames: number;
  /** Bytes of the scripts and styles that were asked for, as a server sends them. */
  readonly script: number;
}

/** Where our page is built. */
const PAGE = join(packageRoot, 'dist', 'page');

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });

/** A picture like a breast, with noise in it, so that it packs as mammograms do. */
async function putPictures(system: TestSystem): Promise<void> {
  const folder = join(system.folder, 'exams', EXAM);
  await mkdir(folder, { recursive: true });
  for (const [index, view] of VIEWS.entries()) {
    const pixels = new Uint16Array(ROWS * COLUMNS);
    let noise = index + 1;
    for (let row = 0; row < ROWS; row += 1) {
      for (let column = 0; column < COLUMNS; column += 1) {
        const x = view.startsWith('L') ? column : COLUMNS - 1 - column;
        const depth = 1 - ((row - ROWS / 2) / (ROWS * 0.42)) ** 2 - (x / (COLUMNS * 0.78)) ** 2;
        noise = (Math.imul(noise, 1_664_525) + 1_013_904_223) >>> 0;
        if (depth > 0) pixels[row * COLUMNS + column] = 6_000 + 30_000 * Math.sqrt(depth) + (noise >>> 23);
      }
    }
    await writeFile(join(folder, viewFile(view)), await writeGrey16Png({ rows: ROWS, columns: COLUMNS, pixels }));
  }
  await system.put('exams', folder);
}

/** Installs and bundles the peer once, in this bench's own part of the cache. */
async function buildPeer(): Promise<string> {
  const folder = join(cacheFolder(), 'bench', PEER.replaceAll(/[@/]/g, '-'));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"private":true,"type":"module"}\n');
  const installed = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', PEER, PEER_NEEDS], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
  });
  if (installed.status !== 0) throw new Error(`${PEER} could not be installed.`);
  const page = join(folder, 'page.mjs');
  await copyFile(join(packageRoot, 'bench', 'peer', 'cornerstone-page.mjs'), page);
  await build({
    root: folder,
    configFile: false,
    logLevel: 'error',
    worker: { format: 'es' },
    build: {
      outDir: 'built',
      target: 'es2022',
      modulePreload: false,
      rolldownOptions: { input: page, output: { entryFileNames: 'page.js' }, preserveEntrySignatures: false },
    },
  });
  return join(folder, 'built');
}

/** Bytes of files of a folder as a server sends them; of all its scripts and styles if none are named. */
async function compressed(folder: string, names?: Iterable<string>): Promise<number> {
  let bytes = 0;
  for (const name of names ?? (await readdir(folder, { recursive: true }))) {
    if (/\.(js|mjs|wasm|css)$/.test(name)) {
      bytes += brotliCompressSync(await readFile(join(folder, name))).byteLength;
    }
  }
  return bytes;
}

/** Notes which files below a path of the server a page has asked for. */
function filesAskedFor(page: Page, below: string): Set<string> {
  const asked = new Set<string>();
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith(below)) asked.add(pathname.slice(below.length));
  });
  return asked;
}

/** Runs in the page: what has been seen by now, since it was opened. Two frames later it is on the screen. */
const WATCH = `(() => {
  globalThis.seen = {};
  const note = (name) => { if (seen[name] === undefined) requestAnimationFrame(() => requestAnimationFrame(() => { seen[name] ??= performance.now(); })); };
  const look = () => {
    const ours = document.querySelectorAll('.viewport[data-level]').length;
    const count = globalThis.drawn?.size ?? ours;
    if (count >= 1) note('first');
    if (count >= 4) note('all');
    if (globalThis.drawn?.size === 4 || document.querySelectorAll('.viewport[data-level="0"]').length === 4) note('whole');
    if (seen.whole === undefined) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})()`;

async function newPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ viewport: SIZE });
  const page = await context.newPage();
  page.on('pageerror', (error) => console.error(String(error)));
  await page.addInitScript(WATCH);
  return page;
}

const seenOf = async (page: Page, frames: () => Promise<number>): Promise<Omit<Seen, 'script'>> => {
  await page.waitForFunction(
    () => (globalThis as unknown as { seen?: Partial<Seen> }).seen?.whole !== undefined,
    undefined,
    { timeout: 120_000 },
  );
  const picture = await page.screenshot();
  if (picture.byteLength < 50_000) throw new Error('Nothing is seen.');
  const { first, all, whole } = (await page.evaluate('globalThis.seen')) as Pick<Seen, 'first' | 'all' | 'whole'>;
  return { first, all, whole, frames: await frames() };
};

/** Frames a second while something is done in each. */
const framesWhile = async (page: Page, each: string): Promise<number> =>
  (await page.evaluate(`new Promise((resolve) => {
    const begin = performance.now();
    let frames = 0;
    const next = () => {
      const now = performance.now();
      if (now - begin > ${DRAG_MS}) { resolve((1000 * frames) / (now - begin)); return; }
      frames += 1;
      (${each})(frames);
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  })`)) as number;

async function ours(browser: Browser, served: TestConsole, painter: 'webgl2' | 'cpu'): Promise<Seen> {
  const page = await newPage(browser);
  const asked = filesAskedFor(page, '/assets/');
  await page.goto(`${served.address}/exams/${EXAM}?painter=${painter}`);
  const result = await seenOf(page, async () => {
    await page.evaluate(`(() => {
      const place = document.querySelector('.viewport');
      globalThis.fire = (type, x, y) => place.dispatchEvent(new PointerEvent(type, { bubbles: true, pointerId: 1, clientX: x, clientY: y, button: 0 }));
      place.setPointerCapture = () => undefined;
      fire('pointerdown', 200, 300);
    })()`);
    return framesWhile(page, "(frame) => fire('pointermove', 200 + (frame % 80), 300)");
  });
  await page.context().close();
  return { ...result, script: await compressed(join(PAGE, 'assets'), asked) };
}

async function peers(browser: Browser, served: TestConsole, built: string): Promise<Seen> {
  const { views } = await served.client.exam({ params: { exam: EXAM } });
  const page = await newPage(browser);
  const told = views.map(({ view, original }) => {
    if (original === null) throw new Error(`there is no ${view}`);
    return { url: pixelsUrl('exams', EXAM, view, original, { encoding: 'raw' }), rows: ROWS, columns: COLUMNS };
  });
  const half = { width: 463, height: 277 };
  const html = `<!doctype html><style>body{margin:0;background:#000}div{display:inline-block;width:${half.width}px;height:${half.height}px}</style>
${told.map((_, index) => `<div id="view-${index}"></div>`).join('')}
<script>globalThis.bench = ${JSON.stringify({ views: told, window: TISSUE })}</script><script type="module" src="/peer/page.js"></script>`;
  await page.route('**/peer', (route) => route.fulfill({ contentType: 'text/html', body: html }));
  await page.route('**/peer/**', async (route) => {
    const path = new URL(route.request().url()).pathname.replace('/peer/', '');
    await route.fulfill({ path: join(built, path) });
  });
  const asked = filesAskedFor(page, '/peer/');
  await page.goto(`${served.address}/peer`);
  const result = await seenOf(page, () =>
    framesWhile(page, '(frame) => globalThis.dragTo(4000, 44000 + 100 * (frame % 80))'),
  );
  await page.context().close();
  return { ...result, script: await compressed(built, asked) };
}

const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1] as number;

const executablePath = findChromium();
if (executablePath === undefined) throw new Error(noChromium());
const peer = await buildPeer();
const system = await openTestSystem();
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--enable-unsafe-swiftshader'],
});
const results: Record<string, Seen[]> = { webgl2: [], cpu: [], peer: [] };
try {
  await putPictures(system);
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const [name, measure] of Object.entries({
      webgl2: (served: TestConsole) => ours(browser, served, 'webgl2'),
      cpu: (served: TestConsole) => ours(browser, served, 'cpu'),
      peer: (served: TestConsole) => peers(browser, served, peer),
    })) {
      // One that has read nothing yet.
      const served = await openConsole(system);
      try {
        const result = await measure(served);
        results[name]?.push(result);
        console.error(name, result);
      } finally {
        await served.close();
      }
    }
  }
} finally {
  await browser.close();
  await system.close();
  await stopTestServices();
}
const rowOf = (name: string, key: keyof Seen): number => median((results[name] as Seen[]).map((one) => one[key]));
console.log(machine());
console.log(
  table(
    ['what', 'by WebGL2', 'by the processor', PEER],
    [
      ...(['first', 'all', 'whole'] as const).map((key) => [
        { first: 'a view is seen', all: 'all four are', whole: 'all four at full size' }[key],
        ...['webgl2', 'cpu', 'peer'].map((name) => `${rowOf(name, key).toFixed(0)} ms`),
      ]),
      ['frames a second, window dragged', ...['webgl2', 'cpu', 'peer'].map((name) => rowOf(name, 'frames').toFixed(0))],
      [
        'script and style for it, compressed',
        ...['webgl2', 'cpu', 'peer'].map((name) => `${(rowOf(name, 'script') / 1000).toFixed(1)} kB`),
      ],
    ],
  ),
);
console.log(`script and style of all our pages: ${((await compressed(PAGE)) / 1000).toFixed(1)} kB`);
console.log(`load ${loadavg()[0]?.toFixed(1)} at the end`);
