import { Command } from 'commander';
import { parseRepoPath } from '../api/repo-path.js';
import type { ListedItem } from '../index.js';
import { MammoflowError } from '../pipeline/errors.js';
import { HEATMAP_SCALES } from './heatmap-scales.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine, table } from './output.js';
import { withMammoflow } from './session.js';

/** `mammoflow ls`: what a repo holds at a commit. */
export function lsCommand(): Command {
  return new Command('ls')
    .description('list a repo, or the files of one exam or bundle in it')
    .argument('<repo>', '<repo>[@REF][:<exam or bundle>[/<file>]]')
    .argument('[excess]', '')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  $ mammoflow ls exams\n  $ mammoflow ls classify@main~1:exam-17')
    .action((text: string, excess: string | undefined, options: CommonOptions) =>
      withMammoflow(options.data, async (mammoflow) => {
        const { repo, reference: ref, item, file } = parseRepoPath(text);
        if (excess !== undefined) {
          const next = `Write \`mammoflow ls ${text}${item === undefined ? ':' : '/'}${excess}\`.`;
          throw new MammoflowError('invalid-argument', 'What is meant inside a repo is joined to it.', next);
        }
        if (item !== undefined) {
          const { erasedOn, ...found } = await mammoflow.lsItem({ repo, ref, item, file });
          if (options.json) return printJson(found);
          const rows = found.files.map(({ path, size, sha256, versionId }) => [
            path,
            size,
            sha256.slice(0, 12),
            versionId,
          ]);
          printLine(table(['FILE', 'BYTES', 'SHA-256', 'VERSION'], rows));
          if (erasedOn !== undefined) printLine(erasedOn);
          if (repo === 'visualize_heatmaps') printLine(HEATMAP_SCALES);
          return;
        }
        const items: ListedItem[] = [];
        for await (const one of mammoflow.ls({ repo, ref })) items.push(one);
        items.sort((a, b) => (a.name < b.name ? -1 : 1));
        if (options.json) return printJson(items);
        if (items.length === 0) return printLine('empty');
        const rows = items.map(({ name, files, bytes, erased }) => [
          name,
          files,
          bytes,
          erased === undefined ? '' : `erased on ${erased.slice(0, 10)}`,
        ]);
        printLine(table(['NAME', 'FILES', 'BYTES', ''], rows));
      }),
    );
}
