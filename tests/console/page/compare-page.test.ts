import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describeInBrowser, requireAccessible } from '../../support/browser.js';
import { landDrawn, tinyExam } from '../../support/classified-exams.js';
import { openConsole, type TestConsole } from '../../support/consoles.js';
import { openTestSystem, PLACEHOLDER, type TestSystem } from '../../support/system.js';

describeInBrowser('the page: comparing two states', (browser) => {
  let system: TestSystem;
  let served: TestConsole;
  let earlier: string;
  const EXAMS = { 'exam-a': [0.2, 0.9], 'exam-b': [0.6, 0.55], 'exam-c': [0.7, 0.1] } as const;

  before(async () => {
    system = await openTestSystem();
    served = await openConsole(system);
    await system.put('models', PLACEHOLDER);
    for (const [round, name] of ['old', 'new'].entries()) {
      const folder = join(system.folder, name);
      for (const [index, exam] of Object.keys(EXAMS).entries()) await tinyExam(folder, exam, 10 * round + index);
      await system.put('exams', folder);
      const results = Object.entries(EXAMS).map(([exam, values]) => [exam, { probability: values[round] as number }]);
      const commit = await landDrawn(system.session.repository, `job-${name}`, Object.fromEntries(results));
      if (round === 0) earlier = commit;
    }
  });
  after(async () => {
    await served?.close();
    await system?.close();
  });

  it('names who moved most and who crossed, and draws each exam where it belongs', async () => {
    const { page, errors } = await browser.open(`${served.address}/compare`);
    await page.getByText('Choose two states').waitFor();
    await page.getByLabel('Before').fill(earlier);
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.getByRole('heading', { name: 'Greatest movers' }).waitFor();
    const movers = page.locator('section').filter({ hasText: 'Greatest movers' }).getByRole('row');
    assert.deepEqual(
      (await movers.allTextContents()).slice(1).map((text) => text.slice(0, 6)),
      ['exam-a', 'exam-c', 'exam-b'],
    );
    const crossed = page.locator('section').filter({ hasText: 'Crossed 0.5' }).getByRole('row');
    assert.equal(await crossed.count(), 3, 'the head, one up, one down');
    await page.locator('canvas').first().waitFor();
    await requireAccessible(page);
    // The point of exam-a lies at (0.2, 0.9) of the chart's square.
    const chart = page.locator('.chart .u-over').first();
    const box = await chart.boundingBox();
    assert.ok(box);
    await page.mouse.move(box.x + 0.2 * box.width, box.y + 0.1 * box.height);
    await page.getByText('exam-a: 0.2000 before, 0.9000 after').waitFor();
    await page.mouse.click(box.x + 0.2 * box.width, box.y + 0.1 * box.height);
    await page.waitForURL(/\/compare\/exam-a\?/);
    assert.deepEqual(errors, []);
  });

  it('is accessible in dark', async () => {
    const sides = new URLSearchParams({ before: earlier, after: 'main' });
    const { page } = await browser.open(`${served.address}/compare?${sides}`, { theme: 'dark' });
    await page.locator('canvas').first().waitFor();
    await requireAccessible(page);
  });

  it('says what is wrong with a state that is not there, and stays usable', async () => {
    const { page } = await browser.open(`${served.address}/compare?before=nowhere&after=main`);
    await page.getByRole('alert').waitFor();
    assert.match((await page.getByRole('alert').textContent()) ?? '', /nowhere/);
    await page.getByLabel('Before').fill('main~2');
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.waitForURL(/before=main%7E2|before=main~2/);
  });
});
