import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MammoflowError } from '../pipeline/errors.js';

/** The folder of `package.json`: the compiled file lies in `dist/infra`, two folders below it. */
export const packageRoot: string = fileURLToPath(new URL('../..', import.meta.url));

/** The version in `package.json`. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }).version;
}

/**
 * Refuses a folder that workflow code cannot be bundled in: webpack takes what follows a "?" in a path for a query.
 *
 * @throws MammoflowError `invalid-configuration`
 */
export function requireReadablePath(folder: string = packageRoot): void {
  if (!folder.includes('?')) return;
  throw new MammoflowError(
    'invalid-configuration',
    `mammoflow lies in ${folder}, and workflow code cannot be bundled below a folder with a "?" in its name.`,
    'Move it, or rename the folder.',
  );
}
