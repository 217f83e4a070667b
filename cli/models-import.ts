import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { CHECKPOINT_FILES, importCheckpoints, sourceRemark } from '../models/nyu/import-checkpoints.js';
import { MODEL_ROLES, type ModelRole } from '../pipeline/bundle.js';
import { MammoflowError } from '../pipeline/errors.js';
import { examIdSchema } from '../pipeline/exam.js';
import { type CommitOptions, type Committed, printFollowUp } from './follow-up.js';
import { progressLine } from './job-output.js';
import { addCommitOptions, type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine } from './output.js';
import { put } from './put.js';
import { type Session, withSession } from './session.js';

/** Names of checkpoints by role, where they are not NYU's. */
type CheckpointNames = Partial<Record<ModelRole, string>>;

export interface ImportOptions extends CommitOptions, CheckpointNames {
  readonly name: string;
  readonly for?: 'all' | 'new';
}

/** What `mammoflow models import --json` prints. */
export interface ImportOutcome extends Committed {
  readonly bundle: string;
  /** The bundle that new exams are processed with from now on. */
  readonly inUse: string | null;
  /** How weights lay in checkpoints of other tools: under which key, with which prefix. Absent when as in NYU's. */
  readonly remarks?: readonly string[];
}

/** `mammoflow models import`: bundles from other programs' files. */
export function importCommand(): Command {
  return new Command('import')
    .description("make a bundle from another program's model files, and commit it")
    .addCommand(importNyuCommand());
}

function importNyuCommand(): Command {
  const command = addCommitOptions(
    new Command('nyu')
      .description('import the three PyTorch checkpoints of the NYU breast cancer classifier')
      .argument('<folder>', `with ${Object.values(CHECKPOINT_FILES).join(', ')}`)
      .option('--name <bundle>', "the bundle's name", 'nyu')
      .addOption(
        new Option('--for <exams>', 'use the bundle for all exams, or for new and changed ones').choices([
          'all',
          'new',
        ]),
      ),
  );
  for (const role of MODEL_ROLES) command.option(`--${role} <file>`, `the ${role} checkpoint, if it has another name`);
  return command
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
The files are state dictionaries that torch.save or safetensors wrote, bare or as trainers keep them: under a key such as
state_dict beside an optimizer, with module. in front of the names. Neither Python nor torch is needed, and no pickle is
run. Every tensor is checked against the networks; then the weights are written as ONNX networks that compute the same numbers with
less work, the networks are tried, and the bundle is committed as \`mammoflow put models\` does. Anything that does not
fit is refused with the tensor's name, and nothing is committed.

The first bundle is used for all exams; a later one when you say so with --for. Importing the same files again makes no
commit.

The weights are NYU's, under NYU's licence (AGPL-3.0), and not part of mammoflow. Research use only.

Examples:
  $ mammoflow models import nyu ./breast_cancer_classifier/models
  $ mammoflow models import nyu ./retrained --name nyu-retrained --patch patch.pt --for new`,
    )
    .action(async (folder: string, options: ImportOptions & CommonOptions) => {
      const outcome = await withSession(options.data, (session) => importNyu(session, folder, options));
      if (options.json) return printJson(outcome);
      const { bundle, commit, inUse, remarks = [] } = outcome;
      for (const remark of remarks) printLine(remark);
      if (commit === null) return printLine(`nothing to commit: ${bundle} is there already, with the same files`);
      printLine(`commit ${commit}: bundle ${bundle} imported from ${folder}`);
      if (inUse === bundle) printFollowUp(outcome, options);
      else
        printLine(`new exams are processed with ${inUse}; \`mammoflow models use ${bundle} --for all\` changes that`);
    });
}

/**
 * Imports NYU's checkpoints as one commit, and starts the job that follows.
 * @throws MammoflowError as `importCheckpoints` and `put` do; then nothing is committed.
 */
export async function importNyu(session: Session, folder: string, options: ImportOptions): Promise<ImportOutcome> {
  const { name, branch, process: asked } = options;
  if (!examIdSchema.safeParse(name).success) {
    throw new MammoflowError(
      'invalid-argument',
      `${JSON.stringify(name)} cannot name a bundle.`,
      'Use letters, digits, ".", "_" and "-".',
    );
  }
  const files: CheckpointNames = {};
  for (const role of MODEL_ROLES) if (options[role] !== undefined) files[role] = options[role];
  const temporary = await mkdtemp(join(tmpdir(), 'mammoflow-import-'));
  const progress = progressLine();
  try {
    const target = join(temporary, name);
    const onProgress = (file: string): void => progress.show(`converting ${file}`);
    const { sources = [] } = await importCheckpoints({ folder: resolve(folder), files, name, target, onProgress });
    const remarks = sources.flatMap((source) => sourceRemark(source) ?? []);
    progress.show('trying the networks');
    const { commit, job, held, inUse } = await put(session, 'models', [target], {
      branch,
      process: asked,
      message: options.message ?? `Import bundle ${name} from NYU's checkpoints`,
      ...(options.for === undefined ? {} : { for: options.for }),
    });
    return { bundle: name, commit, job, inUse, ...(held && { held }), ...(remarks.length > 0 && { remarks }) };
  } finally {
    progress.clear();
    await rm(temporary, { recursive: true, force: true });
  }
}
