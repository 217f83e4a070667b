import assert from 'node:assert/strict';
import { type Commit, EMPTY_ROOT, type InputItem, OUTCOMES, type OutcomeItem } from '../../pipeline/commit.js';
import { type ExamState, examStates, findCandidates } from '../../planning/candidates.js';
import type { CommitWants } from '../../planning/wants.js';
import { writeMemo } from '../../repos/memo.js';
import { openRepository, type Repository, rootOf } from '../../repos/repository.js';
import { storeOf } from '../support/repository.js';
import { freshBucket } from '../support/services.js';

const CONTEXT = 'c'.repeat(64);
const WANTED = 'b'.repeat(64);

/** What one era wants, the same of every exam. */
const wants = {
  document: { eras: [{ bundle: 'm', fromSequence: 0 }] },
  context: () => CONTEXT,
  wantedOf: () => WANTED,
} as unknown as CommitWants;

/** A commit with these exams, all of which have what is wanted. */
async function commitOf({ inputs, outcomes }: Repository, names: readonly string[]): Promise<Commit> {
  const exams = new Map(names.map((name): [string, InputItem] => [name, { name, files: [], since: 1 }]));
  const known = { wanted: WANTED, graph: CONTEXT, outcome: 'processed', bundle: 'm', job: 'j' } as const;
  const results = new Map(names.map((name): [string, OutcomeItem] => [name, { name, files: [], ...known }]));
  return {
    roots: { exams: await inputs.edit(EMPTY_ROOT, exams), [OUTCOMES]: await outcomes.edit(EMPTY_ROOT, results) },
  } as unknown as Commit;
}

describe('exams that may need something', () => {
  const names = (from: number, count: number): string[] =>
    Array.from({ length: count }, (_, index) => `exam-${from + index}`);

  it('are those that differ from a complete state, or all where most do, each settled once', async () => {
    const s3 = await freshBucket();
    const store = storeOf(s3);
    try {
      const repository = openRepository(store);
      const state = await commitOf(repository, names(0, 2_000));
      const roots = { exams: rootOf(state, 'exams'), results: { [OUTCOMES]: rootOf(state, OUTCOMES) } };
      const counts = { processed: 2_000, failed: 0 };
      await writeMemo(store, { schemaVersion: 1, context: CONTEXT, sequence: 1, job: 'j', ...roots, ...counts });
      const cases = [
        { exams: names(0, 2_003), walks: false, candidates: 3 },
        // As many exams, nearly all of them others; and so many more that it need not be looked at.
        { exams: names(1_900, 2_000), walks: true, candidates: 2_000 },
        { exams: names(0, 4_000), walks: true, candidates: 4_000 },
      ];
      for (const { exams, walks, candidates } of cases) {
        const fresh = openRepository(store);
        const commit = await commitOf(fresh, exams);
        const found = await findCandidates(fresh, commit, wants);
        assert.equal(found.walks, walks);
        const states: ExamState[] = [];
        for await (const examState of examStates(fresh, commit, wants, found)) states.push(examState);
        assert.equal(states.length, candidates);
        assert.ok(states.every(({ isSettled }) => isSettled));
        assert.equal(found.settled.processed + states.length, exams.length);
      }
    } finally {
      store.close();
    }
  });
});
