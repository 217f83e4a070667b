import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { sha256Hex } from '../../../repos/hash.js';
import { describeInBrowser, requireAccessible } from '../../support/browser.js';
import { tinyExam } from '../../support/classified-exams.js';
import { openConsole, type TestConsole } from '../../support/consoles.js';
import { openTestSystem, PLACEHOLDER, type TestSystem } from '../../support/system.js';

const PAGES = ['Exams', 'Compare', 'Jobs', 'Repos', 'Models', 'Stages', 'Inbox'] as const;

describeInBrowser('the page: around everything', (browser) => {
  let system: TestSystem;
  let open: TestConsole;
  let guarded: TestConsole;
  before(async () => {
    system = await openTestSystem();
    await system.put('models', PLACEHOLDER);
    const folder = join(system.folder, 'put');
    await tinyExam(folder, 'exam-a');
    await system.put('exams', folder);
    open = await openConsole(system);
    guarded = await openConsole(system, {
      access: {
        kind: 'token',
        tokens: [
          { name: 'ana', role: 'read', sha256: sha256Hex('token-of-ana') },
          { name: 'old', role: 'read', sha256: sha256Hex('token-of-old'), expires: '2026-01-01T00:00:00Z' },
        ],
      },
    });
  });
  after(async () => {
    await Promise.all([open?.close(), guarded?.close()]);
    await system?.close();
  });

  /** Presses Tab until something with that name is where the keyboard is. */
  async function tabTo(page: Page, name: string): Promise<void> {
    for (let presses = 0; presses < 60; presses += 1) {
      await page.keyboard.press('Tab');
      const at = await page.evaluate(
        'document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent',
      );
      if (at === name) return;
    }
    throw new Error(`the keyboard does not come to ${name}`);
  }

  it('is gone through by keyboard alone: every page, and an exam', async () => {
    const { page, errors } = await browser.open(`${open.address}/`);
    await page.getByRole('link', { name: 'exam-a' }).waitFor();
    for (const name of PAGES) {
      await tabTo(page, name);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
      assert.equal(await page.title(), `${name} · mammoflow`);
      assert.ok(await page.getByText('Research use only. Not for diagnosis.').first().isVisible());
    }
    await page.goto(`${open.address}/exams`);
    await page.getByRole('link', { name: 'exam-a' }).waitFor();
    await tabTo(page, 'exam-a');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'exam-a' }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { level: 1, name: 'Exams' }).waitFor();
    assert.deepEqual(errors, []);
  });

  it('refuses a wrong token and one that has expired, says so, and lets the right one in', async () => {
    // An exam is asked for before anybody is signed in, and must be there afterwards.
    const { page } = await browser.open(`${guarded.address}/exams/exam-a`);
    const token = page.getByLabel('Token');
    await token.waitFor();
    await requireAccessible(page);
    for (const [wrong, said] of [
      ['nobody-has-this', 'not known here'],
      ['token-of-old', 'has expired'],
    ] as const) {
      await token.fill(wrong);
      await page.keyboard.press('Enter');
      await page.getByRole('alert').filter({ hasText: said }).waitFor();
    }
    await token.fill('token-of-ana');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'exam-a' }).waitFor();
    await page.getByRole('complementary', { name: 'Results' }).waitFor();
    // Whoever may only read is offered nothing that would be refused.
    await page.getByRole('link', { name: 'Inbox' }).click();
    await page.getByText('Uploading needs the role operate.').waitFor();
    assert.equal(await page.locator('input[type=file]').count(), 0);
    await page.getByRole('button', { name: /Sign out/ }).click();
    await token.waitFor();
  });

  it('shows nothing for an address that is none, and for a hostile id', async () => {
    const { page, errors } = await browser.open(`${open.address}/nowhere/at/all`);
    await page.getByRole('heading', { name: 'There is nothing at this address' }).waitFor();
    await page.goto(`${open.address}/exams/${encodeURIComponent('<img src=x onerror=alert(1)>')}`);
    await page.getByRole('alert').first().waitFor();
    await page.goto(`${open.address}/exams/${encodeURIComponent('../../models')}`);
    await page.getByRole('alert').first().waitFor();
    assert.deepEqual(errors, []);
  });

  it('says that the console does not answer, and goes on when it does', async () => {
    const { page } = await browser.open(`${open.address}/exams`);
    await page.getByRole('link', { name: 'exam-a' }).waitFor();
    await page.context().setOffline(true);
    await page.getByRole('navigation').getByRole('link', { name: 'Stages' }).click();
    await page.getByText('does not answer').first().waitFor();
    await page.context().setOffline(false);
    await page.getByRole('navigation').getByRole('link', { name: 'Exams' }).click();
    await page.getByRole('link', { name: 'exam-a' }).waitFor();
  });
});
