import assert from 'node:assert/strict';
import { join } from 'node:path';
import { packageRoot } from '../../../infra/package-root.js';
import { describeInBrowser, requireAccessible } from '../../support/browser.js';
import { landDrawn, tinyExam } from '../../support/classified-exams.js';
import { openConsole, type TestConsole } from '../../support/consoles.js';
import { openTestSystem, PLACEHOLDER, type TestSystem } from '../../support/system.js';

const PHANTOM = join(packageRoot, 'models', 'phantom', 'bundle');

describeInBrowser('the page: models', (browser) => {
  let system: TestSystem;
  let served: TestConsole;
  before(async () => {
    system = await openTestSystem();
    await system.put('models', PLACEHOLDER);
    const folder = join(system.folder, 'put');
    await system.put('exams', await tinyExam(folder, 'exam-a'));
    await landDrawn(system.session.repository, 'job-1', { 'exam-a': { probability: 0.25 } });
    await system.put('models', PHANTOM, { for: 'new' });
    const { repository } = system.session;
    assert.ok(await repository.head('main'));
    served = await openConsole(system);
    await served.client.useModel({ params: { bundle: 'placeholder' }, body: { for: 'all' } });
  });
  after(async () => {
    await served?.close();
    await system?.close();
  });

  for (const theme of ['light', 'dark'] as const) {
    it(`is accessible in ${theme}, with a bundle's card and metrics`, async () => {
      const { page, errors } = await browser.open(`${served.address}/models`, { theme });
      const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: 'placeholder' }) });
      await row.getByText('for new exams').waitFor();
      await row.getByText('the weights are random').waitFor();
      await requireAccessible(page);
      await page.getByRole('link', { name: 'phantom', exact: true }).click();
      await page.getByRole('row').filter({ hasText: 'malignant heatmap hit rate' }).getByText('0.969').waitFor();
      await page.getByText('No exam of this state uses it.').waitFor();
      await requireAccessible(page);
      assert.deepEqual(errors, []);
    });
  }

  it('switches a model for new exams, once it has said what either would compute', async () => {
    const { page } = await browser.open(`${served.address}/models`);
    await page.getByRole('button', { name: 'Use phantom' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('.sentence').getByText('Nothing to compute').waitFor();
    await dialog.getByLabel('All exams').check();
    await dialog
      .locator('.sentence')
      .getByText(/^1 exam, /)
      .waitFor();
    await requireAccessible(page);
    await dialog.getByLabel('New exams').check();
    await dialog.locator('.sentence').getByText('Nothing to compute').waitFor();
    await dialog.getByRole('button', { name: 'Use for new exams' }).click();
    await dialog.getByText('There is nothing to compute.').waitFor();
    await page.keyboard.press('Escape');
    const row = (name: string) => page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) });
    await row('phantom').getByText('for new exams').waitFor();
    await row('placeholder').getByText('for earlier exams').waitFor();
    await row('placeholder').getByRole('link', { name: '1', exact: true }).waitFor();
    const { items } = await served.client.models();
    assert.deepEqual(
      items.map(({ bundle, current }) => [bundle, current]),
      [
        ['phantom', true],
        ['placeholder', false],
      ],
    );
  });

  it('shows a commit, and that nothing can be switched in one', async () => {
    const { page } = await browser.open(`${served.address}/models?ref=main~1`);
    await page.getByRole('link', { name: 'placeholder' }).waitFor();
    assert.equal(await page.getByRole('button', { name: /^Use/ }).count(), 0);
  });
});
