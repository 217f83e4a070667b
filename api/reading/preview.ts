import pLimit from 'p-limit';
import type { Json } from '../../pipeline/canonical-json.js';
import {
  type Commit,
  DEFAULT_BRANCH,
  INPUT_REPOS,
  type InputItem,
  OUTCOMES,
  type StageItem,
} from '../../pipeline/commit.js';
import { type DatumRecord, datumKey, datumKeyDocument, stageLabels } from '../../pipeline/datum.js';
import { tellingStages } from '../../pipeline/exam-objects.js';
import { upstreamStages } from '../../pipeline/graph.js';
import { durationText } from '../../pipeline/inbox.js';
import { jobSummarySchema } from '../../pipeline/job.js';
import { warningsLabel } from '../../pipeline/quality-report.js';
import { examStates, findCandidates } from '../../planning/candidates.js';
import { type CommitWants, wantsOf } from '../../planning/wants.js';
import { readDatumRecord } from '../../repos/datum-records.js';
import { readKnownOutcome } from '../../repos/exam-outcomes.js';
import { sha256Hex } from '../../repos/hash.js';
import { readJson } from '../../repos/json-objects.js';
import { jobSummaryKey } from '../../repos/layout.js';
import { type Repository, type Roots, rootOf } from '../../repos/repository.js';
import { revert } from '../changing/revert.js';
import { setStage } from '../changing/set-stage.js';
import { useBundle } from '../changing/use-bundle.js';
import { requireHead, type Session } from '../session.js';

/** A change that could be made: with what the verb of that name takes. */
export type ProposedChange =
  | { readonly change: 'revert'; readonly branch?: string; readonly repo: string; readonly ref: string }
  | { readonly change: 'move'; readonly branch?: string; readonly ref: string }
  | { readonly change: 'model'; readonly branch?: string; readonly bundle: string; readonly for: 'all' | 'new' }
  | {
      readonly change: 'stage';
      readonly branch?: string;
      readonly stage: string;
      readonly parameters?: Readonly<Record<string, Json>>;
      readonly queue?: string | undefined;
      readonly version?: string | undefined;
      readonly reset?: boolean | undefined;
    }
  /** None: what a job on the branch as it is would do. */
  | { readonly change: 'process'; readonly branch?: string; readonly only?: 'affected' | 'failed' | 'all' };

/** What a change would lead to. */
export interface Preview {
  /** The head of the branch that it was worked out for. */
  readonly head: string;
  /** For people: "432 exams, 2 stages, about 40 minutes at the current rate; 1,180 known already." */
  readonly sentence: string;
  /** Exams of the state after the change. */
  readonly total: number;
  /** Those for which something has to be computed. */
  readonly compute: number;
  /** Those that want other results, all of which are known. */
  readonly known: number;
  readonly unchanged: number;
  /** Those of the known that are known to fail. */
  readonly failing: number;
  /** What comes, goes or changes in the repos that people fill. */
  readonly inputs: { readonly added: number; readonly removed: number; readonly changed: number };
  /**
   * For how many exams each stage is computed. `after`: its inputs come from a stage that is computed too, so that it is
   * spared where those turn out as they were. Counted on a sample where there are many exams.
   */
  readonly stages: readonly { readonly stage: string; readonly exams: number; readonly after: boolean }[];
  /** At the rate of the newest results; null where there are none. */
  readonly seconds: number | null;
}

/** Exams whose stages are looked up one by one; what they have in common is taken for all. */
const SAMPLE = 40;
/** Known results are looked up at this pace. */
const CONCURRENCY = 32;

/**
 * What a change would recompute, before it is made. Changes nothing: the verb itself is run on a branch that does not move.
 *
 * @throws MammoflowError as the verb would.
 * @example
 * const { sentence } = await mammoflow.preview({ change: 'model', bundle: 'nyu-v2', for: 'all' });
 */
