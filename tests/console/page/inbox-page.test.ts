import assert from 'node:assert/strict';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setStage } from '../../../api/changing/set-stage.js';
import { VIEWS, viewFile } from '../../../pipeline/exam.js';
import { describeInBrowser, requireAccessible } from '../../support/browser.js';
import { tinyExam } from '../../support/classified-exams.js';
import { openConsole, type TestConsole } from '../../support/consoles.js';
import { drawExams } from '../../support/exams.js';
import { openTestSystem, PLACEHOLDER, type TestSystem } from '../../support/system.js';

describeInBrowser('the page: uploading a folder', (browser) => {
  let system: TestSystem;
  let served: TestConsole;
  let folder: string;
  before(async () => {
    system = await openTestSystem();
    await system.put('models', PLACEHOLDER);
    await setStage(system.session, { stage: 'classify', parameters: { passes: 1 }, process: false });
    served = await openConsole(system);
    folder = join(system.folder, 'to-upload');
    await drawExams(folder, ['exam-good']);
    await cp(join(folder, 'exam-good'), join(folder, 'exam-short'), {
      recursive: true,
      filter: (path) => !path.endsWith(viewFile('R_MLO')),
    });
    await cp(join(folder, 'exam-good'), join(folder, 'exam-text'), { recursive: true });
    await writeFile(join(folder, 'exam-text', viewFile('L_CC')), 'this is no picture');
  });
  after(async () => {
    await served?.close();
    await system?.close();
  });

  it('says what is wrong with each exam before anything is committed, and then watches the good one finish', async () => {
    await system.startWorkers();
    const { page, errors } = await browser.open(`${served.address}/inbox`);
    await page.getByText('Drop a folder here').waitFor();
    await requireAccessible(page);
    await page.locator('input[type=file]').setInputFiles(folder);
    const row = (exam: string) => page.getByRole('row').filter({ hasText: exam }).first();
    await row('exam-short').getByText('refused').waitFor();
    assert.match((await row('exam-short').textContent()) ?? '', /R_MLO/);
    await row('exam-text').getByText('refused').waitFor();
    assert.match((await row('exam-text').textContent()) ?? '', /PNG/);
    await row('exam-good').getByText('good', { exact: true }).waitFor();
    assert.deepEqual((await served.client.exams()).items, [], 'nothing is committed yet');
    await page.getByRole('button', { name: 'Take 1 good exam' }).click();
    await page.getByText('1 exams are committed').waitFor();
    const [{ commit } = { commit: '' }] = (await served.client.commits()).items;
    assert.notEqual(commit, '');
    await page.getByRole('navigation').getByRole('link', { name: 'Exams' }).click();
    const listed = page.getByRole('row').filter({ hasText: 'exam-good' });
    await listed.getByText('done', { exact: true }).waitFor({ timeout: 180_000 });
    assert.match((await listed.locator('.number').first().textContent()) ?? '', /^0\.\d{3}$/);
    assert.deepEqual(errors, []);
  });

  it('goes on after the connection was lost, and after the page was loaded again', async () => {
    const another = join(system.folder, 'another');
    await mkdir(another);
    // Larger than a piece, so that some of it is there when the connection is lost.
    await tinyExam(another, 'exam-next');
    await writeFile(join(another, 'exam-next', viewFile('L_CC')), Buffer.alloc(9 * 1024 * 1024, 7));
    const { page } = await browser.open(`${served.address}/inbox`);
    let pieces = 0;
    let lost = true;
    const sent: number[] = [];
    await page.route('**/api/uploads/*/files/**', async (route) => {
      const offset = Number(new URL(route.request().url()).searchParams.get('offset'));
      pieces += 1;
      if (lost && pieces > 1) return route.abort('connectionreset');
      sent.push(offset);
      return route.continue();
    });
    await page.locator('input[type=file]').setInputFiles(another);
    await page.getByText('The connection to the console is lost.').waitFor();
    // As somebody would who closes the window and comes back.
    await page.reload();
    lost = false;
    await page.getByText('Choose the same folder again').waitFor();
    await page.locator('input[type=file]').setInputFiles(another);
    const row = page.getByRole('row').filter({ hasText: 'exam-next' }).first();
    await row.getByText('refused').waitFor();
    const first = sent.filter((offset) => offset === 0).length;
    assert.equal(first, VIEWS.length, `no file was begun twice: ${sent.join(' ')}`);
    await page.getByRole('button', { name: 'Abandon' }).click();
    await page.getByText('Drop a folder here').waitFor();
    assert.deepEqual(
      (await served.client.uploads()).items.filter(({ outcome }) => outcome === null),
      [],
    );
  });

  it('is accessible in dark', async () => {
    const { page } = await browser.open(`${served.address}/inbox`, { theme: 'dark' });
    await page.getByText('Drop a folder here').waitFor();
    await requireAccessible(page);
  });

  it('refuses an upload that is too large before it is sent', async () => {
    const { page } = await browser.open(`${served.address}/inbox`);
    const answer = await page.evaluate(async () => {
      const session = (await (await fetch('/api/session')).json()) as { csrf: string };
      const response = await fetch('/api/uploads', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-mammoflow-csrf': session.csrf },
        body: JSON.stringify({ files: [{ exam: 'exam-huge', file: 'L_CC.png', size: 2 ** 40 }] }),
      });
      return { status: response.status, body: await response.text() };
    });
    assert.match(answer.body, /exam-huge|large/);
  });
});
