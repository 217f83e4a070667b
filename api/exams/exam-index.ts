import { canonicalJson, type Json } from '../../pipeline/canonical-json.js';
import {
  type Commit,
  DEFAULT_BRANCH,
  type InputItem,
  OUTCOMES,
  type OutcomeItem,
  type StageItem,
  type TreeRoot,
} from '../../pipeline/commit.js';
import { examObject } from '../../pipeline/exam-objects.js';
import { CHECKING_STAGE_NAMES } from '../../pipeline/quality-report.js';
import type { StageDeclaration } from '../../pipeline/stage.js';
import { inBatches } from '../../planning/batches.js';
import { type CommitWants, wantsOf } from '../../planning/wants.js';
import { checkedItems } from '../../repos/checked-items.js';
import { erasedOn, examOfErasure, openErasures } from '../../repos/erasures.js';
import { damagedExams, type FoundWarnings, type HeadlineReader } from '../../repos/headlines.js';
import { erasuresPrefix } from '../../repos/layout.js';
import type { ReadPredictions } from '../../repos/read-predictions.js';
import { type Repository, rootOf } from '../../repos/repository.js';

/** What the index knows of one exam of a state. */
export interface IndexedExam {
  readonly exam: string;
  /** Sequence of the commit in which its files last changed. */
  readonly since: number;
  readonly outcome: OutcomeItem | undefined;
  /** Paths of its DICOM objects, one for each device; none for a folder of pictures. */
  readonly objects: readonly string[];
  /** The digest of the models that its outcome was verified to be made with; undefined when it was made from other files. */
  readonly madeWith: string | undefined;
  /** Of the datum in the tree, wanted or not. */
  readonly predictions: ReadPredictions | undefined;
  /** Of the quality checks; undefined where there were none yet. */
  readonly warnings: readonly FoundWarnings[] | undefined;
  /** The sentence that says when it was erased. */
  readonly erased: string | undefined;
}

/** All exams of a state, held in memory. */
export interface ExamIndex {
  readonly commit: Commit;
  readonly wants: CommitWants;
  readonly exams: ReadonlyMap<string, IndexedExam>;
  /** Another one for every change of anything above. */
  readonly version: number;
}

/** Exams looked up at once: their trees' nodes are read once for all of them. */
const AT_ONCE = 500;

/** Branches that were asked for are kept, and states of the past, so many in all. */
const KEPT = 6;

export interface ExamIndexes {
  /**
   * The index of a state, brought up to it. One after the other, so that no change is worked out twice.
   *
   * @param name the branch that the commit is the head of, or the commit's id.
   */
  at(name: string, commit: Commit, definitions: readonly StageDeclaration[]): Promise<ExamIndex>;
}

/**
 * A projection of commits that lists are answered from: it holds nothing that is not in the trees and files, follows from one
 * state to another by what differs between their trees, and can be thrown away at any time.
 */
