import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

/** The folder of compiled code. */
const BUILT = fileURLToPath(new URL('..', import.meta.url));
const WORKFLOWS = join(BUILT, 'workflows', 'index.js');
/** Holds one bundle, named after what it was made from. */
const BUNDLES = join(BUILT, 'workflow-bundle');
/** All that workflows may import of ours: lint holds it. */
const FOLDERS = ['workflows', 'pipeline'] as const;

/**
 * The workflows as one script, as workers load them: the one that the build left, or made here where compiled code has changed
 * since, so that no worker ever runs other workflows than those it was compiled with.
 */
export async function workflowBundle(): Promise<{ readonly code: string }> {
  const built = await readFile(bundleFile(), 'utf8').catch(() => undefined);
  return built === undefined ? bundle() : { code: built };
}

const bundle = (): Promise<{ readonly code: string }> =>
  bundleWorkflowCode({ workflowsPath: WORKFLOWS, logger: new DefaultLogger('WARN') });

const bundleFile = (): string => join(BUNDLES, `${digestOfSources()}.js`);

/** SHA-256 of everything that a bundle is made from: our compiled files, and the SDK by its version. */
function digestOfSources(): string {
  const hash = createHash('sha256');
  const { version } = createRequire(import.meta.url)('@temporalio/worker/package.json') as { version: string };
  hash.update(version);
  for (const folder of FOLDERS) {
    const files = readdirSync(join(BUILT, folder), { recursive: true, encoding: 'utf8' });
    for (const file of files.filter((name) => name.endsWith('.js')).sort()) {
      const path = join(BUILT, folder, file);
      hash.update(`\0${relative(BUILT, path)}\0`).update(readFileSync(path));
    }
  }
  return hash.digest('hex');
}

/** Run by the build. */
if (argv[1] !== undefined && realpathSync(argv[1]) === fileURLToPath(import.meta.url)) {
  const file = bundleFile();
  if (!existsSync(file)) {
    const { code } = await bundle();
    await rm(BUNDLES, { recursive: true, force: true });
    await mkdir(BUNDLES, { recursive: true });
    // Whole or not at all: a worker may start meanwhile.
    await writeFile(`${file}.new`, code);
    await rename(`${file}.new`, file);
  }
}
