import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildProgram } from '../../cli/main.js';
import type { PutOutcome } from '../../index.js';
import type { S3Service } from '../../infra/dev/services.js';
import { VIEWS, viewFile } from '../../pipeline/exam.js';
import { sha256Hex } from '../../repos/hash.js';
import { openRepository, rootOf } from '../../repos/repository.js';
import { makePng } from '../imaging/png-fixtures.js';
import { mammoflow, startCommand } from '../support/command.js';
import { details, storeOf, versionsUnder } from '../support/repository.js';
import { freshBucket } from '../support/services.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';

async function writeExam(folder: string, columns: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const view of VIEWS) await writeFile(join(folder, viewFile(view)), makePng({ rows: 8, columns }));
}

const views = [...VIEWS].map(viewFile).sort();

describe('the data verbs of the real command', () => {
  let s3: S3Service;
  const commits: string[] = [];

  /** Runs a verb with `--json` that must succeed. */
  async function json<T>(...args: string[]): Promise<T> {
    const { exitCode, stdout, stderr } = await mammoflow(s3, ...args, '--json');
    assert.equal(exitCode, 0, stderr);
    assert.equal(stderr, '');
    return JSON.parse(stdout) as T;
  }
  /** Runs a verb that must end with exit code 1 and one line that says why. */
  async function fails(message: RegExp, ...args: string[]): Promise<void> {
    const { exitCode, stdout, stderr } = await mammoflow(s3, ...args);
    assert.equal(exitCode, 1, `${args.join(' ')}: ${stdout}${stderr}`);
    assert.equal(stdout, '');
    assert.match(stderr, message);
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
  }

  before(async () => {
    s3 = await freshBucket();
    await withTemporaryFolder(async (folder) => {
      // Two changes: two exams, then one of them again with other views and a third.
      for (const name of ['a', 'b']) await writeExam(join(folder, name), 6);
      const put = () => json<PutOutcome>('put', 'exams', folder, '--no-process', '-m', `put ${commits.length + 1}`);
      const first = await put();
      commits.push(first.commit ?? '');
      assert.deepEqual([first.job, first.changed, first.refused], [null, ['a', 'b'], []]);
      await writeFile(join(folder, 'b', 'L_CC.png'), makePng({ rows: 8, columns: 7 }));
      await writeExam(join(folder, 'c'), 6);
      const second = await put();
      commits.push(second.commit ?? '');
      assert.deepEqual(second.changed, ['b', 'c']);
    });
  });

  it('ls lists a repo, an exam and a file, now and at an earlier commit', async () => {
    const [now, earlier, exam, file, people] = await Promise.all([
      json<{ name: string; files: number }[]>('ls', 'exams'),
      json<{ name: string }[]>('ls', `exams@${commits[0]?.slice(0, 8)}`),
      json<{ files: { path: string; sha256: string }[] }>('ls', 'exams@main~1:b'),
      json<{ files: { path: string; sha256: string }[] }>('ls', 'exams:b/L_CC.png'),
      mammoflow(s3, 'ls', 'exams'),
    ]);
    assert.deepEqual(
      now.map(({ name, files }) => [name, files]),
      [
        ['a', 4],
        ['b', 4],
        ['c', 4],
      ],
    );
    assert.deepEqual(
      earlier.map(({ name }) => name),
      ['a', 'b'],
    );
    assert.deepEqual(exam.files.map(({ path }) => path).sort(), views);
    assert.deepEqual(
      file.files.map(({ path, sha256 }) => [path, sha256]),
      [['L_CC.png', sha256Hex(makePng({ rows: 8, columns: 7 }))]],
    );
    assert.match(people.stdout, /^NAME +FILES +BYTES\na +4 +\d+\n/);
  });

  it('log lists the commits that changed a repo, newest first', async () => {
    const [everything, exams, one, pipeline] = await Promise.all([
      json<{ commit: string; message: string; author: string }[]>('log'),
      json<{ commit: string }[]>('log', 'exams'),
      json<{ message: string }[]>('log', 'exams@main', '--limit', '1'),
      mammoflow(s3, 'log', 'pipeline'),
    ]);
    const newestFirst = [...commits].reverse();
    assert.deepEqual(
      exams.map(({ commit }) => commit),
      newestFirst,
    );
    assert.deepEqual(
      everything.map(({ commit, message, author }) => [commit, message, author]),
      newestFirst.map((commit, index) => [commit, `put ${2 - index}`, 'tester']),
    );
    assert.deepEqual(
      one.map(({ message }) => message),
      ['put 2'],
    );
    assert.equal(pipeline.stdout, 'no commits\n');
  });

  it('log and results take a branch by its name, and say what does not go together', async () => {
    assert.equal((await mammoflow(s3, 'branch', 'create', 'trial', 'main~1')).exitCode, 0);
    const [branch, at, both, results, twice] = await Promise.all([
      json<{ message: string }[]>('log', '--branch', 'trial'),
      json<{ message: string }[]>('log', '@trial'),
      mammoflow(s3, 'log', 'exams@main', '--branch', 'trial'),
      json<{ exam: string }[]>('results', '--branch', 'trial', '--waiting', '--exam', 'a', 'nosuch'),
      mammoflow(s3, 'results', 'main', '--branch', 'trial'),
    ]);
    assert.deepEqual(
      branch.map(({ message }) => message),
      ['put 1'],
    );
    assert.deepEqual(at, branch);
    assert.match(both.stderr, /^error: Both @main and --branch trial are given\./);
    assert.deepEqual(
      results.map(({ exam }) => exam),
      ['a'],
    );
    assert.match(twice.stderr, /^error: Both main and --branch trial are given\./);
  });

  it('ls and get say what was meant when something in a repo is not joined to it', async () => {
    const [ls, get] = await Promise.all([mammoflow(s3, 'ls', 'exams', 'a'), mammoflow(s3, 'get', 'exams/a/L_CC.png')]);
    assert.match(ls.stderr, /^error: What is meant inside a repo is joined to it\. Write `mammoflow ls exams:a`\.$/m);
    assert.match(get.stderr, /comes after a colon: exams:a\/L_CC\.png\.$/m);
  });

  it('diff lists what was added, removed and changed, with the files', async () => {
    const forwards = [
      { name: 'b', change: 'changed', files: ['~L_CC.png'] },
      { name: 'c', change: 'added', files: views.map((file) => `+${file}`) },
    ];
    const backwards = [
      { name: 'b', change: 'changed', files: ['~L_CC.png'] },
      { name: 'c', change: 'removed', files: views.map((file) => `-${file}`) },
    ];
    const [last, turned, same] = await Promise.all([
      json('diff', 'exams'),
      json('diff', `exams@${commits[0]}`, 'main'),
      mammoflow(s3, 'diff', 'exams', 'main'),
    ]);
    assert.deepEqual(last, forwards);
    assert.deepEqual(turned, backwards);
    assert.equal(same.stdout, 'no difference\n');
  });

  it('get downloads a repo, an exam or a file as it was', () =>
    withTemporaryFolder(async (folder) => {
      const [all, exam, printed] = await Promise.all([
        json<string[]>('get', 'exams@main~1', join(folder, 'all')),
        json<string[]>('get', 'exams:b', join(folder, 'exam')),
        mammoflow(s3, 'get', 'exams:b/L_CC.png', '-'),
      ]);
      assert.equal(all.length, 8);
      assert.deepEqual((await readdir(join(folder, 'all'))).sort(), ['a', 'b']);
      assert.deepEqual((await readdir(join(folder, 'exam', 'b'))).sort(), views);
      assert.equal(exam.length, 4);
      assert.deepEqual(await readFile(join(folder, 'all', 'b', 'L_CC.png')), makePng({ rows: 8, columns: 6 }));
      assert.deepEqual(await readFile(join(folder, 'exam', 'b', 'L_CC.png')), makePng({ rows: 8, columns: 7 }));
      assert.equal(printed.exitCode, 0, printed.stderr);
      assert.ok(printed.stdout.includes('PNG'));
    }));

  it('get leaves what is there already alone, and overwrites other content only with --force', () =>
    withTemporaryFolder(async (folder) => {
      await json('get', 'exams:b', folder);
      assert.equal((await json<string[]>('get', 'exams:b', folder)).length, 4, 'the same again is no harm');
      const file = join(folder, 'b', 'L_CC.png');
      await writeFile(file, 'a note of mine');
      await rm(join(folder, 'b', 'R_CC.png'));
      await fails(
        /b\/L_CC\.png is there and has another content\. Choose another folder, or overwrite them with --force\./,
        'get',
        'exams:b',
        folder,
      );
      assert.equal(await readFile(file, 'utf8'), 'a note of mine');
      assert.deepEqual(
        (await readdir(join(folder, 'b'))).sort(),
        views.filter((view) => view !== 'R_CC.png'),
      );
      await json('get', 'exams:b', folder, '--force');
      assert.deepEqual(await readFile(file), makePng({ rows: 8, columns: 7 }));
      assert.deepEqual((await readdir(join(folder, 'b'))).sort(), views);
    }));

  it('branch, models and stage alone list', () =>
    Promise.all(
      ['branch', 'models', 'stage'].map(async (group) =>
        assert.deepEqual(await json(group), await json(group, 'list'), group),
      ),
    ));

  it('get goes on past a damaged file, leaves nothing of it behind, and says so at the end', () =>
    withTemporaryFolder(async (folder) => {
      const repository = openRepository(storeOf(s3));
      await repository.commitOnto('damaged', details, async () => {
        const head = await repository.head('main');
        const a = await repository.inputs.get(rootOf(head, 'exams'), 'a');
        assert.ok(a);
        const files = a.files.map((file) =>
          file.path === 'L_CC.png' ? { ...file, sha256: sha256Hex('other') } : file,
        );
        return {
          roots: { exams: await repository.inputs.edit(rootOf(undefined, 'exams'), new Map([['a', { ...a, files }]])) },
        };
      });
      repository.store.close();
      const { exitCode, stdout, stderr } = await mammoflow(s3, 'get', 'exams@damaged:a', folder);
      assert.equal(exitCode, 1);
      assert.match(stderr, /exams\/a\/L_CC\.png does not have the SHA-256.*Put the file again/);
      assert.match(stdout, /^3 files in .*\n1 not downloaded, because damaged or gone: see above$/m);
      assert.deepEqual(
        (await readdir(join(folder, 'a'))).sort(),
        views.filter((view) => view !== 'L_CC.png'),
        'the others are there',
      );
    }));

  it('results shows exams that wait, for people, as CSV and as JSON', async () => {
    const [list, csv, people] = await Promise.all([
      json<{ exam: string; outcome: string; reason: string }[]>('results'),
      mammoflow(s3, 'results', 'main~1', '--format', 'csv'),
      mammoflow(s3, 'results'),
    ]);
    assert.deepEqual(
      list.map(({ exam, outcome, reason }) => [exam, outcome, reason]),
      ['a', 'b', 'c'].map((exam) => [exam, 'waiting', 'No model bundle is in use.']),
    );
    assert.equal(csv.stdout.split('\r\n').length, 1 + 2 * 2);
    assert.match(people.stdout, /^a: waiting: No model bundle is in use\.\n/);
    assert.match(people.stdout, /Research use only\. Not for diagnosis\./);
  });

  it('end with one line of advice and exit code 1 for what does not exist', () =>
    withTemporaryFolder(async (folder) => {
      await Promise.all([
        fails(/no repo nowhere at this commit\. There are exams, models, pipeline/, 'log', 'nowhere'),
        fails(/no commit or branch "mian"\. Name a branch \(.*main/, 'ls', 'exams@mian'),
        fails(/exams has no z\. See `mammoflow ls exams`/, 'get', 'exams:z', folder),
        fails(/exams has no file X\.png in a\. See `mammoflow ls exams:a`/, 'get', 'exams:a/X.png', folder),
      ]);
      await Promise.all([
        fails(/`-` prints a single file\. Name one/, 'get', 'exams:a', '-'),
        fails(/whole repo\. Leave out ":a"/, 'diff', 'exams:a'),
        fails(/joined to it\. Write `mammoflow ls exams:a`\./, 'ls', 'exams', 'a'),
        fails(/joined to it\. Write `mammoflow ls exams@main:a\/L_CC\.png`\./, 'ls', 'exams@main:a', 'L_CC.png'),
        fails(/after a colon: exams:a\./, 'ls', 'exams/a'),
        fails(/after a colon: crop:a\/L_CC\.png\./, 'get', 'crop/a/L_CC.png', folder),
        fails(/no exam in .*An exam is a folder with L_CC\.png/, 'put', 'exams', folder),
        mammoflow(s3, 'log', '--limit', 'many').then(({ exitCode, stderr }) => {
          assert.equal(exitCode, 1);
          assert.match(stderr, /--limit <count>.*Give a whole number from 1 on/);
        }),
      ]);
      assert.deepEqual(await readdir(folder), []);
    }));

  it('on an empty bucket say what to do first', async () => {
    const empty = await freshBucket();
    const { exitCode, stderr } = await mammoflow(empty, 'log');
    assert.equal(exitCode, 1);
    assert.equal(
      stderr,
      'error: Nothing has been committed yet. Put something first, e.g. `mammoflow put exams <folder>`.\n',
    );
    assert.deepEqual(await versionsUnder(empty, ''), []);
  });

  it('say so when the bucket does not exist', async () => {
    const { exitCode, stderr } = await mammoflow({ ...s3, bucket: 'no-such-bucket' }, 'ls', 'exams');
    assert.equal(exitCode, 1);
    assert.match(stderr, /^error: There is no bucket no-such-bucket\. Make it with versioning/);
  });

  it('stop quietly when nobody reads on', async () => {
    const child = startCommand(s3, ['ls', 'exams']);
    child.stdout?.destroy();
    let stderr = '';
    child.stderr?.on('data', (chunk) => {
      stderr += chunk;
    });
    await new Promise((resolve) => child.once('close', resolve));
    assert.equal(stderr, '');
  });
});

const { commands } = await buildProgram();

describe('the help', () => {
  for (const command of commands) {
    it(`of ${command.name()} says what it does and shows an example`, () => {
      let text = '';
      command.configureOutput({
        writeOut: (part) => {
          text += part;
        },
      });
      command.outputHelp();
      assert.ok(command.description().length > 10);
      assert.match(text, /Examples?:/);
      const itself = command.name() === 'start' ? 'npm start' : `mammoflow ${command.name()}`;
      assert.match(text, new RegExp(`^  \\$ .*${itself}`, 'm'));
    });
  }

  it('lists every verb, and is printed by the real command', async () => {
    const { exitCode, stdout } = await mammoflow(await freshBucket(), '--help');
    assert.equal(exitCode, 0);
    for (const command of commands) assert.match(stdout, new RegExp(`^  ${command.name()} `, 'm'));
  });
});
