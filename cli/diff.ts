import { Command } from 'commander';
import { parseRepoPath, wholeRepo } from '../api/repo-path.js';
import type { ItemDifference } from '../index.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine } from './output.js';
import { withMammoflow } from './session.js';

/** `mammoflow diff`: what differs in a repo between two commits. */
export function diffCommand(): Command {
  return new Command('diff')
    .description('list the exams or bundles that differ in a repo between two commits')
    .argument('<repo>', '<repo>[@REF], the newer state')
    .argument('[ref]', 'the older state', undefined)
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Without a second reference the repo is compared with its state before the last change.

Examples:
  $ mammoflow diff classify
  $ mammoflow diff exams@main 3f9c21ab`,
    )
    .action((text: string, ref: string | undefined, options: CommonOptions) =>
      withMammoflow(options.data, async (mammoflow) => {
        const { repo, reference } = wholeRepo(parseRepoPath(text));
        const differences: ItemDifference[] = [];
        for await (const difference of mammoflow.diff({ repo, ref: reference, since: ref }))
          differences.push(difference);
        differences.sort((a, b) => (a.name < b.name ? -1 : 1));
        if (options.json) return printJson(differences);
        if (differences.length === 0) return printLine('no difference');
        for (const { name, change, files } of differences) printLine(`${change} ${name}  ${files.join(' ')}`);
      }),
    );
}
