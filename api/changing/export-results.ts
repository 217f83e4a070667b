import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeObjects } from '../../dicom/objects/write-objects.js';
import { type Commit, DEFAULT_BRANCH } from '../../pipeline/commit.js';
import type { DeliveryOutcome } from '../../pipeline/delivery.js';
import type { Destination } from '../../pipeline/destination.js';
import { ExamError, MammoflowError } from '../../pipeline/errors.js';
import { jobPageSchema, jobSettingsSchema } from '../../pipeline/job.js';
import { type FindingOptions, findingOptionsSchema, type ObjectKind } from '../../pipeline/result-objects.js';
import { type CommittedResult, committedResult } from '../../planning/delivery/committed-result.js';
import { destinationsOf, requireDestination } from '../../planning/delivery/destinations.js';
import { pixelsOf } from '../../planning/delivery/exam-result-of.js';
import { resultToWrite } from '../../planning/delivery/result-to-write.js';
import { startDelivery } from '../../planning/delivery/start-delivery.js';
import { readJson } from '../../repos/json-objects.js';
import { jobPlanPrefix, jobSettingsKey } from '../../repos/layout.js';
import { rootOf } from '../../repos/repository.js';
import { isBranchHead, resolveState } from '../resolve-state.js';
import { requireHead, type Session } from '../session.js';

export interface ExportOptions {
  /** An exam, or a job: then of every exam that it processed. */
  readonly what: string;
  /** A commit, a branch, `branch~n`, or a job that has ended; `main` unless said, and the job's own state for a job. */
  readonly ref?: string | undefined;
  /** A folder, or the name of a destination. */
  readonly to: { readonly folder: string } | { readonly destination: string };
  /** For a folder: which objects; all but parametric maps unless said. */
  readonly objects?: readonly ObjectKind[] | undefined;
  readonly findings?: Partial<FindingOptions>;
  /**
   * For a folder: whose patient and study the objects name. `if-known`, unless said: the original ones where the map has the
   * exam, and pseudonyms otherwise.
   */
  readonly identity?: 'original' | 'pseudonyms' | 'if-known';
  /** For a folder: files that are there with another content are replaced. */
  readonly force?: boolean | undefined;
  /** For a destination: send what it has said to have, too. */
  readonly again?: boolean | undefined;
  /** For a destination: wait until each delivery has ended. */
  readonly wait?: boolean | undefined;
  /** For a destination: whose settings apply; `main` unless said. */
  readonly branch?: string | undefined;
  readonly signal?: AbortSignal;
}

/** What became of one exam. */
export interface ExportedExam {
  readonly exam: string;
  /** Files that were written, or are there with this content already. */
  readonly files?: readonly string[];
  /** Whose patient and study they name. */
  readonly identity?: 'original' | 'pseudonyms';
  /** The workflow that delivers it. */
  readonly workflow?: string;
  /** What came of it, where it was waited for. */
  readonly delivery?: DeliveryOutcome;
  /** Why nothing of it is exported. */
  readonly reason?: string;
}

/**
 * Gives results back as DICOM objects: to a folder, or to a destination by a workflow of its own. Exams that cannot be given
 * back (folders of pictures, exams without results) say why, and keep no other from it.
 *
 * @throws MammoflowError `not-found` where there is no such exam, job or destination; `invalid-argument` for options that do not
 *   go together; for a single exam, what keeps it from being exported.
 * @example
 * for await (const { exam, files } of mammoflow.exportResults({ what: 'dx-3f0c…', to: { folder: './out' } })) console.log(exam, files);
 */
export async function* exportResults(session: Session, options: ExportOptions): AsyncGenerator<ExportedExam> {
  const { repository } = session;
  checkOptions(options);
  const { commit, exams, isJob } = await whatToExport(session, options);
  const asOf = (await isBranchHead(repository, commit)) ? 'now' : 'then';
  const stages = await session.stages();
  const give = await giverTo(session, options, commit, isJob || options.ref !== undefined);
  for (const exam of exams) {
    options.signal?.throwIfAborted();
    try {
      yield await give(await committedResult(repository, stages, commit, exam, asOf));
    } catch (error) {
      const keepsOthers =
        isJob && error instanceof MammoflowError && (error instanceof ExamError || error.code === 'not-found');
      if (!keepsOthers) throw error;
      yield { exam, reason: error.sentence };
    }
  }
}

function checkOptions(options: ExportOptions): void {
  const forFolder = ['objects', 'findings', 'identity', 'force'] as const;
  const forDestination = ['again', 'wait'] as const;
  const wrong = ('folder' in options.to ? forDestination : forFolder).find((name) => options[name] !== undefined);
  if (wrong === undefined) return;
  throw new MammoflowError(
    'invalid-argument',
    `\`${wrong}\` does not go with a ${'folder' in options.to ? 'folder' : 'destination'}.`,
    'folder' in options.to
      ? 'Leave it out.'
      : 'Set it with `mammoflow destination set`, so that it is the same every time.',
  );
}

