import { mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { checkBundle } from '../../inference/bundle.js';
import { describeNyuFolder } from '../../models/nyu/describe-nyu-folder.js';
import { type Bundle, MODEL_CARD_FILE, MODEL_ROLES } from '../../pipeline/bundle.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { checkBundleName, filesOf } from '../../planning/use-bundle.js';
import type { ItemToPut } from '../../repos/put-items.js';

/** A bundle that cannot be committed, and why. */
export interface RefusedBundle {
  readonly bundle: string;
  readonly reason: string;
}

/** A bundle on local disk whose networks were tried. */
export interface OpenBundle {
  readonly item: ItemToPut;
  readonly bundle: Bundle;
}

/**
 * Opens and tries the bundles of some folders.
 * @param temporary a folder for copies of bundles that get a `model.json`.
 * @throws MammoflowError `invalid-bundle` when no bundle can be put; otherwise the bad ones are refused alone.
 */
export async function openBundles(
  folders: readonly string[],
  temporary: string,
): Promise<{ bundles: OpenBundle[]; refused: RefusedBundle[] }> {
  const bundles: OpenBundle[] = [];
  const refused: RefusedBundle[] = [];
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

/** A folder with model.json or ONNX files is a bundle; any other holds one bundle a subfolder. */
export async function bundleFolders(paths: readonly string[]): Promise<string[]> {
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
