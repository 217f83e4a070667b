import { type Commit, DEFAULT_BRANCH } from '../../pipeline/commit.js';
import { requireRepo } from '../../repos/repository.js';
import type { Session } from '../session.js';

export interface LogOptions {
  /** Only commits that changed this repo. */
  readonly repo?: string | undefined;
  /** Where to begin: a commit, a branch, or `branch~n`; `main` unless said. */
  readonly ref?: string;
  /** Leave out commits that only hold the results of jobs. */
  readonly withoutResults?: boolean;
  /** Go on after this commit, the last of an earlier page. */
  readonly after?: string | undefined;
  /** End after so many. */
  readonly limit?: number | undefined;
}

export interface LogEntry extends Pick<Commit, 'sequence' | 'parent' | 'time' | 'author' | 'message' | 'by'> {
  readonly commit: string;
}

/**
 * The commits behind a state, newest first, one by one. To page, take `limit` of them and go on with `after` the last
 * one's commit.
 *
 * @throws MammoflowError `unknown-reference` for a state that is not there, `not-found` for a repo that it does not have.
 * @example
 * for await (const { sequence, message } of mammoflow.log({ repo: 'exams', limit: 10 })) console.log(sequence, message);
 */
export async function* log({ repository }: Session, options: LogOptions = {}): AsyncGenerator<LogEntry> {
  const { repo, ref = DEFAULT_BRANCH, withoutResults = false, after, limit = Number.POSITIVE_INFINITY } = options;
  if (limit <= 0) return;
  const from = await repository.resolve(after ?? ref, after === undefined ? repo : undefined);
  if (repo !== undefined) requireRepo(from, repo);
  let given = 0;
  for await (const { id, sequence, parent, time, author, message, by } of repository.log(from, repo)) {
    if (id === after || (withoutResults && by.kind === 'job')) continue;
    yield { commit: id, sequence, parent, time, author, message, by };
    given += 1;
    if (given >= limit) return;
  }
}
