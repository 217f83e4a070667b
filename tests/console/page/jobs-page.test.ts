import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Session } from '../../../api/session.js';
import { type Services, startServices } from '../../../infra/dev/services.js';
import { describeInBrowser, requireAccessible } from '../../support/browser.js';
import { openConsole, type TestConsole } from '../../support/consoles.js';
import { openSmallSystem, SMALL_STAGES, type SmallSystem } from '../../support/small-system.js';

describeInBrowser('the page: jobs', (browser) => {
  let folder: string;
  let services: Services;
  let system: SmallSystem;
  let served: TestConsole;
  let failing: string;
  before(async () => {
    // Jobs are those of a Temporal namespace, and other suites have some in the one that they share.
    folder = await mkdtemp(join(tmpdir(), 'mammoflow-jobs-page-'));
    services = await startServices({ dataFolder: folder, ephemeral: true, log: () => undefined });
    system = await openSmallSystem(services);
    const session: Session = { ...system.session, stages: async () => SMALL_STAGES };
    served = await openConsole(system, { session, ui: 'http://127.0.0.1:8233' });
    await system.startSmallWorkers();
  });
  after(async () => {
    await served?.close();
    await system?.close();
    await services?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('says how a job begins while there is none', async () => {
    const { page } = await browser.open(`${served.address}/jobs`);
    await page.getByText('No job has run yet.').waitFor();
    await requireAccessible(page);
  });

  it('starts a job once it has said what that computes, and follows it to its end without being loaded again', async () => {
    await system.useModel('red', 'all');
    await system.putScan(['good-1', 'good-2'], '1001');
    await system.putScan(['bad-1'], 'bad');
    const { page, errors } = await browser.open(`${served.address}/jobs`);
    await page.getByRole('button', { name: 'Start a job…' }).click();
    await page.getByText('3 exams, 3 stages').waitFor();
    await page.getByRole('button', { name: 'Start it' }).click();
    await page.getByRole('link', { name: 'Watch the job' }).click();
    await page.getByText('completed', { exact: true }).waitFor();
    failing = decodeURIComponent(new URL(page.url()).pathname.split('/').at(-1) as string);
    const rows = page.locator('.job-exams tbody tr');
    assert.match((await rows.first().textContent()) ?? '', /bad-1.*failed at measure.*is bad.*Scan it again/s);
    assert.match((await page.getByRole('row').filter({ hasText: 'weigh' }).first().textContent()) ?? '', /weigh2001/);
    assert.equal(
      await page.getByRole('link', { name: 'Its exams' }).getAttribute('href'),
      `/exams?job=${encodeURIComponent(failing)}`,
    );
    assert.equal(
      await page.getByRole('link', { name: 'In Temporal' }).getAttribute('href'),
      `http://127.0.0.1:8233/namespaces/default/workflows/${encodeURIComponent(failing)}`,
    );
    assert.deepEqual(errors, []);
  });

  for (const theme of ['light', 'dark'] as const) {
    it(`is accessible in ${theme}`, async () => {
      const { page } = await browser.open(`${served.address}/jobs`, { theme });
      await page.getByRole('link', { name: failing }).click();
      await page.getByText('Where the time goes').waitFor();
      await page.getByRole('link', { name: 'bad-1', exact: true }).waitFor();
      await requireAccessible(page);
    });
  }

  it('tries an exam again that failed, as its branch has it now', async () => {
    await system.putScan(['bad-1'], '2002');
    const { page } = await browser.open(`${served.address}/jobs/${encodeURIComponent(failing)}?outcome=failed`);
    await page.getByRole('button', { name: 'Try again: bad-1' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('link', { name: 'Watch the job' }).click();
    await page.getByText('completed', { exact: true }).waitFor();
    const row = page.locator('.job-exams tbody tr').filter({ hasText: 'bad-1' });
    await row.getByText('processed', { exact: true }).waitFor();
  });

  it('cancels a job, and only after asking', async () => {
    await system.stopSmallWorkers();
    await system.startSmallWorkers({ roles: ['workflow'] });
    await system.putScan(['waits-1'], '3003');
    const { job } = await served.client.startJob({ body: {} });
    const { page } = await browser.open(`${served.address}/jobs/${encodeURIComponent(job)}`);
    await page.getByText('No stage runs at this moment').waitFor();
    await page.getByRole('button', { name: 'Cancel…' }).click();
    await page.getByText('1 of 4 exams have no outcome yet').waitFor();
    await page.getByRole('button', { name: 'Leave as it is' }).click();
    assert.equal((await served.client.job({ params: { job } })).status, 'running');
    await page.getByRole('button', { name: 'Cancel…' }).click();
    await page.getByRole('button', { name: 'Cancel the job' }).click();
    await page.getByText('cancelled', { exact: true }).waitFor();
    assert.equal((await served.client.job({ params: { job } })).status, 'cancelled');
  });

  it('says so when there is no such job', async () => {
    const { page } = await browser.open(`${served.address}/jobs/main-0-nothing`);
    await page.getByRole('alert').getByText('There is no job main-0-nothing').waitFor();
  });
});
