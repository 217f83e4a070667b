import { Command, Option } from 'commander';
import { CHECKPOINT_FILES } from '../models/nyu/checkpoint-files.js';
import { MODEL_ROLES, type ModelRole } from '../pipeline/bundle.js';
import { type CommitOptions, printFollowUp } from './follow-up.js';
import { progressLine } from './job-output.js';
import { addCommitOptions, type CommonOptions, commitOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine } from './output.js';
import { withMammoflow } from './session.js';

/** Names of checkpoints by role, where they are not NYU's. */
type CheckpointNames = Partial<Record<ModelRole, string>>;

interface ImportOptions extends CommitOptions, CheckpointNames {
  readonly name: string;
  readonly for?: 'all' | 'new';
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
run. Every tensor is checked against the networks; then the weights are written as ONNX networks that compute the same
numbers with less work, the networks are tried, and the bundle is committed as \`mammoflow put models\` does. Anything that
does not fit is refused with the tensor's name, and nothing is committed.

The first bundle is used for all exams; a later one when you say so with --for. Importing the same files again makes no
commit.

The weights are NYU's, under NYU's licence (AGPL-3.0), and not part of mammoflow. Research use only.

Examples:
  $ mammoflow models import nyu ./breast_cancer_classifier/models
  $ mammoflow models import nyu ./retrained --name nyu-retrained --patch patch.pt --for new`,
    )
    .action(async (folder: string, options: ImportOptions & CommonOptions) => {
      const progress = progressLine();
      const files: CheckpointNames = {};
      for (const role of MODEL_ROLES) if (options[role] !== undefined) files[role] = options[role];
      const outcome = await withMammoflow(options.data, (mammoflow) =>
        mammoflow.importModels({
          ...commitOptions(options),
          folder,
          name: options.name,
          files,
          for: options.for,
          onProgress: (step) => progress.show(step),
        }),
      ).finally(() => progress.clear());
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