export function openExamIndexes(repository: Repository, headlines: HeadlineReader): ExamIndexes {
  /** By branch, or by commit for states of the past. What was used last is last. */
  const indexes = new Map<string, ExamIndex>();
  let erasures = new Map<string, string>();
  let damaged: ReadonlySet<string> = new Set();
  let versions = 0;
  let working: Promise<unknown> = Promise.resolve();

  async function bringTo(name: string, commit: Commit, definitions: readonly StageDeclaration[]): Promise<ExamIndex> {
    const erased = await newlyErased();
    const known = indexes.get(name);
    // A state of the past begins with whatever is there: what differs is looked up.
    const from = known ?? indexes.get(DEFAULT_BRANCH) ?? [...indexes.values()].at(-1);
    const again = new Set([...erased, ...(await newlyDamaged())]);
    const same = known !== undefined && known.commit.id === commit.id && again.size === 0;
    const index = same ? known : await follow(from, commit, definitions, again);
    indexes.delete(name);
    indexes.set(name, index);
    const [oldest] = indexes.keys();
    if (indexes.size > KEPT && oldest !== undefined) indexes.delete(oldest);
    return index;
  }

  async function follow(
    from: ExamIndex | undefined,
    commit: Commit,
    definitions: readonly StageDeclaration[],
    again: ReadonlySet<string>,
  ): Promise<ExamIndex> {
    const wants = await wantsOf(repository, definitions, commit);
    const exams = new Map(from?.exams);
    const names = from === undefined ? allNames(commit) : await changedNames(from, commit, wants, again);
    const erasureOf = await openErasures(repository.store);
    for await (const batch of inBatches(names, AT_ONCE)) {
      for (const [exam, found] of await lookUp(batch, commit, wants, erasureOf)) {
        if (found === undefined) exams.delete(exam);
        else exams.set(exam, found);
      }
    }
    await headlines.keep();
    versions += 1;
    return { commit, wants, exams, version: versions };
  }

  /** One by one in the order of the tree, whose nodes are then still at hand when their items are looked up. */
  async function* allNames(commit: Commit): AsyncGenerator<string> {
    for await (const { name } of repository.inputs.items(rootOf(commit, 'exams'))) yield name;
  }

  /** Exams of which something differs between an index and a commit, or has to be looked up again. */
  async function changedNames(
    from: ExamIndex,
    commit: Commit,
    wants: CommitWants,
    again: ReadonlySet<string>,
  ): Promise<Set<string>> {
    const names = new Set<string>();
    const before = (repo: string): TreeRoot => rootOf(from.commit, repo);
    const { inputs, outcomes, stages } = repository;
    for await (const { name } of inputs.diff(before('exams'), rootOf(commit, 'exams'))) names.add(name);
    for await (const { name } of outcomes.diff(before(OUTCOMES), rootOf(commit, OUTCOMES))) names.add(name);
    for await (const { name } of stages.diff(before('classify'), rootOf(commit, 'classify'))) names.add(name);
    for (const stage of CHECKING_STAGE_NAMES)
      for await (const { name } of stages.diff(before(stage), rootOf(commit, stage))) names.add(name);
    // What people accept of single exams is no part of the context.
    const accepted = [from.wants.document.accepted ?? {}, wants.document.accepted ?? {}] as const;
    for (const exam of new Set(accepted.flatMap((one) => Object.keys(one)))) {
      if (canonicalJson((accepted[0][exam] ?? null) as Json) !== canonicalJson((accepted[1][exam] ?? null) as Json)) {
        names.add(exam);
      }
    }
    if (wants.context() !== from.wants.context()) {
      // Those that belonged to no models may belong to one of those that are wanted now.
      for (const { exam, outcome, madeWith } of from.exams.values()) {
        if (outcome !== undefined && madeWith === undefined) names.add(exam);
      }
    }
    for (const exam of again) if (from.exams.has(exam)) names.add(exam);
    return names;
  }

  async function lookUp(
    names: readonly string[],
    commit: Commit,
    wants: CommitWants,
    erasureOf: Awaited<ReturnType<typeof openErasures>>,
  ): Promise<Map<string, IndexedExam | undefined>> {
    const [items, outcomes, checked, classified] = await Promise.all([
      repository.inputs.getMany(rootOf(commit, 'exams'), names),
      repository.outcomes.getMany(rootOf(commit, OUTCOMES), names),
      checkedItems(repository, commit, names),
      repository.stages.getMany(rootOf(commit, 'classify'), names),
    ]);
    const erased = new Map<string, string>();
    for (const item of items.values()) {
      const erasure = await erasureOf(item);
      if (erasure !== undefined) erased.set(item.name, erasedOn(erasure));
    }
    const isProcessed = ({ name }: StageItem): boolean =>
      items.has(name) && !erased.has(name) && outcomes.get(name)?.outcome === 'processed';
    const [predictions, warnings] = await Promise.all([
      headlines.predictions([...classified.values()].filter(isProcessed)),
      headlines.warnings(checked.filter(({ item }) => isProcessed(item))),
    ]);
    return new Map(
      names.map((exam): [string, IndexedExam | undefined] => {
        const item = items.get(exam);
        if (item === undefined) return [exam, undefined];
        const outcome = outcomes.get(exam);
        const madeWith = outcome && verifiedModels(item, outcome, wants);
        return [
          exam,
          {
            exam,
            since: item.since,
            outcome,
            objects: oneForEachDevice(item),
            madeWith,
            predictions: predictions.get(exam),
            warnings: warnings.get(exam),
            erased: erased.get(exam),
          },
        ];
      }),
    );
  }

  /** Exams of which something was found damaged since the last look, or was mended. */
  async function newlyDamaged(): Promise<string[]> {
    const before = damaged;
    damaged = await damagedExams(repository.store);
    const news = [...before, ...damaged].filter((exam) => before.has(exam) !== damaged.has(exam));
    headlines.drop(news);
    return news;
  }

  /** Exams that were erased since the last look, for the first time or again. Nothing of them stays in memory. */
  async function newlyErased(): Promise<Set<string>> {
    const there = new Map<string, string>();
    for await (const { key, etag } of repository.store.list(erasuresPrefix)) there.set(examOfErasure(key), etag);
    const news = new Set([...there].filter(([exam, etag]) => erasures.get(exam) !== etag).map(([exam]) => exam));
    erasures = there;
    if (news.size === 0) return news;
    headlines.drop(news);
    for (const [name, index] of indexes) {
      const exams = new Map(index.exams);
      for (const exam of news) {
        const known = exams.get(exam);
        if (known !== undefined)
          exams.set(exam, { ...known, predictions: undefined, warnings: undefined, erased: 'Erased.' });
      }
      versions += 1;
      indexes.set(name, { ...index, exams, version: versions });
    }
    return news;
  }

  return {
    at(name, commit, definitions) {
      const result = working.then(() => bringTo(name, commit, definitions));
      working = result.catch(() => undefined);
      return result;
    },
  };
}

/** Enough of an exam's paths to tell which policies its pixels have. */
const oneForEachDevice = ({ files }: InputItem): string[] =>
  [
    ...new Map(files.flatMap(({ path }) => (examObject(path) ? [[examObject(path)?.device, path]] : []))).values(),
  ] as string[];

/** Of the models that a state has, those with which an outcome is what was wanted of the exam's files. */
function verifiedModels(item: InputItem, { wanted, graph }: OutcomeItem, wants: CommitWants): string | undefined {
  if (wants.document.eras.length === 0) return undefined;
  const own = wants.eraOf(item).digest;
  const digests = new Set([own, ...wants.document.eras.map(({ digest }) => digest)]);
  return [...digests].find((digest) => wants.wantedWith(item, digest, graph) === wanted);
}