async function whatToExport(
  { repository }: Session,
  { what, ref }: ExportOptions,
): Promise<{ commit: Commit; exams: string[]; isJob: boolean }> {
  const commit = await resolveState(repository, ref ?? DEFAULT_BRANCH);
  if ((await repository.inputs.get(rootOf(commit, 'exams'), what)) !== undefined) {
    return { commit, exams: [what], isJob: false };
  }
  const { store } = repository;
  if ((await readJson(store, jobSettingsKey(what), jobSettingsSchema)) === undefined) {
    throw new MammoflowError(
      'not-found',
      `There is neither an exam nor a job ${what}.`,
      'See `mammoflow ls exams` and `mammoflow jobs`.',
    );
  }
  const exams: string[] = [];
  for await (const { key } of store.list(jobPlanPrefix(what))) {
    for (const { exam } of (await readJson(store, key, jobPageSchema))?.exams ?? []) exams.push(exam);
  }
  return {
    commit: ref === undefined ? await resolveState(repository, what) : commit,
    exams: exams.sort(),
    isJob: true,
  };
}

type Giver = (committed: CommittedResult) => Promise<ExportedExam>;

async function giverTo(session: Session, options: ExportOptions, commit: Commit, ofCommit: boolean): Promise<Giver> {
  const { to } = options;
  if ('folder' in to) return (committed) => toFolder(session, committed, to.folder, options);
  const branch = options.branch ?? DEFAULT_BRANCH;
  const settings = await requireDestination(
    session.repository,
    await requireHead(session.repository, branch),
    to.destination,
  );
  return ({ item }) =>
    toDestination(session, item.name, to.destination, settings, branch, { ...options, commit, ofCommit });
}

async function toDestination(
  session: Session,
  exam: string,
  destination: string,
  settings: Destination,
  branch: string,
  { again, wait, commit, ofCommit }: ExportOptions & { readonly commit: Commit; readonly ofCommit: boolean },
): Promise<ExportedExam> {
  const client = await session.client();
  const workflow = await startDelivery(client, settings, {
    ...{ destination, exam, branch },
    // Without a state being named, what is newest when it is sent.
    ...(ofCommit ? { commit: commit.id } : {}),
    ...(again === true ? { again } : {}),
  });
  if (wait !== true) return { exam, workflow };
  const delivery = (await client.workflow.getHandle(workflow).result()) as DeliveryOutcome;
  return { exam, workflow, delivery };
}

async function toFolder(
  session: Session,
  committed: CommittedResult,
  folder: string,
  { objects, findings, identity = 'if-known', force = false, signal }: ExportOptions,
): Promise<ExportedExam> {
  const { repository } = session;
  const { name: exam } = committed.item;
  const wishes = { objects, findings: checkedFindings(findings) };
  const write = (whose: 'original' | 'pseudonyms') =>
    resultToWrite(repository, committed, { ...wishes, identity: whose }, () => identitiesOf(session));
  const isUnknown = (error: unknown): boolean =>
    error instanceof MammoflowError && (error.code === 'not-found' || error.code === 'invalid-configuration');
  const written = await write(identity === 'pseudonyms' ? 'pseudonyms' : 'original').catch((error: unknown) => {
    if (identity === 'if-known' && isUnknown(error)) return write('pseudonyms');
    throw error;
  });
  const files: string[] = [];
  await mkdir(join(folder, exam), { recursive: true });
  for await (const { name, bytes } of writeObjects(written.result, pixelsOf(repository, committed), written.options)) {
    signal?.throwIfAborted();
    const path = join(folder, exam, name);
    await writeUnlessThere(path, bytes, force);
    files.push(path);
  }
  return { exam, files, identity: written.identity };
}

async function writeUnlessThere(path: string, bytes: Buffer, force: boolean): Promise<void> {
  const there = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (there?.equals(bytes)) return;
  if (there !== undefined && !force) {
    throw new MammoflowError(
      'invalid-argument',
      `${path} is there and has another content.`,
      'Choose another folder, or overwrite it with --force.',
    );
  }
  const part = `${path}.part`;
  try {
    await writeFile(part, bytes);
    await rename(part, path);
  } finally {
    await rm(part, { force: true });
  }
}

function checkedFindings(said: Partial<FindingOptions> = {}): FindingOptions {
  const result = findingOptionsSchema.safeParse(said);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new MammoflowError('invalid-argument', `${issue?.path.join('.')}: ${issue?.message}.`);
}

function identitiesOf({ identities }: Session) {
  if (identities !== undefined) return identities({ mustExist: true });
  throw new MammoflowError(
    'invalid-configuration',
    'There is no key of pseudonyms here.',
    'Set MAMMOFLOW_PSEUDONYM_KEY_FILE, or export with pseudonyms.',
  );
}

/** Whether a word names a destination of a branch: for doors whose users name either that or a folder. */
export async function isDestination(
  { repository }: Session,
  { name, branch = DEFAULT_BRANCH }: { readonly name: string; readonly branch?: string | undefined },
): Promise<boolean> {
  const head = await repository.head(branch);
  return head !== undefined && Object.hasOwn(await destinationsOf(repository, head), name);
}
