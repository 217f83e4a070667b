import { argv, env, getuid, platform } from 'node:process';
import { pathToFileURL } from 'node:url';
import { execute, findOnPath, logToStderr } from '../../infra/dev/tool-cache.js';

/** Chromium, as `MAMMOFLOW_CHROMIUM` names it or as it is found on the path. */
export const findChromium = (): string | undefined =>
  env.MAMMOFLOW_CHROMIUM ??
  ['chromium', 'chromium-browser', 'google-chrome'].map((name) => findOnPath(name)).find(Boolean);

/** Why the page cannot be tried in a browser here; undefined where it can. */
export const noChromium = (): string | undefined =>
  findChromium() === undefined
    ? 'there is no Chromium: install the package chromium, or set MAMMOFLOW_CHROMIUM to its path'
    : undefined;

/** Installs Debian's Chromium where this user may. Where not, the tests of the page are skipped, and say so. */
async function obtain(): Promise<void> {
  if (findChromium() !== undefined) return;
  const apt = findOnPath('apt-get');
  if (platform !== 'linux' || apt === undefined || getuid?.() !== 0) {
    logToStderr(`The page will not be tried in a browser: ${noChromium()}.`);
    return;
  }
  logToStderr('installing chromium with apt-get, for the tests of the page (once)');
  const options = { env: { ...env, DEBIAN_FRONTEND: 'noninteractive' }, maxBuffer: 2 ** 26 };
  try {
    await execute(apt, ['update', '--quiet'], options);
    await execute(
      apt,
      ['install', '--yes', '--quiet', '--no-install-recommends', 'chromium', 'fonts-dejavu-core'],
      options,
    );
  } catch (error) {
    logToStderr(`The page will not be tried in a browser: ${(error as Error).message.split('\n')[0]}`);
  }
}

/** Run before the tests, so that no test waits for a download. */
if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) await obtain();
