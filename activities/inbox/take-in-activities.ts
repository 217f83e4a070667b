import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { MammoflowError } from '../../pipeline/errors.js';
import { INBOX_REPOS } from '../../pipeline/inbox.js';
import { type InboxSettings, inboxSettingsSchema } from '../../pipeline/inbox-settings.js';
import type { TakeInSettings } from '../../pipeline/take-in.js';
import { type InboxLook, lookIntoInbox, type SeenCorrections } from '../../planning/look-into-inbox.js';
import { type Started, startFollowingJob } from '../../planning/start-job.js';
import { forgetSorted } from '../../repos/dicom-inbox.js';
import { forgetRefusals } from '../../repos/inbox.js';
import type { Repository } from '../../repos/repository.js';
import type { ControlDependencies } from '../dependencies.js';
import { sortObjects } from './sort-objects.js';
import { type BundleTakenIn, type TakeInBundleRequest, takeInBundle } from './take-in-bundle.js';
import { type TakeInRequest, type TakenIn, takeInExams } from './take-in-exams.js';
import { type ObjectsIntake, type TakeInStudiesRequest, takeInStudies } from './take-in-studies.js';

/** What lies in the inbox, and by which times that was judged. */
export type InboxLookAround = InboxLook & { readonly settings: InboxSettings };

export interface LookAround {
  /** The workflow's argument: what it gives goes before what the worker is configured with. */
  readonly given: TakeInSettings;
  readonly lastLook?: number;
  readonly seen?: SeenCorrections;
}

/** The steps of taking in. Every error is tried again: the inbox stays as it is until they succeed. */
export interface TakeInActivities {
  /** Lists what lies in the inbox, and tells the log what has been incomplete for too long. */
  lookAround(request: LookAround): Promise<InboxLookAround>;
  takeInExams(request: TakeInRequest): Promise<TakenIn>;
  /** The same of studies of DICOM objects, without identity. */
  takeInStudies(request: TakeInStudiesRequest): Promise<TakenIn>;
  takeInBundle(request: TakeInBundleRequest): Promise<BundleTakenIn>;
  /** Starts the job that follows from a commit, if there is one and the branch is not on hold. */
  startFollowingJob(branch: string, commit: string): Promise<Started>;
  /** The commit that the inbox was last taken into, where only jobs have committed since. */
  lastTakenIn(branch: string): Promise<string | undefined>;
}

export interface TakeInDependencies extends ControlDependencies {
  /** When what lies in the inbox is taken in, unless the workflow's argument says otherwise. */
  readonly inbox: InboxSettings;
  /** What taking in DICOM objects needs; without, they wait, and `mammoflow inbox` says for what. */
  readonly objects?: ObjectsIntake;
}

/** What a report names; the rest is counted. Every look leaves it in the workflow's history. */
const SHOWN = 50;
/** Exams a commit. */
const BATCH = 200;
/** Studies a commit: their objects lie on the worker's disk one study at a time, and are some 70 MB each. */
const STUDIES = 16;
/** After a look that could not open all that is new. */
const SOON_MS = 100;
const HEARTBEAT_MS = 3_000;
/** Commits of jobs that are passed over in looking for the one they work on. */
const COMMITS_BACK = 500;

export function createTakeInActivities({
  repository,
  client,
  stages,
  inbox,
  objects = { open: undefined, folder: '' },
}: TakeInDependencies): TakeInActivities {
  const log = () => Context.current().log;
  const tell = (taken: TakenIn): void => {
    for (const { exam, reason } of taken.refused) log().warn('refused in the inbox', { exam, reason });
    for (const { exam, reason } of taken.failed) log().warn('not taken in yet', { exam, reason });
    for (const flag of taken.flagged) log().warn('taken in, but to be looked at', { flag });
    log().info('taken in', { exams: taken.exams, commit: taken.commit });
  };
  return {
    lookAround: steadily(async ({ given, lastLook, seen = {} }) => {
      const { branch, ...times } = given;
      const settings = inboxSettingsSchema.parse({ ...inbox, ...times });
      const { more, held } = await sortObjects(repository.store, objects.open);
      if (held !== undefined) log().warn('DICOM objects wait in the inbox', { reason: held });
      const request = { branch, settings, shown: SHOWN, batch: BATCH, studies: STUDIES, seen };
      const look = await lookIntoInbox(repository, { ...request, ...(lastLook === undefined ? {} : { lastLook }) });
      for (const { repo, name, missing, since } of look.newlyOverdue) {
        log().warn('incomplete for too long in the inbox', { repo, name, missing, since });
      }
      await forgetOutdated(repository, look.outdated);
      await forgetSorted(repository.store, look.outdatedObjects);
      const { nextLookMs = SOON_MS } = look;
      return { ...look, settings, ...(more && { nextLookMs: Math.min(nextLookMs, SOON_MS) }) };
    }),
    takeInExams: steadily(async (request) => {
      const taken = await takeInExams(repository, request);
      tell(taken);
      return taken;
    }),
    takeInStudies: steadily(async (request) => {
      const taken = await takeInStudies(repository, request, objects);
      tell(taken);
      return taken;
    }),
    takeInBundle: steadily(async (request) => {
      const taken = await takeInBundle(repository, request);
      if (taken.reason !== undefined) {
        log().warn('refused in the inbox', { bundle: request.folder, reason: taken.reason });
      } else {
        log().info('taken in', { bundle: taken.bundle, arrival: taken.arrival, commit: taken.commit });
      }
      return taken;
    }),
    startFollowingJob: steadily((branch, commit) => startFollowingJob(repository, client, stages, branch, commit)),
    lastTakenIn: steadily((branch) => lastTakenIn(repository, branch)),
  };
}

async function lastTakenIn(repository: Repository, branch: string): Promise<string | undefined> {
  let commit = await repository.head(branch);
  for (let steps = 0; commit?.by.kind === 'job' && steps < COMMITS_BACK; steps += 1) {
    commit = await repository.parent(commit);
  }
  return commit?.by.kind === 'take-in' ? commit.id : undefined;
}

async function forgetOutdated({ store }: Repository, outdated: readonly string[]): Promise<void> {
  for (const item of outdated) {
    const repo = INBOX_REPOS.find((candidate) => item.startsWith(`${candidate}/`));
    if (repo !== undefined) await forgetRefusals(store, repo, item.slice(repo.length + 1));
  }
}

/**
 * An activity that heartbeats while it works, and whose errors are all tried again: a bucket without versions, say, is
 * somebody's to mend, and then taking in goes on. The sentence shows as the activity's last failure.
 */
function steadily<Arguments extends unknown[], Result>(
  activity: (...args: Arguments) => Promise<Result>,
): (...args: Arguments) => Promise<Result> {
  return async (...args) => {
    const context = Context.current();
    const timer = setInterval(() => context.heartbeat(), HEARTBEAT_MS);
    try {
      return await activity(...args);
    } catch (error) {
      if (!(error instanceof MammoflowError)) throw error;
      throw ApplicationFailure.create({ message: error.sentence, type: error.code, nonRetryable: false, cause: error });
    } finally {
      clearInterval(timer);
    }
  };
}
