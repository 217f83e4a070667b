import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
import {
  type Camera,
  fitted,
  type Hung,
  middleInSight,
  pixelAt,
  type Size,
  toPosition,
  toScreen,
  truePixelsAt,
} from '../../../../console/page/viewer/geometry.js';
import { hungAs } from '../../../../console/page/viewer/hanging.js';
import { histogramOf } from '../../../../console/page/viewer/histogram.js';
import { paintScene } from '../../../../console/page/viewer/paint-on-cpu.js';
import { type Pyramid, pyramidOf } from '../../../../console/page/viewer/pyramid.js';
import type { PainterPath } from '../../../../console/page/viewer/scene.js';
import { draggedWindow, greyOf, presetWindow, type Window } from '../../../../console/page/viewer/window-level.js';
import { VIEWS, type View } from '../../../../pipeline/exam.js';
import { describeInBrowser, requireAccessible } from '../../../support/browser.js';
import { openConsole, type TestConsole } from '../../../support/consoles.js';
import { decoded, type Seen, seen } from '../../../support/seen.js';
import { openTestSystem, PLACEHOLDER, type TestSystem } from '../../../support/system.js';
import { landViewable, putViewable, type ViewableExam } from '../../../support/viewable-exam.js';

/** Labels lie along the upper and lower edges of a viewport, and the focus's frame around it. */
const EDGE = 34;
/** What is grey differs between channels by no more than a rounding. */
const COLOURED = 10;

