import { randomBytes } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { canonicalJson, type Json } from '../../pipeline/canonical-json.js';
import type { Commit } from '../../pipeline/commit.js';
import type { ProcessCommitInput, Scope } from '../../pipeline/job.js';
import { isOpen } from '../../planning/open-executions.js';
import { followingJobId, startJobAs } from '../../planning/start-job.js';
import { sha256Hex } from '../../repos/hash.js';
import { writeJson } from '../../repos/json-objects.js';
import { jobScopeKey } from '../../repos/layout.js';
import type { ObjectStore } from '../../repos/object-store.js';

/** Characters of names in a workflow's argument; more are put into the bucket. */
const LONGEST_SCOPE = 50_000;

/**
 * Starts the job that brings results up to what `commit` wants, or joins the one that does so for the same commit and the
 * same exams: two of them would compute the same twice. The id says branch and commit to whoever reads it.
 *
 * @param store where names are put that are too many for a workflow's argument.
 * @returns the job's id.
 */
export async function startJob(
  client: Client,
  commit: Commit,
  input: ProcessCommitInput & { branch: string },
  store?: ObjectStore,
): Promise<string> {
  const job = jobId(commit, input.branch, input.only ?? 'affected');
  const scoped = { ...input, ...(await shortScope(job, input.only, store)) };
  if (await startJobAs(client, job, commit, scoped)) return job;
  const { status } = await client.workflow.getHandle(job).describe();
  if (isOpen(status.name) || status.name === 'CONTINUED_AS_NEW') return job;
  // That one has ended: whoever asks again means it.
  const again = `${input.branch}-${commit.sequence}-${randomBytes(3).toString('hex')}`;
  await startJobAs(client, again, commit, scoped);
  return again;
}

/** Equal for the same commit and the same exams; for whatever is affected it is the id that follows from the commit. */
function jobId(commit: Commit, branch: string, only: Scope): string {
  if (only === 'affected') return followingJobId(branch, commit);
  const digest = sha256Hex(
    canonicalJson({ commit: commit.id, only: Array.isArray(only) ? [...only].sort() : only } as Json),
  );
  return `${branch}-${commit.sequence}-${digest.slice(0, 6)}`;
}

async function shortScope(
  job: string,
  only: Scope | undefined,
  store: ObjectStore | undefined,
): Promise<{ only?: Scope }> {
  if (only === undefined) return {};
  if (store === undefined || !Array.isArray(only) || only.join().length <= LONGEST_SCOPE) return { only };
  const key = jobScopeKey(job);
  await writeJson(store, key, { exams: only });
  return { only: { listedIn: key } };
}
