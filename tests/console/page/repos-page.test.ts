import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeInBrowser, requireAccessible } from '../../support/browser.js';
import { landDrawn, tinyExam } from '../../support/classified-exams.js';
import { openConsole, type TestConsole } from '../../support/consoles.js';
import { openTestSystem, PLACEHOLDER, type TestSystem } from '../../support/system.js';

describeInBrowser('the page: repos', (browser) => {
  let system: TestSystem;
  let served: TestConsole;
  let folder: string;
  const exams = async (): Promise<string[]> =>
    (await served.client.items({ params: { repo: 'exams' } })).items.map(({ name }) => name);

  before(async () => {
    system = await openTestSystem();
    served = await openConsole(system);
    folder = join(system.folder, 'put');
  });
  after(async () => {
    await served?.close();
    await system?.close();
  });

  it('says how something comes there while nothing is committed', async () => {
    const { page } = await browser.open(`${served.address}/repos`);
    await page.getByText('Nothing is committed yet.').waitFor();
    await requireAccessible(page);
  });

  for (const theme of ['light', 'dark'] as const) {
    it(`is accessible in ${theme}, in each of its sections`, async () => {
      if (theme === 'light') {
        await system.put('models', PLACEHOLDER);
        await system.put('exams', await tinyExam(folder, 'exam-a', 1));
        await landDrawn(system.session.repository, 'job-1', { 'exam-a': { probability: 0.25 } });
        await system.put('exams', await tinyExam(folder, 'exam-b', 5));
      }
      const { page, errors } = await browser.open(`${served.address}/repos`, { theme });
      await page.getByRole('link', { name: 'check_quality' }).waitFor();
      await page.getByRole('button', { name: 'Hold main' }).waitFor();
      await requireAccessible(page);
      await page.getByRole('link', { name: 'Commits', exact: true }).click();
      await page.getByRole('link', { name: 'Changes of 3' }).waitFor();
      await requireAccessible(page);
      await page.getByRole('link', { name: 'Changes of 3' }).click();
      await page.getByText('L_CC.png').waitFor();
      await requireAccessible(page);
      await page.getByRole('link', { name: 'exam-b' }).click();
      await page.getByRole('link', { name: 'Download L_CC.png' }).waitFor();
      await requireAccessible(page);
      assert.deepEqual(errors, []);
    });
  }

  it('reads a file of text on the page', async () => {
    const { page } = await browser.open(`${served.address}/repos/classify?item=exam-a`);
    await page.getByRole('button', { name: 'Read predictions.json' }).click();
    const text = page.getByRole('region', { name: 'predictions.json' });
    assert.equal(JSON.parse((await text.textContent()) ?? '').imageheatmaps.left_benign, 0.25);
  });

  it('downloads a file of an earlier commit with the bytes that were put', async () => {
    const put = await readFile(join(folder, 'exam-a', 'R_MLO.png'));
    await tinyExam(folder, 'exam-a', 9);
    await system.put('exams', join(folder, 'exam-a'));
    const { page } = await browser.open(`${served.address}/repos/exams?ref=main~1&item=exam-a`);
    const downloading = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download R_MLO.png' }).click();
    const download = await downloading;
    assert.deepEqual(await readFile(await download.path()), put);
    assert.equal(download.suggestedFilename(), 'exam-a-R_MLO.png');
  });

  it('previews a revert and makes it; what somebody else did meanwhile is told, and previewed anew', async () => {
    const { page } = await browser.open(`${served.address}/repos/exams?show=commits`);
    await page.getByRole('button', { name: 'Revert to this: commit 1' }).click();
    const dialog = page.getByRole('dialog');
    // exam-a as it was has results already, and exam-b goes.
    await dialog.locator('.sentence').getByText('Nothing to compute').waitFor();
    await requireAccessible(page);
    await system.put('exams', await tinyExam(folder, 'exam-c', 13));
    await dialog.getByLabel('Message for the commit').fill('Back to the first exam');
    await dialog.getByRole('button', { name: 'Revert' }).click();
    await dialog.getByRole('alert').waitFor();
    assert.deepEqual(await exams(), ['exam-a', 'exam-b', 'exam-c']);
    await dialog.getByRole('button', { name: 'Revert' }).click();
    await dialog.getByText(/^Committed as/).waitFor();
    assert.deepEqual(await exams(), ['exam-a']);
    const [newest] = (await served.client.commits({ query: { limit: 1 } })).items;
    assert.equal(newest?.message, 'Back to the first exam');
    await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
    await page.getByText('Back to the first exam').waitFor();
  });

  it('begins, holds, moves and deletes a branch', async () => {
    const { page } = await browser.open(`${served.address}/repos`);
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: 'New branch…' }).click();
    await dialog.getByLabel('Name').fill('trial');
    await dialog.getByRole('button', { name: 'Create the branch' }).click();
    await page.getByRole('button', { name: 'Hold trial' }).click();
    await dialog.getByLabel('Reason').fill('waits for a model');
    await dialog.getByRole('button', { name: 'Put on hold' }).click();
    await page.getByText('waits for a model').waitFor();
    await page.getByRole('button', { name: 'Move trial' }).click();
    await dialog.getByLabel('To').fill('main~1');
    await dialog.getByRole('button', { name: 'See what it would compute' }).click();
    await dialog.locator('.sentence').waitFor();
    await dialog.getByRole('button', { name: 'Move trial' }).click();
    await dialog.getByText(/^trial points at/).waitFor();
    await page.keyboard.press('Escape');
    const { items } = await served.client.branches();
    const [main, trial] = items;
    assert.equal(trial?.sequence, (main?.sequence ?? 0) - 1);
    await page.getByRole('button', { name: 'Delete trial' }).click();
    await dialog.getByText(trial?.commit as string).waitFor();
    await dialog.getByRole('button', { name: 'Delete the branch' }).click();
    await page.getByRole('button', { name: 'Delete trial' }).waitFor({ state: 'detached' });
    assert.equal((await served.client.branches()).items.length, 1);
  });

  it('says so where there is no such state or exam', async () => {
    const { page } = await browser.open(`${served.address}/repos?ref=nowhere`);
    await page
      .getByRole('alert')
      .getByText(/nowhere/)
      .waitFor();
    await page.goto(`${served.address}/repos/exams?item=exam-z`);
    await page
      .getByRole('alert')
      .getByText(/exam-z/)
      .waitFor();
  });
});