describeInBrowser('the page: the viewer', (browser) => {
  let system: TestSystem;
  let served: TestConsole;
  let exam: ViewableExam;
  /** The state before the heatmaps were made anew, with another probability and one that does not fit. */
  let first: string;
  let pyramids: Readonly<Record<View, Pyramid>>;
  let windows: Readonly<Record<View, Window>>;

  before(async () => {
    system = await openTestSystem();
    await system.put('models', PLACEHOLDER);
    exam = await putViewable(system);
    await landViewable(system, exam, 'job-1', { probability: 0.9 });
    first = (await system.session.repository.head('main'))?.id as string;
    served = await openConsole(system, { ui: 'http://127.0.0.1:8233' });
    // No job is to begin: nobody here would run it.
    await served.client.holdBranch({ params: { branch: 'main' }, body: {} });
    await served.client.setStage({ params: { stage: 'generate_heatmaps' }, body: { parameters: { seed: 1 } } });
    await landViewable(system, exam, 'job-2', {
      probability: 0.4,
      spoil: (path, plane) =>
        path === 'R_CC.npz'
          ? { rows: plane.rows - 2, columns: plane.columns, pixels: plane.pixels.slice(2 * plane.columns) }
          : plane,
    });
    const planes = VIEWS.map((view) => {
      const { rows, columns, pixels } = exam.pictures[view];
      return [view, { level: 0, rows, columns, full: { rows, columns }, values: pixels }] as const;
    });
    pyramids = Object.fromEntries(planes.map(([view, plane]) => [view, pyramidOf(plane)])) as typeof pyramids;
    windows = Object.fromEntries(
      planes.map(([view, plane]) => [view, presetWindow('tissue', histogramOf(plane))]),
    ) as typeof windows;
  });
  after(async () => {
    await served?.close();
    await system?.close();
  });

  const hungOf = (view: View): Hung => hungAs(view, exam.pictures[view], false);
  const viewportOf = (page: Page, view: View): Locator =>
    page.getByRole('application', { name: new RegExp(`^${view.replace('_', ' ')}`) });
  const address = (query: Readonly<Record<string, string>> = {}): string =>
    `${served.address}/exams/${exam.exam}?${new URLSearchParams({ ref: first, ...query })}`;
  async function open(query: Readonly<Record<string, string>> = {}, options: { theme?: 'light' | 'dark' } = {}) {
    const window = await browser.open(address(query), options);
    for (const view of VIEWS) await whole(window.page, view);
    return window;
  }
  /** Waits until a view is there at level 0, and drawn. */
  async function whole(page: Page, view: View): Promise<void> {
    await viewportOf(page, view).and(page.locator('[data-level="0"]')).waitFor();
    await drawn(page);
  }
  /** What was asked for is drawn in the next frame, and on the screen in the one after it. */
  const drawn = (page: Page): Promise<void> =>
    page.evaluate(
      () =>
        new Promise((resolve) => {
          const { requestAnimationFrame: next } = globalThis as unknown as {
            requestAnimationFrame(f: () => void): void;
          };
          next(() => next(() => next(() => resolve())));
        }),
    );
  const look = (page: Page, view: View): Promise<Seen> => seen(viewportOf(page, view).locator('canvas'));
  const sizeOf = ({ width, height }: Seen): Size => ({ width, height });

  /** Fails where more than a few in a thousand of the pixels between the labels are not what they should be. */
  function requireGreys(picture: Seen, expected: (x: number, y: number) => number | undefined): void {
    let [compared, wrong] = [0, 0];
    const greys = new Set<number>();
    for (let y = EDGE; y < picture.height - EDGE; y += 1) {
      for (let x = 3; x < picture.width - 3; x += 1) {
        const grey = expected(x, y);
        if (grey === undefined) continue;
        compared += 1;
        const [red, green, blue] = picture.at(x, y);
        greys.add(red);
        if (Math.abs(red - grey) > 1 || red !== green || green !== blue) wrong += 1;
      }
    }
    assert.ok(compared > 10_000, `${compared} pixels were compared`);
    assert.ok(greys.size > 40, `${greys.size} greys: the canvas is blank, or nearly`);
    assert.ok(wrong <= compared / 500, `${wrong} of ${compared} are not as they should be`);
  }

  /** The greys of a camera that shows true pixels, from nothing but the file and the window. */
  const trueGreys =
    (view: View, camera: Camera, size: Size, window: Window, inverted = false) =>
    (x: number, y: number): number | undefined => {
      const pixel = pixelAt({ x: x + 0.5, y: y + 0.5 }, camera, hungOf(view), size);
      if (pixel === undefined) return undefined;
      const { columns, pixels } = exam.pictures[view];
      return Math.round(greyOf(pixels[pixel.row * columns + pixel.column] as number, window, inverted));
    };
  /** The greys that the painter in this process has for the whole view. */
  function fittedGreys(view: View, size: Size, window: Window): (x: number, y: number) => number | undefined {
    const target = new Uint32Array(size.width * size.height);
    const camera = fitted(hungOf(view), size);
    const base = { size, picture: pyramids[view], mirrored: false, camera };
    paintScene({ ...base, window, inverted: false }, target);
    const bytes = new Uint8Array(target.buffer);
    const { rows, columns } = exam.pictures[view];
    return (x, y) => {
      const { row, column } = toPosition({ x: x + 0.5, y: y + 0.5 }, camera, hungOf(view), size);
      const beside = row < 0 || column < 0 || row >= rows || column >= columns;
      return beside ? undefined : bytes[4 * (y * size.width + x)];
    };
  }

  for (const path of ['webgl2', 'cpu'] satisfies PainterPath[]) {
    const query = { painter: path };

    describe(`drawn by ${path}`, () => {
      it('shows the four views hung as they are read, each pixel as grey as its 16 bits and the window say', async () => {
        const { page, errors } = await open(query);
        const places = new Map<View, { x: number; y: number }>();
        for (const view of VIEWS) {
          const viewport = viewportOf(page, view);
          assert.equal(await viewport.getAttribute('data-path'), path);
          const box = await viewport.boundingBox();
          places.set(view, { x: box?.x ?? 0, y: box?.y ?? 0 });
          const picture = await seen(viewport.locator('canvas'));
          requireGreys(picture, fittedGreys(view, sizeOf(picture), windows[view]));
        }
        const at = (view: View): { x: number; y: number } => places.get(view) as { x: number; y: number };
        assert.ok(at('R_CC').x < at('L_CC').x && at('R_MLO').x < at('L_MLO').x);
        assert.ok(at('R_CC').y < at('R_MLO').y && at('L_CC').y < at('L_MLO').y);
        assert.deepEqual(errors, []);
      });

      it('shows true pixels, and changes them by a drag exactly as computed, in the partner too', async () => {
        const { page } = await open(query);
        const viewport = viewportOf(page, 'L_MLO');
        await viewport.focus();
        await page.keyboard.press('t');
        await drawn(page);
        const picture = await seen(viewport.locator('canvas'));
        const size = sizeOf(picture);
        const fit = fitted(hungOf('L_MLO'), size);
        const camera = truePixelsAt(fit, middleInSight(fit, hungOf('L_MLO'), size), hungOf('L_MLO'), size);
        requireGreys(picture, trueGreys('L_MLO', camera, size, windows.L_MLO));

        const box = (await viewport.boundingBox()) as { x: number; y: number };
        await page.mouse.move(box.x + 100, box.y + 100);
        await page.mouse.down();
        await page.mouse.move(box.x + 120, box.y + 90, { steps: 3 });
        await page.mouse.move(box.x + 164, box.y + 84, { steps: 3 });
        await page.mouse.up();
        await page.mouse.move(5, 5);
        await drawn(page);
        const [left, right] = [draggedWindow(windows.L_MLO, 64, -16), draggedWindow(windows.R_MLO, 64, -16)];
        requireGreys(await seen(viewport.locator('canvas')), trueGreys('L_MLO', camera, size, left));
        const partner = await look(page, 'R_MLO');
        // It is linked: its camera is the mirror image about the chest wall.
        const mirrored = { ...camera, column: exam.pictures.R_MLO.columns - camera.column };
        requireGreys(partner, trueGreys('R_MLO', mirrored, sizeOf(partner), right));

        await page.keyboard.press('i');
        await page.keyboard.press('4');
        await drawn(page);
        requireGreys(
          await seen(viewport.locator('canvas')),
          trueGreys('L_MLO', camera, size, { centre: 32_767.5, width: 65_535 }, true),
        );
      });

      it('has colour over the known lesion and none elsewhere, and none once it is off', async () => {
        const { page } = await open(query);
        await viewportOf(page, 'R_CC').focus();
        assert.equal(await colouredIn(page, 'L_CC'), 0);
        await page.keyboard.press('h');
        for (const view of VIEWS) await heatmapShown(page, view);
        // The cross in the middle of a view that has the focus has a colour too.
        await page.getByRole('button', { name: 'Keys' }).focus();
        for (const view of VIEWS) {
          const found = await colourOver(page, view);
          const circle = exam.truth.lesions[0]?.views[view];
          if (circle === undefined) {
            assert.deepEqual(found, { inside: 0, of: 0, outside: 0 }, view);
            continue;
          }
          assert.ok(found.of > 20, `${view}: the lesion is ${found.of} pixels of the screen`);
          assert.ok(found.inside >= 0.98 * found.of, `${view}: ${found.inside} of ${found.of} are coloured`);
          assert.equal(found.outside, 0, `${view}: colour beside the lesion`);
        }
        await page.getByRole('button', { name: 'Heatmap', exact: true }).click();
        await drawn(page);
        assert.equal(await colouredIn(page, 'L_CC'), 0);
      });

      it('shows how a heatmap differs between two states, falling blue where it fell, nothing elsewhere', async () => {
        const { page, errors } = await browser.open(
          `${served.address}/compare/${exam.exam}?${new URLSearchParams({ before: first, after: 'main', ...query })}`,
        );
        await page.locator('.viewer select').first().selectOption('L_MLO');
        const viewport = page.getByRole('application', { name: /^change\./ });
        await page.getByRole('application', { name: /^change.*Heatmap of malignant shown/ }).waitFor();
        await viewport.and(page.locator('[data-level="0"]')).waitFor();
        await drawn(page);
        const picture = await seen(viewport.locator('canvas'));
        const circle = exam.truth.lesions[0]?.views.L_MLO as { row: number; column: number };
        const camera = fitted(hungOf('L_MLO'), sizeOf(picture));
        const { x, y } = toScreen(circle, camera, hungOf('L_MLO'), sizeOf(picture));
        const [red, , blue] = picture.at(Math.round(x), Math.round(y));
        assert.ok(blue > red + 20, `${red} ${blue}`);
        const { outside } = colourBeside(picture, 'L_MLO', camera);
        assert.equal(outside, 0);
        assert.deepEqual(errors, []);
      });
    });
  }

  /** Waits until the heatmap of a view is laid over it at the level of its scale. */
  async function heatmapShown(page: Page, view: View): Promise<void> {
    await page.getByRole('application', { name: new RegExp(`^${view.replace('_', ' ')}.*Heatmap of`) }).waitFor();
    await drawn(page);
  }
  function colourBeside(picture: Seen, view: View, camera: Camera) {
    const circle = exam.truth.lesions[0]?.views[view];
    // A mean of a block, and what is between two of them, reaches this far beyond.
    const reach = 3 / camera.scale;
    let [inside, of, outside] = [0, 0, 0];
    for (let y = EDGE; y < picture.height - EDGE; y += 1) {
      for (let x = 3; x < picture.width - 3; x += 1) {
        const { row, column } = toPosition({ x: x + 0.5, y: y + 0.5 }, camera, hungOf(view), sizeOf(picture));
        const away =
          circle === undefined ? Number.POSITIVE_INFINITY : Math.hypot(row - circle.row, column - circle.column);
        const [red, green, blue] = picture.at(x, y);
        const coloured = Math.max(red, green, blue) - Math.min(red, green, blue) > COLOURED;
        if (away < (circle?.radius ?? 0) - reach) {
          of += 1;
          inside += coloured ? 1 : 0;
        } else if (away > (circle?.radius ?? 0) + reach && coloured) outside += 1;
      }
    }
    return { inside, of, outside };
  }
  async function colourOver(page: Page, view: View) {
    const picture = await look(page, view);
    return colourBeside(picture, view, fitted(hungOf(view), sizeOf(picture)));
  }
  const colouredIn = async (page: Page, view: View): Promise<number> => {
    const { inside, outside } = await colourOver(page, view);
    return inside + outside;
  };

  it('says what is under the pointer: row and column on disk, the value, and the probability', async () => {
    const { page } = await open();
    const viewport = viewportOf(page, 'L_CC');
    await viewport.focus();
    await page.keyboard.press('h');
    await heatmapShown(page, 'L_CC');
    const size = sizeOf(await seen(viewport.locator('canvas')));
    const box = (await viewport.boundingBox()) as { x: number; y: number };
    const circle = exam.truth.lesions[0]?.views.L_CC as { row: number; column: number };
    const point = toScreen(circle, fitted(hungOf('L_CC'), size), hungOf('L_CC'), size);
    const [left, top] = [Math.round(box.x + point.x), Math.round(box.y + point.y)];
    await page.mouse.move(left, top);
    const [x, y] = [left - box.x, top - box.y];
    const pixel = pixelAt({ x, y }, fitted(hungOf('L_CC'), size), hungOf('L_CC'), size) as {
      row: number;
      column: number;
    };
    const { columns, pixels } = exam.pictures.L_CC;
    const value = pixels[pixel.row * columns + pixel.column];
    await viewport.getByText(`row ${pixel.row}, column ${pixel.column} · ${value} · malignant 0.900`).waitFor();
  });

  it('is worked by keys alone, says which there are, and links views or not', async () => {
    const { page, errors } = await open();
    await page.getByRole('button', { name: 'Heatmap', exact: true }).focus();
    const focused = (): Promise<string | null> =>
      page.evaluate(() => {
        const { document: here } = globalThis as unknown as {
          document: { activeElement: { ariaLabel: string | null } | null };
        };
        return here.activeElement?.ariaLabel ?? null;
      });
    for (let presses = 0; presses < 8 && !(await focused())?.startsWith('R CC'); presses += 1)
      await page.keyboard.press('Tab');
    assert.match((await focused()) ?? '', /^R CC: right breast, craniocaudal view/);
    const stateOf = (view: View): Promise<string> => viewportOf(page, view).locator('.viewport-state').innerText();
    const before = await stateOf('L_CC');
    await page.keyboard.press('+');
    await drawn(page);
    assert.notEqual(await stateOf('L_CC'), before, 'the partner is zoomed too');
    await page.keyboard.press('k');
    const linked = await stateOf('L_CC');
    await page.keyboard.press('Shift+ArrowRight');
    await drawn(page);
    assert.equal(await stateOf('L_CC'), linked, 'no more');
    await page.keyboard.press('r');
    await drawn(page);
    assert.equal(await stateOf('L_CC'), before);
    await page.keyboard.press('Enter');
    assert.equal(await page.getByRole('application').count(), 1);
    await page.keyboard.press('c');
    await page.keyboard.press('b');
    await page.getByText('cut out', { exact: true }).waitFor();
    await page.getByText('classifiers look here').waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys of the viewer' }).getByText('heatmap on and off').waitFor();
    await requireAccessible(page);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.deepEqual(errors, []);
  });

  for (const theme of ['light', 'dark'] as const) {
    it(`is accessible in ${theme}, and dark around the pictures in either`, async () => {
      const { page } = await open({}, { theme });
      await viewportOf(page, 'R_CC').focus();
      await page.keyboard.press('h');
      await heatmapShown(page, 'L_MLO');
      await requireAccessible(page);
      const picture = await look(page, 'L_CC');
      assert.ok(Math.max(...picture.at(picture.width - 5, Math.round(picture.height / 2))) < 20);
      await browser
        .open(`${served.address}/compare/${exam.exam}?before=${first}&after=main`, { theme })
        .then(async (other) => {
          await other.page
            .getByRole('application', { name: /^after/ })
            .and(other.page.locator('[data-level="0"]'))
            .waitFor();
          await requireAccessible(other.page);
        });
    });
  }

  it('keeps the picture where its heatmap has another size, and says so', async () => {
    const { page } = await open({ ref: 'main' });
    await viewportOf(page, 'R_CC').focus();
    await page.keyboard.press('h');
    const note = viewportOf(page, 'R_CC').getByRole('status');
    await note.getByText(/^The heatmap of R_CC has .* and should have .*\. It is not shown\.$/).waitFor();
    await note.getByText(/processed again/).waitFor();
    await heatmapShown(page, 'L_CC');
    await page.keyboard.press('Enter');
    await drawn(page);
    const picture = await look(page, 'R_CC');
    const expected = fittedGreys('R_CC', sizeOf(picture), windows.R_CC);
    // The note lies over the lower part.
    requireGreys(picture, (x, y) => (y < picture.height / 2 ? expected(x, y) : undefined));
  });

  it('says in its own viewport why a view is not there, and has it when it is asked for again', async () => {
    const window = await browser.open(`${served.address}/exams`);
    const { page } = window;
    let down = true;
    const answer = (status: number, code: string, message: string) => ({
      status,
      contentType: 'application/json',
      body: JSON.stringify({ error: { code, message } }),
    });
    await page.route('**/api/pixels/exams/*/R_CC/**', (route) =>
      down ? route.abort('connectionrefused') : route.continue(),
    );
    await page.route('**/api/pixels/exams/*/L_CC/**', (route) =>
      route.fulfill(answer(410, 'missing-object', 'The exam was erased.')),
    );
    await page.route('**/api/pixels/exams/*/L_MLO/**', (route) =>
      route.fulfill(answer(502, 'corrupt-data', 'The file is not what was committed.')),
    );
    await page.goto(address());
    await viewportOf(page, 'R_CC').getByText('The console does not answer.').waitFor();
    await viewportOf(page, 'L_CC').getByText('The exam was erased.').waitFor();
    await viewportOf(page, 'L_MLO').getByText('The file is not what was committed.').waitFor();
    await whole(page, 'R_MLO');
    await requireAccessible(page);
    const picture = await look(page, 'R_MLO');
    requireGreys(picture, fittedGreys('R_MLO', sizeOf(picture), windows.R_MLO));
    down = false;
    await viewportOf(page, 'R_CC').getByRole('button', { name: 'Try again' }).click();
    await whole(page, 'R_CC');
  });

  it('draws again when the graphics context comes back, and on the processor when it does not', async () => {
    const { page } = await open({ painter: 'webgl2' });
    const viewport = viewportOf(page, 'L_CC');
    interface Context {
      getExtension(name: string): { loseContext(): void; restoreContext(): void };
    }
    const canvas = viewport.locator('canvas');
    const check = async (): Promise<void> => {
      const picture = await seen(viewport.locator('canvas'));
      requireGreys(picture, fittedGreys('L_CC', sizeOf(picture), windows.L_CC));
    };
    await canvas.evaluate(async (element) => {
      const context = (element as unknown as { getContext(kind: string): Context }).getContext('webgl2');
      const extension = context.getExtension('WEBGL_lose_context');
      const heard = (name: string) =>
        new Promise((resolve) => (element as unknown as EventTarget).addEventListener(name, resolve, { once: true }));
      const lost = heard('webglcontextlost');
      extension.loseContext();
      await lost;
      // A context may be asked to come back only once the event is over.
      await new Promise((resolve) => setTimeout(resolve, 50));
      const restored = heard('webglcontextrestored');
      extension.restoreContext();
      await restored;
    });
    await drawn(page);
    assert.equal(await viewport.getAttribute('data-path'), 'webgl2');
    await check();
    await canvas.evaluate((element) => {
      const context = (element as unknown as { getContext(kind: string): Context }).getContext('webgl2');
      context.getExtension('WEBGL_lose_context').loseContext();
    });
    await viewport.and(page.locator('[data-path="cpu"]')).waitFor();
    await drawn(page);
    await check();
  });

  it('saves what is seen with what it is, and that it is not for diagnosis', async () => {
    const { page } = await open();
    const viewport = viewportOf(page, 'L_CC');
    await viewport.focus();
    const shown = await seen(viewport.locator('canvas'));
    const saving = page.waitForEvent('download');
    await page.keyboard.press('s');
    const file = await saving;
    assert.equal(file.suggestedFilename(), `${exam.exam}-L_CC.png`);
    const saved = await decoded(await readFile(await file.path()));
    requireGreys({ ...shown, at: (x, y) => saved.at(x, y) }, fittedGreys('L_CC', sizeOf(shown), windows.L_CC));
    // Under the picture: title, commit, bundle, window, and last of all the notice.
    const written = (from: number, to: number): number => {
      let bright = 0;
      for (let y = from; y < to; y += 1)
        for (let x = 0; x < saved.width; x += 1) bright += saved.at(x, y)[0] > 128 ? 1 : 0;
      return bright;
    };
    assert.ok(written(shown.height, saved.height) > 300);
    assert.ok(written(saved.height - 34, saved.height - 8) > 100, 'the notice is the last line');
  });

  it('shows how the exam came about, and opens earlier states from its history', async () => {
    const { page } = await open({ ref: 'main' });
    await page.getByText('Research use only. Not for diagnosis.').first().waitFor();
    const stage = page.locator('details').filter({ hasText: 'generate_heatmaps' }).first();
    await stage.locator('summary').click();
    await stage.getByText('crop/L_CC.png').waitFor();
    assert.match(
      (await stage.getByRole('link', { name: 'in Temporal' }).getAttribute('href')) ?? '',
      /^http:\/\/127\.0\.0\.1:8233\/namespaces\/[\w-]+\/workflows\/job-2/,
    );
    const results = page.getByRole('complementary', { name: 'Results' });
    await results.getByText('0.400').first().waitFor();
    await page.locator('.history li').last().getByRole('link').first().click();
    await page.waitForURL(/ref=[0-9a-f]{64}/);
    await results.getByText('There are no results at this state.').waitFor();
    for (const view of VIEWS) await whole(page, view);
  });
});
