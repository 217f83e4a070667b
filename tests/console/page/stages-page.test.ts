import assert from 'node:assert/strict';
import { join } from 'node:path';
import { stages } from '../../../activities/stages/index.js';
import { describeInBrowser, requireAccessible } from '../../support/browser.js';
import { landDrawn, tinyExam } from '../../support/classified-exams.js';
import { openConsole, type TestConsole } from '../../support/consoles.js';
import { openTestSystem, PLACEHOLDER, type TestSystem } from '../../support/system.js';

describeInBrowser('the page: stages', (browser) => {
  let system: TestSystem;
  let served: TestConsole;
  before(async () => {
    system = await openTestSystem();
    served = await openConsole(system);
  });
  after(async () => {
    await served?.close();
    await system?.close();
  });
  const now = async (name: string) => (await served.client.stages()).items.find(({ stage }) => stage === name);

  it("draws the graph of this build's stages before anything is committed", async () => {
    const { page, errors } = await browser.open(`${served.address}/stages`);
    const graph = page.getByRole('region', { name: 'The graph of the stages' });
    await graph.getByRole('link', { name: /classify/ }).waitFor();
    assert.equal(await graph.getByRole('link').count(), stages.length);
    const read = stages.flatMap(({ upstream }) => upstream);
    assert.equal(await graph.locator('path.line').count(), read.length);
    await page.getByText('Nothing is committed yet').waitFor();
    assert.deepEqual(errors, []);
  });

  for (const theme of ['light', 'dark'] as const) {
    it(`is accessible in ${theme}, with every stage's settings`, async () => {
      if (theme === 'light') {
        await system.put('models', PLACEHOLDER);
        await system.put('exams', await tinyExam(join(system.folder, 'put'), 'exam-a'));
        await landDrawn(system.session.repository, 'job-1', { 'exam-a': { probability: 0.25 } });
      }
      const { page } = await browser.open(`${served.address}/stages?stage=crop`, { theme });
      const graph = page.getByRole('region', { name: 'The graph of the stages' });
      for (const stage of ['crop', 'check_quality', 'visualize_heatmaps', 'extract_centers']) {
        await graph.getByRole('link', { name: new RegExp(stage) }).click();
        await page.getByRole('region', { name: stage }).getByRole('heading', { name: stage }).waitFor();
        await requireAccessible(page);
      }
    });
  }

  it("changes a stage's parameter by the keyboard, once it has said what that would compute, and goes back", async () => {
    const { page } = await browser.open(`${served.address}/stages?stage=classify`);
    const settings = page.getByRole('region', { name: 'classify' });
    const preview = settings.getByRole('button', { name: 'See what it would compute' });
    assert.ok(await preview.isDisabled(), 'nothing is different yet');
    const passes = settings.getByLabel('passes');
    await passes.fill('0');
    assert.ok(await preview.isDisabled(), 'the schema says 1 to 100');
    await passes.fill('20');
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog
      .locator('.sentence')
      .getByText(/^1 exam, 1 stage, /)
      .waitFor();
    assert.match((await dialog.getByRole('row').last().textContent()) ?? '', /^passes1020$/);
    await requireAccessible(page);
    await dialog.getByLabel('Message for the commit').press('Enter');
    await dialog.getByText(/^Committed as/).waitFor();
    await page.keyboard.press('Escape');
    await settings.getByText('set; default 10').waitFor();
    assert.deepEqual((await now('classify'))?.departs.parameters, { passes: 10 });
    await settings.getByRole('button', { name: 'Back to the defaults…' }).click();
    await dialog.locator('.sentence').getByText('Nothing to compute').waitFor();
    await dialog.getByRole('button', { name: 'Set it' }).click();
    await dialog.getByText(/^Committed as/).waitFor();
    assert.deepEqual((await now('classify'))?.departs.parameters, {});
  });

  it('takes values of several parts, and JSON where there is no field for it; what is none is said', async () => {
    const { page } = await browser.open(`${served.address}/stages?stage=extract_centers`);
    const dialog = page.getByRole('dialog');
    await page.getByLabel('offset 2').fill('-3');
    await page.getByRole('button', { name: 'See what it would compute' }).click();
    await dialog.getByText('[0,-3]').waitFor();
    await page.keyboard.press('Escape');
    await page.goto(`${served.address}/stages?stage=check_quality`);
    const checks = page.getByRole('textbox', { name: /^checks/ });
    await checks.fill('{"nothing": ');
    await page.getByText(/^That is no JSON/).waitFor();
    await checks.fill('{"nothing": {}}');
    await page.getByRole('button', { name: 'See what it would compute' }).click();
    await dialog
      .getByRole('alert')
      .getByText(/cannot take checks/)
      .waitFor();
    assert.ok(await dialog.getByRole('button', { name: 'Set it' }).isDisabled());
  });
});
