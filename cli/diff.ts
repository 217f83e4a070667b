import { Command } from 'commander';
import type { TreeItem } from '../pipeline/commit.js';
import { viewRepo } from '../repos/read-tree.js';
import { rootOf } from '../repos/repository.js';
import type { TreeChange } from '../repos/tree.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine } from './output.js';
import { parseRepoPath, wholeRepo } from './repo-path.js';
import { withSession } from './session.js';

interface ItemDifference {
  readonly name: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** Files that differ, each with `+`, `-` or `~` before its name. */
  readonly files: readonly string[];
}

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
      withSession(options.data, async ({ repository }) => {
        const { repo, reference } = wholeRepo(parseRepoPath(text));
        const after = await repository.resolve(reference, repo);
        const view = viewRepo(repository, after, repo);
        const before = ref === undefined ? await previous() : rootOf(await repository.resolve(ref, repo), repo);
        const differences: ItemDifference[] = [];
        for await (const change of view.changesSince(before)) {
          const difference = describe(change);
          if (difference.change !== 'changed' || difference.files.length > 0) differences.push(difference);
        }
        differences.sort((a, b) => (a.name < b.name ? -1 : 1));
        if (options.json) return printJson(differences);
        if (differences.length === 0) return printLine('no difference');
        for (const { name, change, files } of differences) printLine(`${change} ${name}  ${files.join(' ')}`);

        async function previous() {
          for await (const commit of repository.log(after, repo)) {
            return rootOf(await repository.parent(commit), repo);
          }
          return rootOf(undefined, repo);
        }
      }),
    );
}

function describe({ name, before, after }: TreeChange<TreeItem>): ItemDifference {
  const left = new Map(before?.files.map((file) => [file.path, file.sha256]));
  const right = new Map(after?.files.map((file) => [file.path, file.sha256]));
  const files = [...new Set([...left.keys(), ...right.keys()])].sort().flatMap((path) => {
    if (!left.has(path)) return [`+${path}`];
    if (!right.has(path)) return [`-${path}`];
    return left.get(path) === right.get(path) ? [] : [`~${path}`];
  });
  return { name, change: before === undefined ? 'added' : after === undefined ? 'removed' : 'changed', files };
}
