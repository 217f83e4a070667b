import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describeInBrowser, requireAccessible } from '../../support/browser.js';
import { landDrawn, tinyExam } from '../../support/classified-exams.js';
import { openConsole, type TestConsole } from '../../support/consoles.js';
import { openTestSystem, PLACEHOLDER, type TestSystem } from '../../support/system.js';

describeInBrowser('the page: exams', (browser) => {
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

  it('says what to do while there are none, and shows them as they arrive without being loaded again', async () => {
    const { page, errors } = await browser.open(`${served.address}/`);
    await page.getByText('There are no exams yet.').waitFor();
    await requireAccessible(page);
    await system.put('models', PLACEHOLDER);
    const folder = join(system.folder, 'put');
    for (const exam of ['exam-a', 'exam-b', 'exam-c']) await tinyExam(folder, exam);
    await system.put('exams', folder);
    await page.getByRole('link', { name: 'exam-b' }).waitFor();
    await landDrawn(system.session.repository, 'job-1', {
      'exam-a': { probability: 0.25 },
      'exam-b': { probability: 0.75 },
      'exam-c': { fails: 'L_CC has no breast in it' },
    });
    const row = page.getByRole('row').filter({ hasText: 'exam-b' });
    await row.getByText('0.750').first().waitFor();
    assert.match((await page.getByRole('row').filter({ hasText: 'exam-c' }).textContent()) ?? '', /failed/);
    assert.deepEqual(errors, []);
  });

  for (const theme of ['light', 'dark'] as const) {
    it(`is accessible in ${theme}`, async () => {
      const { page } = await browser.open(`${served.address}/exams`, { theme });
      await page.getByRole('link', { name: 'exam-b' }).waitFor();
      await requireAccessible(page);
    });
  }

  it('keeps its filter in the address, so that a link shows what its sender saw', async () => {
    const { page } = await browser.open(`${served.address}/exams?sort=exam`);
    await page.getByRole('button', { name: /^failed 1/ }).click();
    await page.getByRole('link', { name: 'exam-b' }).waitFor({ state: 'detached' });
    assert.equal(new URL(page.url()).search, '?sort=exam&state=failed');
    const { page: received } = await browser.open(page.url());
    await received.getByRole('link', { name: 'exam-c' }).waitFor();
    assert.equal(await received.getByRole('link', { name: /^exam-/ }).count(), 1);
  });
});
