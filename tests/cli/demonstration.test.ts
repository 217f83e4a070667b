import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createMammoflow } from '../../api/mammoflow.js';
import { DEMONSTRATION, demonstrationTruth, putDemonstration } from '../../cli/demonstration.js';
import { planExam } from '../../models/phantom/plan-exam.js';
import { TRUTH_FILE } from '../../models/phantom/truth.js';
import { rootOf } from '../../repos/repository.js';
import { withRepository } from '../support/repository.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';
import { COMMIT_ONLY, offlineSession } from '../support/verbs.js';

const { seed, exams, mix } = DEMONSTRATION;
const plans = Array.from({ length: exams }, (_, index) => planExam(seed, index + 1, mix));

describe("the demonstration's exams", () => {
  it('are two of each kind, with every density and every kind of lesion, from a seed that no training uses', () => {
    for (const kind of ['normal', 'benign', 'malignant'] as const) {
      assert.equal(plans.filter((plan) => plan.kind === kind).length, 2, kind);
    }
    assert.equal(new Set(plans.map(({ density }) => density)).size, 4);
    const lesions = plans.flatMap((plan) => plan.lesions);
    assert.equal(new Set(lesions.map(({ kind, form }) => `${kind} ${form}`)).size, 4);
    assert.equal(new Set(lesions.map(({ kind, laterality }) => `${kind} ${laterality}`)).size, 4);
    assert.ok(seed >= 900_000);
  });

  it('are committed whole, and only what they show stays in the data folder', () =>
    withTemporaryFolder((folder) =>
      withRepository(async (repository) => {
        // As an earlier version, or a drawing that was cut off, leaves it.
        await mkdir(join(folder, 'phantoms'));
        await writeFile(join(folder, 'phantoms', TRUTH_FILE), '{"generator":"0"}');
        assert.equal(await demonstrationTruth(folder), undefined);

        const { changed, refused, leftOut } = await putDemonstration(
          createMammoflow(offlineSession(repository)),
          folder,
          COMMIT_ONLY,
        );
        const names = plans.map(({ exam }) => exam);
        assert.deepEqual([changed, refused, leftOut], [names, [], []]);
        assert.equal(rootOf(await repository.head('main'), 'exams').items, exams);
        assert.deepEqual(await readdir(join(folder, 'phantoms')), [TRUTH_FILE]);
        assert.deepEqual(
          (await demonstrationTruth(folder))?.exams.map(({ exam }) => exam),
          names,
        );
      }),
    ));
});