export async function preview(session: Session, proposed: ProposedChange): Promise<Preview> {
  const { repository } = session;
  const definitions = await session.stages();
  const { branch = DEFAULT_BRANCH } = proposed;
  const head = await requireHead(repository, branch);
  const after = await stateAfter(session, head, { ...proposed, branch });
  const wants = await wantsOf(repository, definitions, after);
  const total = rootOf(after, 'exams').items;
  const inputs = await changedInputs(repository, head, after);
  if (wants.document.eras.length === 0) {
    const nothing = { compute: 0, known: 0, failing: 0, stages: [], seconds: null };
    const sentence = 'Nothing to compute: no model bundle is in use.';
    return { head: head.id, sentence, total, unchanged: total, inputs, ...nothing };
  }

  const only = proposed.change === 'process' ? (proposed.only ?? 'affected') : 'affected';
  const missing: InputItem[] = [];
  let known = 0;
  let failing = 0;
  const limit = pLimit(CONCURRENCY);
  const looking: Promise<void>[] = [];
  const candidates =
    only === 'affected'
      ? await findCandidates(repository, after, wants)
      : { exams: () => repository.inputs.walk(rootOf(after, 'exams')), toMend: new Set<string>(), walks: true };
  for await (const { item, wanted, outcome, isSettled } of examStates(repository, after, wants, candidates)) {
    const failed = isSettled && outcome?.outcome === 'failed';
    if (only === 'failed' ? !failed : only === 'affected' && isSettled) continue;
    looking.push(
      limit(async () => {
        const found = await readKnownOutcome(repository.store, item.name, wanted);
        const fails = found?.outcome.outcome === 'failed';
        // Whoever names a scope wants what failed tried again.
        if (found === undefined || (fails && only !== 'affected')) missing.push(item);
        else known += 1;
        if (fails && only === 'affected') failing += 1;
      }),
    );
  }
  await Promise.all(looking);

  const { stages, seconds } = await workOf(repository, head, wants, missing);
  const compute = missing.length;
  const counts = { total, compute, known, failing, unchanged: Math.max(0, total - compute - known) };
  return { head: head.id, sentence: sentenceOf(counts, stages, seconds), inputs, ...counts, stages, seconds };
}

type OnBranch = ProposedChange & { readonly branch: string };

/** The state that a change would leave, as the verb that makes it works it out. */
async function stateAfter(session: Session, head: Commit, proposed: OnBranch): Promise<Commit> {
  const { repository } = session;
  if (proposed.change === 'process') return head;
  if (proposed.change === 'move') return repository.resolve(proposed.ref);
  let roots: Roots = head.roots;
  // Trees are stored under their hashes, and those that nothing leads to are cleaned up by `gc`; the branch stays.
  const dry: Session = {
    ...session,
    repository: {
      ...repository,
      async commitOnto(_branch, _details, change) {
        roots = (await change(head.roots, head.sequence + 1, head))?.roots ?? head.roots;
        return undefined;
      },
    },
  };
  const { change: _, ...options } = proposed;
  if (proposed.change === 'revert')
    await revert(dry, { ...options, repo: proposed.repo, ref: proposed.ref, process: false });
  if (proposed.change === 'model') {
    await useBundle(dry, { branch: proposed.branch, bundle: proposed.bundle, for: proposed.for, process: false });
  }
  if (proposed.change === 'stage') await setStage(dry, { ...proposed, process: false });
  return { ...head, sequence: head.sequence + 1, roots: { ...roots } };
}

async function changedInputs(repository: Repository, before: Commit, after: Commit): Promise<Preview['inputs']> {
  const counts = { added: 0, removed: 0, changed: 0 };
  for (const repo of INPUT_REPOS) {
    for await (const change of repository.inputs.diff(rootOf(before, repo), rootOf(after, repo))) {
      if (change.before === undefined) counts.added += 1;
      else if (change.after === undefined) counts.removed += 1;
      else counts.changed += 1;
    }
  }
  return counts;
}

/** Which stages have to be computed for some exams, and how long that takes. */
async function workOf(
  repository: Repository,
  head: Commit,
  wants: CommitWants,
  exams: readonly InputItem[],
): Promise<Pick<Preview, 'stages' | 'seconds'>> {
  if (exams.length === 0) return { stages: [], seconds: 0 };
  const step = Math.max(1, exams.length / SAMPLE);
  const sample = Array.from(
    { length: Math.min(SAMPLE, exams.length) },
    (_, index) => exams[Math.floor(index * step)] as InputItem,
  );
  const counts = new Map<string, { exams: number; after: number }>(
    wants.graph.map(({ name }) => [name, { exams: 0, after: 0 }]),
  );
  await Promise.all(
    sample.map(async (item) => {
      for (const [stage, how] of await stagesToCompute(repository, wants, item)) {
        const count = counts.get(stage);
        if (count === undefined) continue;
        count.exams += 1;
        if (how === 'after') count.after += 1;
      }
    }),
  );
  const scale = exams.length / sample.length;
  const stages = [...counts].flatMap(([stage, count]) =>
    count.exams === 0
      ? []
      : [{ stage, exams: Math.max(1, Math.round(count.exams * scale)), after: count.after === count.exams }],
  );
  const pace = await paceOf(repository, head, wants);
  const work = stages.reduce<number | null>((sum, { stage, exams: count }) => {
    const each = pace?.seconds.get(stage);
    return sum === null || each === undefined ? null : sum + each * count;
  }, 0);
  return { stages, seconds: work === null || pace === undefined ? null : Math.round(work / pace.atOnce) };
}

