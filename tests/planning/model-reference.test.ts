import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stages } from '../../activities/stages/index.js';
import { explainExam } from '../../api/provenance/explain-exam.js';
import { resolveState } from '../../api/resolve-state.js';
import { bundleSchema } from '../../pipeline/bundle.js';
import { eraDigest } from '../../pipeline/datum.js';
import type { ModelReference } from '../../pipeline/model-reference.js';
import { sha256Hex } from '../../repos/hash.js';
import { pictureStages } from '../support/picture-stages.js';
import { type SmallJobs, withSmallJobs } from '../support/small-jobs.js';
import { PLACEHOLDER } from '../support/system.js';

const spread = { mean: 1, deviation: 0.1 };
const statistics = { contrast: spread, skewness: spread, fineness: spread, noise: spread, levels: spread };
const REFERENCE: ModelReference = {
  description: 'twenty exams',
  exams: 20,
  pixels: { CC: statistics, MLO: statistics },
};

const answers = { benignMedian: spread, benignUpper: spread, malignantMedian: spread, malignantUpper: spread };
const WITH_RESPONSE: ModelReference = {
  ...REFERENCE,
  response: { patch: sha256Hex('patch first'), exams: 20, CC: answers, MLO: answers },
};

/** The bundle in use says this of what its model was made for from now on. */
const setReference = (jobs: SmallJobs, reference: ModelReference) =>
  jobs.editPipeline((document) => ({
    ...document,
    eras: document.eras.map((era) => ({ ...era, digest: eraDigest(era.models, sha256Hex, reference), reference })),
  }));

/** The newest job computed this stage alone, for this reason. */
async function assertLooksAgain({ repository }: SmallJobs, stage: string, why: string): Promise<void> {
  const told = await explainExam(repository, stages, await resolveState(repository, 'main'), 'exam-1');
  assert.deepEqual(
    told.stages.map(({ stage: name, status }) => [name, status]),
    pictureStages.map(({ name }) => [name, name === stage ? 'computed' : 'skipped']),
  );
  assert.deepEqual(told.stages.find((one) => one.stage === stage)?.why, [why]);
}

describe('a reference that a bundle gets', () => {
  it('has the quality checks look again, with it, and nothing else', () =>
    withSmallJobs(async (jobs) => {
      await jobs.useBundle('first');
      await jobs.putExam('exam-1', 'one');
      await jobs.process('job-1');
      await setReference(jobs, REFERENCE);
      await jobs.process('job-2');
      await assertLooksAgain(jobs, 'check_quality', 'what the bundle says of the pictures its model was made for');
    }));

  it('has only the answers looked at again where it is of these', () =>
    withSmallJobs(async (jobs) => {
      await jobs.useBundle('first');
      await jobs.putExam('exam-1', 'one');
      await setReference(jobs, REFERENCE);
      await jobs.process('job-1');
      await setReference(jobs, WITH_RESPONSE);
      await jobs.process('job-2');
      await assertLooksAgain(jobs, 'check_response', 'what the bundle says of how its network answered');
    }));

  it('is refused where it is of the answers of another network', async () => {
    const card = JSON.parse(await readFile(join(PLACEHOLDER, 'model.json'), 'utf8'));
    const { response } = WITH_RESPONSE;
    const own = { ...WITH_RESPONSE, response: { ...response, patch: card.files.patch.sha256 } };
    assert.ok(bundleSchema.safeParse({ ...card, reference: own }).success);
    const { error } = bundleSchema.safeParse({ ...card, reference: WITH_RESPONSE });
    assert.match(error?.issues[0]?.message ?? '', /another patch network/);
  });
});
