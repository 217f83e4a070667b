import { homedir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import type { IdentityPlaces } from '../dicom/identity/identities.js';
import { MammoflowError } from '../pipeline/errors.js';

/**
 * Where the key of pseudonyms and the map back to patients are: `MAMMOFLOW_PSEUDONYM_KEY_FILE` and `MAMMOFLOW_IDENTITIES`, by
 * default `~/.config/mammoflow/pseudonym.key` and `~/.local/state/mammoflow/identities` (or below `XDG_CONFIG_HOME` and
 * `XDG_STATE_HOME`). Neither may lie in the data folder: a copy of the data would then hold whose it is.
 *
 * @throws MammoflowError `invalid-configuration`
 */
export function identityPlaces(dataFolder: string, environment: NodeJS.ProcessEnv = process.env): IdentityPlaces {
  const config = environment.XDG_CONFIG_HOME || join(homedir(), '.config');
  const state = environment.XDG_STATE_HOME || join(homedir(), '.local', 'state');
  const keyFile = environment.MAMMOFLOW_PSEUDONYM_KEY_FILE || join(config, 'mammoflow', 'pseudonym.key');
  const folder = environment.MAMMOFLOW_IDENTITIES || join(state, 'mammoflow', 'identities');
  for (const [name, path] of [
    ['MAMMOFLOW_PSEUDONYM_KEY_FILE', keyFile],
    ['MAMMOFLOW_IDENTITIES', folder],
  ] as const) {
    const way = relative(resolve(dataFolder), resolve(path));
    if (!way.startsWith('..')) {
      throw new MammoflowError(
        'invalid-configuration',
        `${path} lies in the data folder ${dataFolder}, beside the data that it tells the patients of.`,
        `Set ${name} to a place outside of it.`,
      );
    }
  }
  return { keyFile: resolve(keyFile), folder: resolve(folder) };
}
