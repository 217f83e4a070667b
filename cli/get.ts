import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import pLimit from 'p-limit';
import type { FileEntry, TreeItem } from '../pipeline/commit.js';
import { MammoflowError } from '../pipeline/errors.js';
import { damagedVersion, missingVersion, readFileEntry } from '../repos/committed-files.js';
import { erasedOn, openErasures } from '../repos/erasures.js';
import { sha256File } from '../repos/hash.js';
import type { ObjectStore } from '../repos/object-store.js';
import { viewRepo } from '../repos/read-tree.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine } from './output.js';
import { notInRepo, parseRepoPath } from './repo-path.js';
import { withSession } from './session.js';

/** Files downloaded at once. */
const CONCURRENCY = 8;

/** `mammoflow get`: downloads from a repo at a commit, every file verified. */
export function getCommand(): Command {
  return new Command('get')
    .description('download a repo, an exam or one file as it was at a commit')
    .argument('<path>', '<repo>[@REF][:<exam or bundle>[/<file>]]')
    .argument('[folder]', 'where to put it; `-` prints a single file', '.')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Files lie in <folder>/<exam>/<file>. Each is checked against the SHA-256 it was committed with.

Examples:
  $ mammoflow get visualize_heatmaps:exam-17 ./pictures
  $ mammoflow get classify@main~1:exam-17/predictions.json -`,
    )
    .action((text: string, folder: string, options: CommonOptions) =>
      withSession(options.data, async ({ repository }) => {
        const wanted = parseRepoPath(text);
        const { repo, reference, item, file } = wanted;
        const view = viewRepo(repository, await repository.resolve(reference, repo), repo);
        const leftOut = new Set<string>();
        let chosen: { item: TreeItem; file: FileEntry }[] = [];
        if (item === undefined) {
          for await (const found of view.items())
            for (const entry of found.files) chosen.push({ item: found, file: entry });
        } else {
          const found = await view.get(item);
          if (found === undefined) throw notInRepo({ repo, reference, item });
          for (const entry of found.files) {
            if (file === undefined || entry.path === file) chosen.push({ item: found, file: entry });
          }
          if (file !== undefined && chosen.length === 0) throw notInRepo(wanted);
        }
        const erasureOf = await openErasures(repository.store);
        for (const { item: found } of chosen) {
          const erasure = await erasureOf(found);
          if (erasure === undefined) continue;
          if (item !== undefined) throw erasedItem(found.name, erasedOn(erasure));
          leftOut.add(found.name);
        }
        if (leftOut.size > 0) chosen = chosen.filter((one) => !leftOut.has(one.item.name));
        if (folder === '-') {
          const only = chosen.length === 1 ? chosen[0] : undefined;
          if (only === undefined)
            throw new MammoflowError(
              'invalid-argument',
              '`-` prints a single file.',
              'Name one with <repo>:<exam>/<file>.',
            );
          process.stdout.write(await readFileEntry(repository.store, only.file));
          return;
        }
        const limit = pLimit(CONCURRENCY);
        const written = await Promise.all(
          chosen.map((one) =>
            limit(async () => {
              const path = join(resolve(folder), one.item.name, one.file.path);
              await download(repository.store, one.file, path);
              return path;
            }),
          ),
        );
        if (options.json) printJson(written);
        else {
          printLine(`${written.length} ${written.length === 1 ? 'file' : 'files'} in ${resolve(folder)}`);
          if (leftOut.size > 0) printLine(`left out, because erased since: ${[...leftOut].join(', ')}`);
        }
      }),
    );
}

const erasedItem = (name: string, when: string): MammoflowError =>
  new MammoflowError(
    'missing-object',
    `Exam ${name}: ${when}`,
    'Its names and hashes stay in the history: see `mammoflow ls`.',
  );

/** A file appears under its name only when it is whole and verified. */
async function download(store: ObjectStore, entry: FileEntry, path: string): Promise<void> {
  const stream = await store.getStream(entry.key, entry.versionId);
  if (stream === undefined) throw missingVersion(entry);
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.part`;
  try {
    await pipeline(stream, createWriteStream(draft));
    if ((await sha256File(draft)).sha256 !== entry.sha256) throw damagedVersion(entry);
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}
