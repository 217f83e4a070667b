import { type Acceptance, acceptanceReasonSchema, acceptedName, filesDigest } from '../../pipeline/acceptance.js';
import { DEFAULT_BRANCH } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { VIEWS } from '../../pipeline/exam.js';
import type { PipelineDocument } from '../../pipeline/pipeline-document.js';
import { ALL_CHECKS } from '../../pipeline/quality-policy.js';
import { storeAcceptanceReason } from '../../repos/acceptance-reasons.js';
import { sha256Hex } from '../../repos/hash.js';
import { readPipeline, writePipeline } from '../../repos/pipeline-repo.js';
import { rootOf } from '../../repos/repository.js';
import { requireHead, type Session } from '../session.js';
import { type CommitOptions, type Committed, NO_JOB, startIfWanted } from './follow-up.js';

export interface AcceptOptions extends CommitOptions {
  readonly exam: string;
  /** The check's code, as the reason of the refusal names it. */
  readonly check: string;
  /** One view; all of them, and the exam as a whole, unless said. */
  readonly view?: string | undefined;
  /** Why, for whoever looks into the exam (`explain`). It is erased with the exam; a commit's own `message` is not. */
  readonly reason?: string;
  /** Take the acceptance back instead. */
  readonly withdraw?: boolean;
}

export interface AcceptOutcome extends Committed {
  readonly exam: string;
  /** What is accepted of the exam from now on. */
  readonly accepted: readonly string[];
}

/**
 * Lets an exam pass a quality check, or takes that back, in a commit, and starts the job that follows. It holds for the
 * files that the exam has now, and computes only what it affects.
 *
 * @throws MammoflowError `not-found` when there is no such exam, `invalid-argument` for a check or view that there is not,
 *   without a reason, or when there is nothing to take back.
 * @example
 * await mammoflow.accept({ exam: 'exam-17', check: 'breast-cut', view: 'L_MLO', reason: 'repeat view, seen by ana' });
 */
export async function accept(session: Session, options: AcceptOptions): Promise<AcceptOutcome> {
  const { repository, author, now } = session;
  const { exam, branch = DEFAULT_BRANCH, withdraw = false, reason = '' } = options;
  const check = oneOf(ALL_CHECKS, options.check, 'check');
  const view = options.view === undefined ? undefined : oneOf(VIEWS, options.view, 'view');
  if (!withdraw && !acceptanceReasonSchema.safeParse(reason).success) {
    const what =
      reason.trim() === ''
        ? 'An acceptance needs a reason.'
        : 'The reason of an acceptance has at most 1,000 characters.';
    throw new MammoflowError('invalid-argument', what, 'Say why with --reason <text>.');
  }
  const head = await requireHead(repository, branch);
  const item = await repository.inputs.get(rootOf(head, 'exams'), exam);
  if (item === undefined) {
    throw new MammoflowError('not-found', `${branch} has no exam ${exam}.`, 'See `mammoflow ls exams`.');
  }
  const files = filesDigest(item.files, sha256Hex);
  const name = acceptedName({ check, ...(view === undefined ? {} : { view }) });
  let accepted: string[] = [];
  let reasonId: string | undefined;
  const message = options.message ?? (withdraw ? `Take back that ${exam} passes ${name}` : `Let ${exam} pass ${name}`);
  const commit = await repository.commitOnto(
    branch,
    { author, message, by: { kind: 'accept' } },
    async (roots, sequence) => {
      const document = await readPipeline(repository, { roots });
      const before = document.accepted?.[exam] ?? [];
      const isThere = before.some((one) => acceptedName(one) === name && one.files === files);
      if (withdraw && !isThere) throw nothingToTakeBack(exam, name);
      if (!withdraw && !isThere) reasonId ??= await storeAcceptanceReason(repository.store, exam, reason.trim());
      const acceptance = { check, ...(view && { view }), reasonId, author, time: now().toISOString(), files };
      const kept = before.filter((one) => acceptedName(one) !== name);
      const next = withdraw ? kept : isThere ? before : [...kept, acceptance];
      accepted = next
        .filter((one) => one.files === files)
        .map(acceptedName)
        .sort();
      if (!withdraw && isThere) return undefined;
      const changed = withAcceptances(document, exam, next);
      return {
        roots: {
          ...roots,
          pipeline: await writePipeline(repository, rootOf({ roots }, 'pipeline'), changed, sequence),
        },
      };
    },
  );
  const followUp = commit === undefined ? NO_JOB : await startIfWanted(session, commit, options);
  return { exam, accepted, commit: commit?.id ?? null, ...followUp };
}

/** A document without acceptances has no entry for them, so that taking back gives the document from before. */
function withAcceptances(document: PipelineDocument, exam: string, next: readonly Acceptance[]): PipelineDocument {
  const { [exam]: _, ...others } = document.accepted ?? {};
  const accepted = next.length === 0 ? others : { ...others, [exam]: [...next] };
  const { accepted: __, ...rest } = document;
  return Object.keys(accepted).length === 0 ? rest : { ...rest, accepted };
}

function oneOf<T extends string>(known: readonly T[], given: string, what: string): T {
  const found = known.find((one) => one === given);
  if (found !== undefined) return found;
  throw new MammoflowError('invalid-argument', `There is no ${what} ${given}.`, `There are ${known.join(', ')}.`);
}

const nothingToTakeBack = (exam: string, name: string): MammoflowError =>
  new MammoflowError(
    'invalid-argument',
    `Nothing like ${name} is accepted of ${exam}.`,
    `See \`mammoflow explain ${exam}\`.`,
  );