/** Walks the graph as a job would: a stage whose datum has a record is known, and so is what it wrote. */
async function stagesToCompute(
  repository: Repository,
  wants: CommitWants,
  item: InputItem,
): Promise<Map<string, 'now' | 'after'>> {
  const era = wants.eraOf(item);
  const files = new Map<string, InputItem['files']>([['exams', item.files]]);
  const records = new Map<string, DatumRecord>();
  const computed = new Map<string, 'now' | 'after'>();
  const graph = wants.graphOf(item);
  for (const node of graph) {
    // What is drawn into pictures is known once those that look at them have looked.
    const told = tellingStages(node, graph);
    if ([...upstreamStages(node), ...told].some((stage) => !files.has(stage))) {
      computed.set(node.name, 'after');
      continue;
    }
    const inputs = Object.fromEntries(node.upstream.map((repo) => [repo, files.get(repo) ?? []]));
    const warnings = warningsLabel(told.flatMap((stage) => records.get(stage) ?? []));
    const labels = { ...stageLabels(era, wants.acceptedOf(item), wants.pixelsOf(item)), warnings };
    const document = datumKeyDocument(node, item.name, era.models, inputs, labels);
    const record = await readDatumRecord(repository.store, node.name, item.name, datumKey(document, sha256Hex));
    if (record === undefined) computed.set(node.name, 'now');
    else {
      files.set(node.name, record.files);
      records.set(node.name, record);
    }
  }
  return computed;
}

/** How long stages took in the mean, and how many of them were under way at once in the newest job. */
async function paceOf(
  repository: Repository,
  head: Commit,
  wants: CommitWants,
): Promise<{ readonly seconds: ReadonlyMap<string, number>; readonly atOnce: number } | undefined> {
  const names: string[] = [];
  let job: string | undefined;
  for await (const outcome of repository.outcomes.items(rootOf(head, OUTCOMES))) {
    if (outcome.outcome !== 'processed') continue;
    names.push(outcome.name);
    job = outcome.job;
    if (names.length === SAMPLE / 2) break;
  }
  const seconds = new Map<string, number>();
  await Promise.all(
    wants.graph.map(async ({ name }) => {
      const items = await repository.stages.getMany(rootOf(head, name), names);
      const took = await Promise.all([...items.values()].map((item) => secondsOf(repository, name, item)));
      const measured = took.filter((value) => value !== undefined);
      if (measured.length > 0) seconds.set(name, measured.reduce((sum, value) => sum + value, 0) / measured.length);
    }),
  );
  if (seconds.size === 0) return undefined;
  const summary =
    job === undefined ? undefined : await readJson(repository.store, jobSummaryKey(job), jobSummarySchema);
  const wall = (Date.parse(summary?.finishedAt ?? '') - Date.parse(summary?.startedAt ?? '')) / 1_000;
  const work = Object.entries(summary?.stages ?? {}).reduce(
    (sum, [stage, { computed }]) => sum + computed * (seconds.get(stage) ?? 0),
    0,
  );
  return { seconds, atOnce: wall > 0 && work > wall ? work / wall : 1 };
}

async function secondsOf(repository: Repository, stage: string, item: StageItem): Promise<number | undefined> {
  const record: DatumRecord | undefined = await readDatumRecord(repository.store, stage, item.name, item.datum);
  return record && (Date.parse(record.finishedAt) - Date.parse(record.startedAt)) / 1_000;
}

const number = new Intl.NumberFormat('en-GB');

function sentenceOf(
  { compute, known, failing }: Pick<Preview, 'compute' | 'known' | 'failing'>,
  stages: Preview['stages'],
  seconds: number | null,
): string {
  const count = (of: number, what: string): string => `${number.format(of)} ${what}${of === 1 ? '' : 's'}`;
  const failures = failing === 0 ? '' : `, ${number.format(failing)} of which fail`;
  const rest = known === 0 ? '' : `; ${number.format(known)} known already${failures}`;
  if (compute === 0) return known === 0 ? 'Nothing to compute.' : `Nothing to compute${rest}.`;
  const time =
    seconds === null ? 'for how long is not known yet' : `about ${durationText(seconds * 1_000)} at the current rate`;
  return `${count(compute, 'exam')}, ${count(stages.length, 'stage')}, ${time}${rest}.`;
}
