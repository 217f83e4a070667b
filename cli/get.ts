import { resolve } from 'node:path';
import { Command } from 'commander';
import { parseRepoPath } from '../api/repo-path.js';
import { MammoflowError } from '../pipeline/errors.js';
import { HEATMAP_SCALES } from './heatmap-scales.js';
import { progressLine } from './job-output.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine, printNote } from './output.js';
import { withMammoflow } from './session.js';

interface GetOptions extends CommonOptions {
  readonly force?: boolean;
}

/** `mammoflow get`: downloads from a repo at a commit, every file verified. */
export function getCommand(): Command {
  return new Command('get')
    .description('download a repo, an exam or one file as it was at a commit')
    .argument('<path>', '<repo>[@REF][:<exam or bundle>[/<file>]]')
    .argument('[folder]', 'where to put it; `-` prints a single file', '.')
    .option('--force', 'overwrite files that are there and have another content')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Files lie in <folder>/<exam>/<file>. Each is checked against the SHA-256 it was committed with. Files that are there
already are not fetched again.

Examples:
  $ mammoflow get visualize_heatmaps:exam-17 ./pictures
  $ mammoflow get classify@main~1:exam-17/predictions.json -`,
    )
    .action((text: string, folder: string, options: GetOptions) =>
      withMammoflow(options.data, async (mammoflow) => {
        const { repo, reference: ref, item, file } = parseRepoPath(text);
        if (folder === '-') {
          if (item === undefined || file === undefined) {
            const next = 'Name one with <repo>:<exam>/<file>.';
            throw new MammoflowError('invalid-argument', '`-` prints a single file.', next);
          }
          process.stdout.write(await mammoflow.read({ repo, ref, item, file }));
          return;
        }
        const progress = progressLine();
        const { written, erased, bad } = await mammoflow
          .get({
            repo,
            ref,
            item,
            file,
            folder,
            force: options.force === true,
            onProgress: (done, files) => progress.show(`${done} of ${files} files`),
          })
          .finally(() => progress.clear());
        if (bad.length > 0) process.exitCode = 1;
        for (const { path, reason } of bad) printNote(`${path}: ${reason}`);
        if (options.json) return printJson(written);
        printLine(`${written.length} ${written.length === 1 ? 'file' : 'files'} in ${resolve(folder)}`);
        if (bad.length > 0) printLine(`${bad.length} not downloaded, because damaged or gone: see above`);
        if (erased.length > 0) printLine(`left out, because erased since: ${erased.join(', ')}`);
        if (repo === 'visualize_heatmaps' && written.length > 0) printLine(HEATMAP_SCALES);
      }),
    );
}
