import { MammoflowError } from '../../pipeline/errors.js';
import type { ExamExplanation, SourceFile, StageExplanation } from './explain-exam.js';

/** A file and all that it comes from, back to what people put. */
export interface FileTrace {
  readonly repo: string;
  /** The files that the datum below wrote and that are of interest here; one for the file that is traced. */
  readonly files: readonly SourceFile[];
  /** How they were made; absent for `exams`, which is where every trace ends. */
  readonly made?: StageExplanation;
  readonly from: readonly FileTrace[];
}

/**
 * Traces one file of an explained exam, `<stage>/<file>`, to its sources: the datum that wrote it, what that read of
 * each repo, and so on to the exam's object versions. A stage that several others read appears under each of them.
 * @throws MammoflowError `not-found` naming what there is instead.
 */
export function traceFile(explanation: ExamExplanation, name: string): FileTrace {
  const slash = name.indexOf('/');
  const stage = slash < 0 ? name : name.slice(0, slash);
  const path = slash < 0 ? '' : name.slice(slash + 1);
  const { exam, stages } = explanation;
  const made = stages.find((candidate) => candidate.stage === stage && candidate.files.length > 0);
  if (made === undefined) {
    const known = stages.filter(({ files }) => files.length > 0).map((candidate) => candidate.stage);
    throw new MammoflowError(
      'not-found',
      `Exam ${exam} has no files of a stage ${JSON.stringify(stage)} here.`,
      known.length === 0 ? 'It has no results at this commit.' : `It has files of ${known.join(', ')}.`,
    );
  }
  const file = made.files.find((candidate) => candidate.path === path);
  if (file === undefined) {
    throw new MammoflowError(
      'not-found',
      `${stage} of exam ${exam} has no file ${JSON.stringify(path)}.`,
      `Name one as <stage>/<file>: it wrote ${made.files.map((candidate) => candidate.path).join(', ')}.`,
    );
  }
  const { sha256, key, versionId } = file;
  return traceOf(explanation, stage, [{ repo: stage, path, sha256, key, versionId }]);
}

function traceOf(explanation: ExamExplanation, repo: string, files: readonly SourceFile[]): FileTrace {
  const made = explanation.stages.find(({ stage }) => stage === repo);
  if (made === undefined) return { repo, files, from: [] };
  const sources = new Map<string, SourceFile[]>();
  for (const input of made.inputs) {
    const known = sources.get(input.repo);
    if (known === undefined) sources.set(input.repo, [input]);
    else known.push(input);
  }
  return { repo, files, made, from: [...sources].map(([source, read]) => traceOf(explanation, source, read)) };
}
