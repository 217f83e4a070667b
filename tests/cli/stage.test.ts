import assert from 'node:assert/strict';
import { stages } from '../../activities/stages/index.js';
import { setStage } from '../../api/changing/set-stage.js';
import { stageRows } from '../../api/reading/stages.js';
import { parseAssignments } from '../../cli/stage.js';
import type { SetStageOutcome, StageRow } from '../../index.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { EMPTY_PIPELINE } from '../../pipeline/pipeline-document.js';
import { readPipeline } from '../../repos/pipeline-repo.js';
import type { Repository } from '../../repos/repository.js';
import { withRepository } from '../support/repository.js';
import { COMMIT_ONLY, failureOf, jsonOf, offlineSession, putTinyExams, textOf } from '../support/verbs.js';

const settingsAt = async (repository: Repository) => {
  const head = await repository.head('main');
  assert.ok(head);
  return (await readPipeline(repository, head)).stages;
};

describe('mammoflow stage set', () => {
  it('keeps what is not named, and goes back to the defaults with --reset', () =>
    withRepository(async (repository) => {
      const session = offlineSession(repository);
      const set = (assignments: string[], options: object = {}) =>
        setStage(session, { stage: 'classify', parameters: parseAssignments(assignments), ...COMMIT_ONLY, ...options });
      const first = await set(['passes=3'], { message: 'fewer' });
      assert.deepEqual(first.departs, { parameters: { passes: 10 } });
      const second = await set(['seed=5'], { queue: 'mine', version: '2' });
      assert.deepEqual(await settingsAt(repository), {
        classify: { parameters: { passes: 3, seed: 5 }, taskQueue: 'mine', version: '2' },
      });
      assert.deepEqual([second.version, second.queue], ['2', 'mine']);
      assert.deepEqual(second.departs, {
        version: '1',
        queue: 'mammoflow-gpu',
        parameters: { passes: 10, seed: 0 },
      });
      assert.equal((await set(['seed=5'])).commit, null, 'nothing changes, so nothing is committed');
      await set(['passes=4'], { reset: true });
      assert.deepEqual(await settingsAt(repository), { classify: { parameters: { passes: 4 } } });
      await set([], { reset: true });
      assert.deepEqual(await settingsAt(repository), {});
      const head = await repository.head('main');
      assert.deepEqual(
        [head?.by, head?.message, head?.sequence],
        [{ kind: 'stage' }, 'Set classify to the defaults', 3],
      );
      assert.equal((await repository.resolve('main~3')).message, 'fewer');
    }));

  it('takes JSON, or else text, and starts a job only when an exam then wants something', () =>
    withRepository(async (repository) => {
      await putTinyExams(repository, ['a']);
      const down = new MammoflowError('service-unavailable', 'Temporal does not answer.');
      const session = offlineSession(repository, down);
      const process = { branch: 'main', process: true };
      await assert.rejects(
        setStage(session, { stage: 'extract_centers', parameters: { offset: [5, -5] }, ...process }),
        {
          code: 'service-unavailable',
          message: /^Commit [0-9a-f]{12} is made, but its job could not be started: Temporal does not answer\.$/,
        },
      );
      assert.deepEqual(await settingsAt(repository), { extract_centers: { parameters: { offset: [5, -5] } } });
      await assert.rejects(
        setStage(session, { stage: 'visualize_heatmaps', parameters: { opacity: 'much' }, ...process }),
        {
          message: /^visualize_heatmaps cannot take opacity="much": /,
        },
      );
    }));

  const wrong: readonly [string, readonly string[], object, RegExp][] = [
    [
      'clasify',
      ['passes=1'],
      {},
      /^There is no stage clasify\. The stages are read_dicom, crop, extract_centers, check_quality, .*classify\.$/,
    ],
    [
      'classify',
      ['pases=1'],
      {},
      /^classify has no parameter pases\. classify takes passes \(default 10\), seed \(default 0\), /,
    ],
    ['classify', ['passes=ten'], {}, /^classify cannot take passes="ten": .*expected number.* classify takes passes/],
    ['classify', ['passes=0'], {}, /^classify cannot take passes=0: .*>=1/],
    ['extract_centers', ['offset=[1]'], {}, /^extract_centers cannot take offset=\[1\]: /],
    ['crop', ['iterations'], {}, /^"iterations" sets nothing\. Write <param>=<value>; `mammoflow stage list` shows/],
    ['crop', [], {}, /^Nothing to set for crop was given\./],
    ['crop', [], { queue: 'two words' }, /^--queue "two words" will not do\./],
    ['crop', ['buffer=1'], { branch: 'tirl' }, /^There is no branch tirl yet\./],
  ];
  for (const [stage, assignments, options, message] of wrong) {
    it(`refuses ${[stage, ...assignments, ...Object.values(options)].join(' ')} before anything is committed`, () =>
      withRepository(async (repository) => {
        await assert.rejects(
          async () =>
            setStage(offlineSession(repository), {
              stage,
              parameters: parseAssignments(assignments),
              ...COMMIT_ONLY,
              ...options,
            }),
          (error) => {
            assert.ok(error instanceof MammoflowError);
            assert.match(error.sentence, message);
            return true;
          },
        );
        assert.equal(await repository.head('main'), undefined);
      }));
  }
});

describe('mammoflow stage', () => {
  it('lists every stage, marks what departs from the default, and takes --version for itself', () =>
    withRepository(async (_, s3) => {
      const untouched = await jsonOf<StageRow[]>(s3, 'stage', 'list');
      assert.deepEqual(untouched, stageRows(stages, EMPTY_PIPELINE));
      assert.deepEqual(untouched.map(({ stage }) => stage).sort(), stages.map(({ name }) => name).sort());
      const set = await jsonOf<SetStageOutcome>(s3, 'stage', 'set', 'classify', 'passes=3', '--version', '2');
      assert.deepEqual([set.version, set.parameters.passes, set.job], ['2', 3, null]);
      const text = await textOf(s3, 'stage', 'list');
      assert.match(text, /^classify +2\* +gpu +mammoflow-gpu +passes=3\* seed=0 /m);
      assert.match(
        await failureOf(s3, 'stage', 'set', 'crop', 'buffer=wide'),
        /^error: crop cannot take buffer="wide"/,
      );
    }));
});
