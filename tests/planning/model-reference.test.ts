import assert from 'node:assert/strict';
import { stages } from '../../activities/stages/index.js';
import { explainExam } from '../../api/provenance/explain-exam.js';
import { resolveState } from '../../api/resolve-state.js';
import { eraDigest } from '../../pipeline/datum.js';
import type { ModelReference } from '../../pipeline/model-reference.js';
import { sha256Hex } from '../../repos/hash.js';
import { pictureStages } from '../support/picture-stages.js';
import { withSmallJobs } from '../support/small-jobs.js';

const spread = { mean: 1, deviation: 0.1 };
const statistics = { contrast: spread, skewness: spread, fineness: spread, noise: spread, levels: spread };
const REFERENCE: ModelReference = {
  description: 'twenty exams',
  exams: 20,
  pixels: { CC: statistics, MLO: statistics },
};

describe('a reference that a bundle gets', function () {
  this.timeout(60_000);

  it('has the quality checks look again, with it, and nothing else', () =>
    withSmallJobs(async (jobs) => {
      await jobs.useBundle('first');
      await jobs.putExam('exam-1', 'one');
      await jobs.process('job-1');
      await jobs.editPipeline((document) => ({
        ...document,
        eras: document.eras.map((era) => ({
          ...era,
          digest: eraDigest(era.models, sha256Hex, REFERENCE),
          reference: REFERENCE,
        })),
      }));
      await jobs.process('job-2');
      const told = await explainExam(jobs.repository, stages, await resolveState(jobs.repository, 'main'), 'exam-1');
      assert.deepEqual(
        told.stages.map(({ stage, status }) => [stage, status]),
        pictureStages.map(({ name }) => [name, name === 'check_quality' ? 'computed' : 'skipped']),
      );
      assert.deepEqual(told.stages.find(({ stage }) => stage === 'check_quality')?.why, [
        'what the bundle says of the pictures its model was made for',
      ]);
    }));
});
