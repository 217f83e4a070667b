import { existsSync } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { passingOver } from '../connection.js';
import { leadsElsewhere } from '../dev/program-environment.js';
import { readRunningState } from '../dev/state.js';
import { findOnPath } from '../dev/tool-cache.js';
import { NODE_TO_USE, nodeRelease } from '../node-release.js';
import { type Finding, fail, ok, warn } from './finding.js';

/** Variables of mammoflow's own that say nothing of where services are. */
const OURS = /^MAMMOFLOW_DATA$/;
/** An exam with its results takes about 150 MB, and the disk also holds every earlier version. */
const LITTLE_DISK_BYTES = 10e9;
const NO_DISK_BYTES = 1e9;

export function checkNode(): Finding {
  const { node } = process.versions;
  const release = nodeRelease(node);
  const next = `Install Node ${NODE_TO_USE}.`;
  if (release.state === 'supported') return ok('node', node);
  if (release.state === 'too-old') return fail('node', `${node} is not supported.`, next);
  return warn('node', `${node} gets no more fixes${release.since ? ` since ${release.since}` : ''}.`, next);
}

/** The CLI is not needed on a machine that only works for services elsewhere. */
export function checkTool(name: string, variable: string): Finding {
  const chosen = process.env[variable];
  if (chosen && !existsSync(chosen)) {
    return fail(`${name} command`, `${variable}=${chosen} does not exist.`, `Correct or unset ${variable}.`);
  }
  const found = chosen || findOnPath(name);
  return ok(`${name} command`, found ?? 'not on PATH; `mammoflow up` uses a copy of its own');
}

/** What is set in this shell and leads away from the services that run here, or is set and does not matter to them. */
export async function checkEnvironment(dataFolder: string): Promise<Finding[]> {
  const elsewhere = await passingOver(dataFolder);
  if (elsewhere.length > 0) {
    return [
      warn(
        'environment',
        `${elsewhere.join(', ')} ${elsewhere.length === 1 ? 'leads' : 'lead'} elsewhere than to the services that run on ${resolve(dataFolder)}.`,
        'Unset what you do not mean, as `eval "$(mammoflow env)"` does.',
      ),
    ];
  }
  if ((await readRunningState(resolve(dataFolder))) === undefined) return [];
  const idle = Object.keys(process.env).filter((name) => leadsElsewhere(name) && !OURS.test(name));
  return idle.length === 0
    ? []
    : [ok('environment', `set, and not obeyed by the services that run here: ${idle.sort().join(', ')}`)];
}

/** The disks of the data folder and of the workers' cache, where that is another one. */
export async function checkDisks(dataFolder: string): Promise<Finding[]> {
  const data = existing(resolve(dataFolder));
  const cache = existing(resolve(process.env.MAMMOFLOW_CACHE || join(dataFolder, 'cache')));
  const [one, other] = await Promise.all([stat(data), stat(cache)]);
  const found = [await checkDisk('disk', data, 'or choose a data folder on a larger disk with --data')];
  if (one.dev !== other.dev) {
    found.push(await checkDisk('disk of the cache', cache, 'or choose another folder with --cache or MAMMOFLOW_CACHE'));
  }
  return found;
}

/** The folder, or the one above it that is there. */
function existing(folder: string): string {
  return existsSync(folder) ? folder : existing(dirname(folder));
}

async function checkDisk(check: string, folder: string, otherwise: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const detail = `${(free / 1e9).toFixed(1)} GB free in ${folder}`;
  const next = `Free some space, ${otherwise}.`;
  if (free < NO_DISK_BYTES) return fail(check, detail, next);
  return free < LITTLE_DISK_BYTES ? warn(check, detail, next) : ok(check, detail);
}
