import assert from 'node:assert/strict';
import type { LogEntry } from '../../index.js';
import type { CommitOrigin } from '../../pipeline/commit.js';
import { mammoflow } from '../support/command.js';
import { details, withRepository } from '../support/repository.js';
import { failureOf, jsonOf, textOf } from '../support/verbs.js';

describe('mammoflow log', () => {
  it('folds the commits with results of one job, tells a branch apart, and says that there is more', () =>
    withRepository(async (repository, s3) => {
      const commit = (branch: string, by: CommitOrigin) =>
        repository.commitOnto(branch, { ...details, message: by.kind, by }, async (roots) => ({ roots }));
      await commit('main', { kind: 'put' });
      for (const job of ['job-1', 'job-1', 'job-1', 'job-2']) await commit('main', { kind: 'job', job });
      const head = await repository.head('main');
      assert.ok(head);
      await repository.createBranch('trial', head);
      await commit('trial', { kind: 'stage' });

      const text = await textOf(s3, 'log');
      const rows = text.trimEnd().split('\n');
      assert.equal(rows.length, 1 + 3, text);
      assert.match(rows[1] ?? '', / 4 .* job-2 +job$/);
      assert.match(rows[2] ?? '', / 1-3 .* job-1 +job \(and 2 more commits with results of this job\)$/);
      assert.match(rows[3] ?? '', / 0 .* put +put$/);
      assert.equal((await jsonOf<LogEntry[]>(s3, 'log')).length, 5, 'programs get each');
      assert.equal((await textOf(s3, 'log', '--results')).trimEnd().split('\n').length, 1 + 5);

      for (const where of [['--branch', 'trial'], ['@trial'], ['@trial', '--branch', 'trial']]) {
        const [newest, ...older] = await jsonOf<LogEntry[]>(s3, 'log', ...where);
        assert.deepEqual([newest?.by.kind, newest?.parent, older.length], ['stage', head.id, 5], where.join(' '));
      }
      assert.match(
        await failureOf(s3, 'log', '@main', '--branch', 'trial'),
        /^error: Both @main and --branch trial are given\. Give one\.$/,
      );

      // 50 rows of `trial` after these.
      for (let count = 0; count < 46; count += 1) await commit('trial', { kind: 'stage' });
      const [all, less, one, fits] = await Promise.all([
        mammoflow(s3, 'log', '--branch', 'trial', '--results'),
        mammoflow(s3, 'log', '--branch', 'trial'),
        mammoflow(s3, 'log', '--branch', 'trial', '--limit', '1'),
        mammoflow(s3, 'log', '--branch', 'trial', '--results', '--all'),
      ]);
      assert.equal(all.stderr, 'These are the newest 50; --all shows all, --limit <count> more.\n');
      assert.equal(all.stdout.trimEnd().split('\n').length, 1 + 50);
      assert.equal(less.stderr, '', 'the commits of a job are one row');
      assert.equal(less.stdout.trimEnd().split('\n').length, 1 + 50);
      assert.deepEqual([one.stderr, one.stdout.trimEnd().split('\n').length], ['', 1 + 1]);
      assert.deepEqual([fits.stderr, fits.stdout.trimEnd().split('\n').length], ['', 1 + 52]);
    }));
});
