import { Command, Option } from 'commander';
import type { PutOutcome } from '../index.js';
import { DEFAULT_BRANCH } from '../pipeline/commit.js';
import { printFollowUp } from './follow-up.js';
import { progressLine } from './job-output.js';
import { type CommonOptions, commitOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine } from './output.js';
import { withMammoflow } from './session.js';

interface PutOptions extends CommonOptions {
  readonly message?: string;
  readonly branch: string;
  readonly process: boolean;
  readonly for?: 'all' | 'new';
}

/** `mammoflow put`: uploads, commits, and starts the job that follows. */
export function putCommand(): Command {
  return new Command('put')
    .description('upload exams or model bundles, commit them, and start processing')
    .argument('<repo>', 'exams or models')
    .argument('<path...>', 'folders to put; for DICOM also files and .zip')
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
optionally gen_exam_list.pkl; L-CC.png and NYU's 0_L_CC.png are taken, too. Give such folders, or the folder above them. An
exam that cannot be right is refused with its reason and the others are committed; the exit code is then 1.

DICOM files are found by what they are, in folders of any depth and in ZIP archives. A study is an exam; its identity stays
here, and the exam is named by a pseudonym (docs/dicom.md).

A bundle is a folder with model.json and its ONNX files; a folder without model.json whose files have the layout of NYU's
networks gets one. The first bundle is used for all exams. Later ones are used when you say so with --for, and new bytes
under the name of the bundle in use replace it for all.

Nothing is uploaded twice: after an interruption, run the same command again.

Examples:
  $ mammoflow put exams ./november -m "exams of November"
  $ mammoflow put exams ./study.zip
  $ mammoflow put models ./onnx --for new`,
    )
    .action(async (repo: string, paths: string[], options: PutOptions) => {
      const progress = progressLine();
      const outcome = await withMammoflow(options.data, (mammoflow) =>
        mammoflow.put({
          ...commitOptions(options),
          repo,
          paths,
          for: options.for,
          onRemark: (remark) => options.json || printLine(`warning: ${remark}`),
          onProgress: ({ filesDone, files, bytesUploaded }) =>
            progress.show(`${filesDone} of ${files} files, ${(bytesUploaded / 1e6).toFixed(1)} MB uploaded`),
        }),
      ).finally(() => progress.clear());
      if (options.json) printJson(outcome);
      else printOutcome(outcome, options);
      if (outcome.refused.length > 0) process.exitCode = 1;
    });
}

function printOutcome(outcome: PutOutcome, options: PutOptions): void {
  for (const { reason } of outcome.refused) printLine(`refused: ${reason}`);
  for (const path of outcome.leftOut) printLine(`left out: ${path}: ${outcome.leftOutReasons?.[path]}`);
  for (const remark of outcome.remarks ?? []) printLine(`remark: ${remark}`);
  if (outcome.commit === null) {
    const onlyRefused = outcome.refused.length > 0 && outcome.changed.length === 0;
    printLine(onlyRefused ? 'nothing to commit' : 'nothing to commit: everything is there already');
    if (!onlyRefused && outcome.inUse !== null && options.process) printFollowUp(outcome, options);
    return;
  }
  printLine(`commit ${outcome.commit}: ${outcome.changed.length} changed in ${outcome.repo}`);
  if (outcome.repo === 'models' && outcome.inUse !== null) {
    printLine(`new exams are processed with ${outcome.inUse}; --for all or --for new puts another bundle in use`);
  }
  if (outcome.job === null && !outcome.held && outcome.inUse === null) {
    printLine('no job started, because no model is in use yet: put one with `mammoflow put models <folder>`');
  } else if (outcome.job === null && !outcome.held) {
    printLine('no job started; `mammoflow process` brings results up to date whenever you like');
  } else printFollowUp(outcome, options);
}
