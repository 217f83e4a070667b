import { Command } from 'commander';
import { erasedOn, openErasures } from '../repos/erasures.js';
import { viewRepo } from '../repos/read-tree.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine, table } from './output.js';
import { notInRepo, parseRepoPath } from './repo-path.js';
import { withSession } from './session.js';

/** `mammoflow ls`: what a repo holds at a commit. */
export function lsCommand(): Command {
  return new Command('ls')
    .description('list a repo, or the files of one exam or bundle in it')
    .argument('<repo>', '<repo>[@REF][:<exam or bundle>[/<file>]]')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  $ mammoflow ls exams\n  $ mammoflow ls classify@main~1:exam-17')
    .action((text: string, options: CommonOptions) =>
      withSession(options.data, async ({ repository }) => {
        const path = parseRepoPath(text);
        const { repo, reference, item, file } = path;
        const erasureOf = await openErasures(repository.store);
        const view = viewRepo(repository, await repository.resolve(reference, repo), repo);
        if (item !== undefined) {
          const found = await view.get(item);
          if (found === undefined) throw notInRepo({ repo, reference, item });
          const files = found.files.filter((entry) => file === undefined || entry.path === file);
          if (file !== undefined && files.length === 0) throw notInRepo(path);
          const erasure = await erasureOf(found);
          const erased = erasure?.erasures.at(-1)?.time;
          if (options.json) return printJson({ ...found, files, ...(erased === undefined ? {} : { erased }) });
          const rows = files.map(({ path, size, sha256, versionId }) => [path, size, sha256.slice(0, 12), versionId]);
          printLine(table(['FILE', 'BYTES', 'SHA-256', 'VERSION'], rows));
          if (erasure !== undefined) printLine(erasedOn(erasure));
          return;
        }
        const items = [];
        for await (const found of view.items()) {
          items.push({
            name: found.name,
            files: found.files.length,
            bytes: found.files.reduce((sum, file) => sum + file.size, 0),
            erased: (await erasureOf(found))?.erasures.at(-1)?.time,
          });
        }
        items.sort((a, b) => (a.name < b.name ? -1 : 1));
        if (options.json) return printJson(items);
        if (items.length === 0) return printLine('empty');
        printLine(
          table(
            ['NAME', 'FILES', 'BYTES', ''],
            items.map(({ name, files, bytes, erased }) => [
              name,
              files,
              bytes,
              erased === undefined ? '' : `erased on ${erased.slice(0, 10)}`,
            ]),
          ),
        );
      }),
    );
}
