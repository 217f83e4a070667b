import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { findExamFolders, type RefusedExam } from '../api/changing/exam-folders.js';
import { checkBundle } from '../inference/bundle.js';
import { describeNyuFolder } from '../models/nyu/describe-nyu-folder.js';
import { type Bundle, MODEL_CARD_FILE, MODEL_ROLES } from '../pipeline/bundle.js';
import { DEFAULT_BRANCH } from '../pipeline/commit.js';
import { MammoflowError } from '../pipeline/errors.js';
import { lostListRemark } from '../pipeline/exam-files.js';
import { checkBundleName, eraOf, filesOf, useBundle } from '../planning/use-bundle.js';
import { readPipeline } from '../repos/pipeline-repo.js';
import { type ItemToPut, type PutProgress, type PutResult, putItems } from '../repos/put-items.js';
import { rootOf } from '../repos/repository.js';
import { type Committed, ON_HOLD, startJobAfter } from './follow-up.js';
import { progressLine } from './job-output.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine } from './output.js';
import { author, type Session, withSession } from './session.js';

interface PutOptions extends CommonOptions {
  readonly message?: string;
  readonly branch: string;
  readonly process: boolean;
  readonly for?: 'all' | 'new';
}

/** An exam or a bundle that was not committed, and why. */
export type Refusal = RefusedExam | { readonly bundle: string; readonly reason: string };

/** What `mammoflow put --json` prints. */
export interface PutOutcome extends Committed {
  readonly repo: string;
  readonly changed: readonly string[];
  /** The bundle that new exams are processed with from now on, or null when there is none yet. */
  readonly inUse: string | null;
  readonly refused: readonly Refusal[];
  /** Files and folders that are no part of an exam. */
  readonly leftOut: readonly string[];
  /** What each of them is, by its path; absent when there are none. */
  readonly leftOutReasons?: Readonly<Record<string, string>>;
  /** What is to be known of exams that were put all the same, as sentences; absent when there is nothing. */
  readonly remarks?: readonly string[];
}

