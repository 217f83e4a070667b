import { spawnSync } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import { MammoflowError } from '../../pipeline/errors.js';
import { packageRoot } from '../package-root.js';
import { fetchTools } from './fetch.js';
import { cached, cacheFolder, execute, type Log, logToStderr } from './tool-cache.js';

/*
 * `npm run test:node -- 24`: a selection of the tests on other releases of Node than the one that is installed, in a few
 * minutes each. All tests on one release: `.ci/run` with that release.
 */

/** The releases that are tried, by major version. */
const RELEASES: Readonly<Record<string, string>> = { 22: '22.23.3', 24: '24.21.0', 26: '26.10.0' };

/**
 * What is most likely to notice another Node: native modules (sharp, ONNX Runtime, Temporal's core), threads and
 * processes, streams to S3, HTTP, and a whole job of the five stages.
 */
const SELECTION = [
  'tests/imaging',
  'tests/inference',
  'tests/workers',
  'tests/repos/object-store.test.js',
  'tests/infra/services.test.js',
  'tests/infra/proxy.test.js',
  'tests/activities/stages',
  'tests/triggers/webhook.test.js',
  'tests/workflows/replay.test.js',
  'tests/workflows/process-commit.test.js',
  'tests/cli/main.test.js',
];

/**
 * The binary of a Node release, from the npm package that the package `node` installs for this platform (its own
 * install script runs `npm install` once more; this does without it). Kept in the cache.
 *
 * @throws MammoflowError `service-unavailable` if npm cannot install it
 */
async function nodeBinary(version: string, log: Log): Promise<string> {
  const { platform, arch } = process;
  const name = `${platform === 'darwin' && arch === 'arm64' ? 'node-bin' : 'node'}-${platform}-${arch}`;
  const folder = await cached(join(cacheFolder(), `${name}-${version}`), log, async (making) => {
    log(`fetching Node ${version} (about 50 MB, once)`);
    await writeFile(join(making, 'package.json'), '{"private":true}');
    const options = ['--ignore-scripts', '--no-save', '--no-audit', '--no-fund'];
    try {
      await execute('npm', ['install', ...options, `${name}@${version}`], { cwd: making });
    } catch (cause) {
      throw new MammoflowError(
        'service-unavailable',
        `npm could not install ${name}@${version} (${(cause as Error).message.trim().split('\n').at(-1)}).`,
        'Install that Node yourself, and run .ci/run with it.',
        { cause },
      );
    }
    const installed = join(making, 'node_modules', name);
    await chmod(join(installed, 'bin', 'node'), 0o755);
    return installed;
  });
  return join(folder, 'bin', 'node');
}

async function main(asked: readonly string[]): Promise<number> {
  const majors = asked.length === 0 ? Object.keys(RELEASES) : asked;
  const unknown = majors.find((major) => !(major in RELEASES));
  if (unknown !== undefined) {
    throw new MammoflowError(
      'invalid-argument',
      `There is no Node ${unknown} to test on.`,
      `Give some of ${Object.keys(RELEASES).join(', ')}, or nothing for all of them.`,
    );
  }
  await fetchTools(logToStderr);
  const tests = SELECTION.map((path) => join('dist', path.endsWith('.js') ? path : `${path}/**/*.test.js`));
  const failed: string[] = [];
  for (const major of majors) {
    const node = await nodeBinary(RELEASES[major] as string, logToStderr);
    console.error(`Node ${RELEASES[major]}`);
    const mocha = join('node_modules', 'mocha', 'bin', 'mocha.js');
    const env = { ...process.env, PATH: `${join(node, '..')}:${process.env.PATH}` };
    const { status } = spawnSync(node, [mocha, ...tests], { cwd: packageRoot, env, stdio: 'inherit' });
    if (status !== 0) failed.push(major);
  }
  if (failed.length > 0) console.error(`failed on Node ${failed.join(', ')}`);
  return failed.length === 0 ? 0 : 1;
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  try {
    process.exitCode = await main(argv.slice(2));
  } catch (error) {
    console.error(`error: ${error instanceof MammoflowError ? error.sentence : (error as Error).stack}`);
    process.exitCode = 1;
  }
}
