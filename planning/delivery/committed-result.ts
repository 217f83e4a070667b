import type { Commit, InputItem, OutcomeItem, StageItem } from '../../pipeline/commit.js';
import { OUTCOMES } from '../../pipeline/commit.js';
import type { DatumRecord } from '../../pipeline/datum.js';
import { ExamError, MammoflowError } from '../../pipeline/errors.js';
import { isOfObjects } from '../../pipeline/exam-objects.js';
import type { Era } from '../../pipeline/pipeline-document.js';
import type { StageDeclaration } from '../../pipeline/stage.js';
import { readDatumRecord } from '../../repos/datum-records.js';
import { erasedOn, isErased, readErasure } from '../../repos/erasures.js';
import { type Repository, rootOf } from '../../repos/repository.js';
import { wantsOf } from '../wants.js';

/** What a stage made of an exam: its files, and how they came about. */
export interface StageOutput {
  readonly item: StageItem;
  readonly record: DatumRecord;
}

/** An exam of DICOM objects with the outcome that a commit has of it. */
export interface CommittedResult {
  readonly commit: Commit;
  readonly item: InputItem;
  readonly outcome: OutcomeItem;
  readonly era: Era;
  /** Of the stages that came to their end. */
  readonly outputs: ReadonlyMap<string, StageOutput>;
}

/**
 * Finds what a commit has of an exam, to be given back as DICOM objects.
 *
 * @param asOf `now`: the outcome has to be of what the commit wants of the exam; `then`: of what was wanted of it when the
 *   outcome was made, which is as good for a commit of the past
 * @throws ExamError `invalid-exam` for an exam that can never be given back: erased, or a folder of pictures; MammoflowError
 *   `not-found` for one that the commit does not have, or whose outcome it does not have yet
 */
export async function committedResult(
  repository: Repository,
  definitions: readonly StageDeclaration[],
  commit: Commit,
  exam: string,
  asOf: 'now' | 'then',
): Promise<CommittedResult> {
  const { store } = repository;
  const item = await repository.inputs.get(rootOf(commit, 'exams'), exam);
  if (item === undefined) {
    throw new MammoflowError(
      'not-found',
      `Commit ${commit.id.slice(0, 12)} has no exam ${exam}.`,
      'See `mammoflow ls exams`.',
    );
  }
  const erasure = await readErasure(store, exam);
  if (erasure !== undefined && isErased(erasure, item.files)) {
    throw new ExamError('invalid-exam', `Exam ${exam}: ${erasedOn(erasure)}`);
  }
  if (!isOfObjects(item.files)) {
    throw new ExamError(
      'invalid-exam',
      `Exam ${exam} is a folder of pictures: there is no study and no image that a DICOM object could refer to.`,
      'Put the study as DICOM files, and give back what is computed of those.',
    );
  }
  const wants = await wantsOf(repository, definitions, commit);
  const outcome = await repository.outcomes.get(rootOf(commit, OUTCOMES), exam);
  if (outcome === undefined || outcome.wanted !== wants.wantedOf(item, asOf === 'now' ? undefined : outcome.graph)) {
    throw new MammoflowError(
      'not-found',
      outcome === undefined
        ? `Exam ${exam} has no results yet.`
        : `The results of exam ${exam} were made with other files, models or parameters than are wanted now.`,
      'Run `mammoflow process`, then export again.',
    );
  }
  const outputs = new Map<string, StageOutput>();
  for (const { name } of wants.graphOf(item)) {
    const output = await repository.stages.get(rootOf(commit, name), exam);
    if (output === undefined) continue;
    const record = await readDatumRecord(store, name, exam, output.datum);
    if (record === undefined) {
      throw new MammoflowError(
        'missing-object',
        `The record of how ${name} of exam ${exam} came about is gone from the bucket.`,
        'Run `mammoflow verify --repair`.',
      );
    }
    outputs.set(name, { item: output, record });
  }
  return { commit, item, outcome, era: wants.eraOf(item), outputs };
}