/** `mammoflow put`: uploads, commits, and starts the job that follows. */
export function putCommand(): Command {
  return new Command('put')
    .description('upload exams or model bundles, commit them, and start processing')
    .argument('<repo>', 'exams or models')
    .argument('<path...>', 'folders to put')
    .option('-m, --message <text>', "the commit's message")
    .option('--branch <name>', 'the branch to commit to', DEFAULT_BRANCH)
    .option('--no-process', 'commit only; `mammoflow process` does the rest later')
    .addOption(
      new Option('--for <exams>', 'models only: use the bundle for all exams, or for new and changed ones').choices([
        'all',
        'new',
      ]),
    )
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
An exam is a folder named by its pseudonymous id with L_CC.png, R_CC.png, L_MLO.png and R_MLO.png (16-bit greyscale) and
optionally gen_exam_list.pkl. Give such folders, or the folder above them. An exam that cannot be right is refused with
its reason and the others are committed; the exit code is then 1.

A bundle is a folder with model.json and its ONNX files; a folder without model.json whose files have the layout of NYU's
networks gets one. The first bundle is used for all exams. Later ones are used when you say so with --for, and new bytes
under the name of the bundle in use replace it for all.

Nothing is uploaded twice: after an interruption, run the same command again.

Examples:
  $ mammoflow put exams ./november -m "exams of November"
  $ mammoflow put models ./onnx --for new`,
    )
    .action(async (repo: string, paths: string[], options: PutOptions) => {
      const outcome = await withSession(options.data, (session) => put(session, repo, paths, options));
      if (options.json) printJson(outcome);
      else printOutcome(outcome);
      if (outcome.refused.length > 0) process.exitCode = 1;
    });
}

/** Puts folders into a repo and starts the job that follows from it. */
export async function put(
  session: Session,
  repo: string,
  paths: readonly string[],
  options: Pick<PutOptions, 'message' | 'branch' | 'process' | 'for'>,
): Promise<PutOutcome> {
  const progress = progressLine();
  const onProgress = ({ filesDone, files, bytesUploaded }: PutProgress): void =>
    progress.show(`${filesDone} of ${files} files, ${(bytesUploaded / 1e6).toFixed(1)} MB uploaded`);
  try {
    if (repo === 'exams') return await putExams(session, paths, options, onProgress);
    if (repo === 'models') return await putModels(session, paths, options, onProgress);
  } finally {
    progress.clear();
  }
  throw new MammoflowError('invalid-argument', `${repo} is no repo that takes files.`, 'Put into `exams` or `models`.');
}

type PutSettings = Pick<PutOptions, 'message' | 'branch' | 'process' | 'for'>;

async function putExams(
  session: Session,
  paths: readonly string[],
  options: PutSettings,
  onProgress: (progress: PutProgress) => void,
): Promise<PutOutcome> {
  if (options.for !== undefined) throw new MammoflowError('invalid-argument', '--for is for models.', 'Leave it out.');
  const { exams, refused, leftOut, leftOutReasons, remarks: remarksOnFiles } = await findExamFolders(paths);
  const remarks = [...remarksOnFiles, ...(await lostLists(session, options.branch, exams))];
  const result =
    exams.length === 0
      ? { commit: undefined, changed: [] }
      : await putItems(session.repository, {
          branch: options.branch,
          repo: 'exams',
          items: exams,
          details: {
            author: author(),
            message: options.message ?? `Put ${nameOrCount(exams, 'exam')}`,
            by: { kind: 'put' },
          },
          onProgress,
        });
  const committed = await processIfAsked(session, result, options);
  return {
    repo: 'exams',
    ...committed,
    refused,
    leftOut,
    ...(leftOut.length > 0 && { leftOutReasons }),
    ...(remarks.length > 0 && { remarks }),
  };
}

/** Exams that are to be replaced by ones without their exam lists, as sentences. */
async function lostLists({ repository }: Session, branch: string, exams: readonly ItemToPut[]): Promise<string[]> {
  const root = rootOf(await repository.head(branch), 'exams');
  const names = exams.map(({ name }) => name);
  const committed = await repository.inputs.getMany(root, names);
  return exams.flatMap(({ name, files }) => lostListRemark(name, committed.get(name)?.files ?? [], files) ?? []);
}

async function putModels(
  session: Session,
  paths: readonly string[],
  options: PutSettings,
  onProgress: (progress: PutProgress) => void,
): Promise<PutOutcome> {
  const temporary = await mkdtemp(join(tmpdir(), 'mammoflow-bundle-'));
  try {
    const { bundles, refused } = await openBundles(await bundleFolders(paths), temporary);
    if (options.for !== undefined && bundles.length + refused.length > 1) {
      throw new MammoflowError(
        'invalid-argument',
        `--for takes one bundle, and there are ${bundles.length + refused.length}.`,
        'Put the one to use by itself.',
      );
    }
    const result = await putItems(session.repository, {
      branch: options.branch,
      repo: 'models',
      items: bundles.map(({ item }) => item),
      details: {
        author: author(),
        message:
          options.message ??
          `Put ${nameOrCount(
            bundles.map(({ item }) => item),
            'bundle',
          )}`,
        by: { kind: 'put' },
      },
      editPipeline: (document, items, sequence) =>
        bundles.reduce((edited, { item: { name }, bundle }) => {
          const item = items.find((candidate) => candidate.name === name);
          return item === undefined ? edited : useBundle(edited, eraOf(bundle, item), sequence, options.for);
        }, document),
      onProgress,
    });
    return { repo: 'models', ...(await processIfAsked(session, result, options)), refused, leftOut: [] };
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

interface OpenBundle {
  readonly item: ItemToPut;
  readonly bundle: Bundle;
}

/** @throws MammoflowError `invalid-bundle` when no bundle can be put; otherwise the bad ones are refused alone. */
async function openBundles(
  folders: readonly string[],
  temporary: string,
): Promise<{ bundles: OpenBundle[]; refused: Refusal[] }> {
  const bundles: OpenBundle[] = [];
  const refused: Refusal[] = [];
  for (const [index, folder] of folders.entries()) {
    try {
      const opened = await openBundle(folder, join(temporary, String(index)));
      const { name } = opened.bundle;
      if (bundles.some(({ item }) => item.name === name)) {
        throw new MammoflowError(
          'invalid-bundle',
          `Another bundle that is being put is called ${name} too.`,
          'Put one of them, or rename one in its model.json.',
        );
      }
      bundles.push(opened);
    } catch (error) {
      if (!(error instanceof MammoflowError) || error.code !== 'invalid-bundle') throw error;
      const message = `Bundle ${basename(folder)}: ${error.message}`;
      if (folders.length === 1) throw new MammoflowError('invalid-bundle', message, error.next, { cause: error });
      refused.push({ bundle: basename(folder), reason: [message, error.next].filter(Boolean).join(' ') });
    }
  }
  if (bundles.length > 0) return { bundles, refused };
  throw new MammoflowError('invalid-bundle', refused.map(({ reason }) => reason).join(' '));
}

const nameOrCount = (items: readonly ItemToPut[], what: string): string =>
  items.length === 1 ? `${what} ${items[0]?.name}` : `${items.length} ${what}s`;

async function processIfAsked(
  session: Session,
  { commit, changed }: PutResult,
  options: PutSettings,
): Promise<Pick<PutOutcome, 'commit' | 'job' | 'held' | 'changed' | 'inUse'>> {
  if (commit === undefined) return { commit: null, job: null, changed, inUse: await bundleInUse(session, options) };
  const { eras } = await readPipeline(session.repository, commit);
  const inUse = eras.at(-1)?.bundle ?? null;
  const made = { commit: commit.id, changed, inUse };
  if (!options.process || inUse === null || rootOf(commit, 'exams').items === 0) return { ...made, job: null };
  const before = await session.repository.parent(commit);
  const affected = (repo: string): boolean => rootOf(commit, repo).tree !== rootOf(before, repo).tree;
  // A bundle that is not in use changes no results.
  if (!affected('exams') && !affected('pipeline')) return { ...made, job: null };
  return { ...made, ...(await startJobAfter(session, commit, options.branch)) };
}

async function bundleInUse({ repository }: Session, { branch }: PutSettings): Promise<string | null> {
  const head = await repository.head(branch);
  return head === undefined ? null : ((await readPipeline(repository, head)).eras.at(-1)?.bundle ?? null);
}

/** A folder with model.json or ONNX files is a bundle; any other holds one bundle a subfolder. */
async function bundleFolders(paths: readonly string[]): Promise<string[]> {
  const folders: string[] = [];
  for (const path of new Set(paths.map((given) => resolve(given)))) {
    const found = await stat(path).catch(() => undefined);
    if (!found?.isDirectory()) {
      throw new MammoflowError('not-found', `${path} is no folder.`, 'Give the folder of a bundle.');
    }
    if (await isBundle(path)) folders.push(path);
    else {
      for (const name of (await readdir(path)).sort())
        if (await isBundle(join(path, name))) folders.push(join(path, name));
    }
  }
  if (folders.length > 0) return [...new Set(folders)];
  throw new MammoflowError(
    'not-found',
    `There is no model bundle in ${paths.join(', ')}.`,
    'A bundle is a folder with model.json and the ONNX files it names; `mammoflow models import nyu <folder>` makes one of NYU checkpoints.',
  );
}

const isBundle = async (path: string): Promise<boolean> =>
  (await readdir(path).catch(() => [])).some(
    (name) => name === MODEL_CARD_FILE || name.toLowerCase().endsWith('.onnx'),
  );

/** Checks a bundle. One without model.json is checked as a copy that has one, since the user's folder is not ours to write. */
async function openBundle(folder: string, copy: string): Promise<{ item: ItemToPut; bundle: Bundle }> {
  const described = (await stat(join(folder, MODEL_CARD_FILE)).catch(() => undefined)) !== undefined;
  const source = described ? folder : await withModelCard(folder, copy);
  const { bundle } = await checkBundle(source);
  checkBundleName(bundle);
  const files = filesOf(bundle).map((path) => ({ path, local: join(source, path) }));
  return { item: { name: bundle.name, files }, bundle };
}

async function withModelCard(folder: string, copy: string): Promise<string> {
  const bundle = await describeNyuFolder(folder);
  await mkdir(copy);
  for (const role of MODEL_ROLES) {
    const { path } = bundle.files[role];
    await symlink(join(folder, path), join(copy, path));
  }
  await writeFile(join(copy, MODEL_CARD_FILE), `${JSON.stringify(bundle, null, 2)}\n`);
  return copy;
}

function printOutcome(outcome: PutOutcome): void {
  for (const { reason } of outcome.refused) printLine(`refused: ${reason}`);
  for (const path of outcome.leftOut) printLine(`left out: ${path}: ${outcome.leftOutReasons?.[path]}`);
  for (const remark of outcome.remarks ?? []) printLine(`remark: ${remark}`);
  if (outcome.commit === null) {
    printLine(
      outcome.refused.length > 0 && outcome.changed.length === 0
        ? 'nothing to commit'
        : 'nothing to commit: everything is there already',
    );
    return;
  }
  printLine(`commit ${outcome.commit}: ${outcome.changed.length} changed in ${outcome.repo}`);
  if (outcome.repo === 'models' && outcome.inUse !== null) {
    printLine(`new exams are processed with ${outcome.inUse}; --for all or --for new puts another bundle in use`);
  }
  if (outcome.job !== null) {
    printLine(`job ${outcome.job} started; see it with \`mammoflow job ${outcome.job} --watch\``);
  } else if (outcome.held) {
    printLine(ON_HOLD);
  } else if (outcome.inUse === null) {
    printLine('no job started, because no model is in use yet: put one with `mammoflow put models <folder>`');
  } else {
    printLine('no job started; `mammoflow process` brings results up to date whenever you like');
  }
}
