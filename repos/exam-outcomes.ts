import type { Json } from '../pipeline/canonical-json.js';
import { type ExamOutcome, examOutcomeSchema } from '../pipeline/job.js';
import { readDerivedJson, readJson, writeJson } from './json-objects.js';
import { jobOutcomeKey, knownOutcomeKey } from './layout.js';
import type { ObjectStore } from './object-store.js';

/** What became of an exam in one job. */
export const readJobOutcome = (store: ObjectStore, job: string, exam: string): Promise<ExamOutcome | undefined> =>
  readJson(store, jobOutcomeKey(job, exam), examOutcomeSchema) as Promise<ExamOutcome | undefined>;

/**
 * The results that are known for what is wanted of an exam, whichever job, commit or branch they were made for. Undefined
 * when there are none, or the object is damaged: the exam is then looked at again, which writes it anew.
 */
export const readKnownOutcome = (store: ObjectStore, exam: string, wanted: string): Promise<ExamOutcome | undefined> =>
  readDerivedJson(store, knownOutcomeKey(exam, wanted), examOutcomeSchema) as Promise<ExamOutcome | undefined>;

/**
 * Writes an exam's outcome for its job, and, if it `lasts`, for everybody who will want the same of it: results, and a
 * failure that comes again for the same files. One that is there is replaced if it names other files, which were lost and
 * have been made again, or if it failed and this one did not; results are never replaced by a failure.
 */
export async function writeOutcome(
  store: ObjectStore,
  job: string,
  outcome: ExamOutcome,
  { lasts }: { readonly lasts: boolean },
): Promise<void> {
  const { name, wanted } = outcome.outcome;
  const document = outcome as unknown as Json;
  if (lasts) {
    const key = knownOutcomeKey(name, wanted);
    if ((await writeJson(store, key, document, { ifAbsent: true })) === undefined) {
      const known = await readKnownOutcome(store, name, wanted);
      if (known === undefined || replaces(outcome, known)) await writeJson(store, key, document);
    }
  }
  await writeJson(store, jobOutcomeKey(job, name), document);
}

function replaces(outcome: ExamOutcome, known: ExamOutcome): boolean {
  const [now, before] = [outcome.outcome.outcome, known.outcome.outcome];
  return now === before ? versionsOf(outcome) !== versionsOf(known) : before === 'failed';
}

const versionsOf = ({ stages }: ExamOutcome): string =>
  Object.keys(stages)
    .sort()
    .flatMap((stage) => stages[stage]?.files.map(({ path, versionId }) => `${stage}/${path} ${versionId}`) ?? [])
    .join('\n');
