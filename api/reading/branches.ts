import type { Hold } from '../../pipeline/commit.js';
import type { Session } from '../session.js';

export interface BranchRow {
  readonly branch: string;
  readonly commit: string;
  readonly sequence: number;
  readonly time: string;
  readonly message: string;
  /** Present when it is on hold. */
  readonly hold?: Hold;
}

/**
 * The branches with their newest commits, by name.
 *
 * @example
 * for await (const { branch, sequence } of mammoflow.branches()) console.log(branch, sequence);
 */
export async function* branches({ repository }: Session): AsyncGenerator<BranchRow> {
  for await (const { name, commit, hold } of repository.branches()) {
    const { sequence, time, message } = await repository.commit(commit);
    yield { branch: name, commit, sequence, time, message, ...(hold === undefined ? {} : { hold }) };
  }
}
