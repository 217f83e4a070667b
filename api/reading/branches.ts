import type { Hold } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import type { Session } from '../session.js';

export interface BranchRow {
  readonly branch: string;
  readonly commit: string;
  readonly sequence: number;
  readonly time: string;
  readonly message: string;
  /** Present when it is on hold. */
  readonly hold?: Hold;
  /** What is wrong with the branch or its newest commit, which then are not shown: commit, time and message are empty. */
  readonly damage?: string;
}

/**
 * The branches with their newest commits, by name; those whose object is damaged come last.
 *
 * @example
 * for await (const { branch, sequence } of mammoflow.branches()) console.log(branch, sequence);
 */
export async function* branches({ repository }: Session): AsyncGenerator<BranchRow> {
  const damaged: BranchRow[] = [];
  const rowOf = (branch: string, commit: string, damage: string): BranchRow => ({
    branch,
    commit,
    sequence: 0,
    time: '',
    message: '',
    damage,
  });
  const heads = repository.branches(undefined, (name, error) => damaged.push(rowOf(name, '', error.sentence)));
  for await (const { name, commit, hold } of heads) {
    try {
      const { sequence, time, message } = await repository.commit(commit);
      yield { branch: name, commit, sequence, time, message, ...(hold === undefined ? {} : { hold }) };
    } catch (error) {
      if (!(error instanceof MammoflowError) || error.code === 'service-unavailable') throw error;
      yield rowOf(name, commit, error.sentence);
    }
  }
  yield* damaged;
}
