import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type GuardedOptions, type GuardedProcess, startGuarded } from './guarded-process.js';
import { parseJson } from './parse-json.js';
import { isRunning, processIdentity } from './process-identity.js';
import type { Log } from './tool-cache.js';
import { writeWhole } from './write-whole.js';

const GRACE_MS = 10_000;

const noteSchema = z.object({ name: z.string(), pid: z.number().int(), identity: z.string() });

/** One file for each program of the data folder: which process it is now. */
const notes = (dataFolder: string): string => join(dataFolder, 'processes');

/**
 * Starts a program that belongs to the data folder, and writes down which process it is, each time it is started.
 *
 * @throws Error as `startGuarded` does
 */
export async function startNoted(dataFolder: string, options: GuardedOptions): Promise<GuardedProcess> {
  const started = await startGuarded(options);
  const identity = processIdentity(started.pid);
  if (identity !== undefined) {
    const folder = notes(dataFolder);
    await mkdir(folder, { recursive: true });
    const note = JSON.stringify({ name: started.name, pid: started.pid, identity });
    // A full disk is no reason to lose a program that runs: only its guard can end it then.
    await writeWhole(join(folder, `${started.name}.json`), note).catch(() => undefined);
  }
  return started;
}

/**
 * Ends the programs that still run although nobody holds the data folder: left over where guards were killed together
 * with the process they served, or about to be ended by them. Two servers on one database would harm it, and workers
 * of an earlier start share their cache folder with those of the next.
 */
export async function endLeftovers(dataFolder: string, log: Log): Promise<void> {
  const folder = notes(dataFolder);
  const names = (await readdir(folder).catch((): string[] => [])).filter((name) => name.endsWith('.json'));
  await Promise.all(
    names.map(async (name) => {
      const note = noteSchema.safeParse(parseJson(await readFile(join(folder, name), 'utf8').catch(() => '')));
      if (note.success && isRunning(note.data)) {
        log(`ending process ${note.data.pid}, ${note.data.name}, left over in ${dataFolder}`);
        for (let waited = 0; isRunning(note.data); waited += 100) {
          try {
            process.kill(note.data.pid, waited < GRACE_MS ? 'SIGTERM' : 'SIGKILL');
          } catch {
            break;
          }
          await sleep(100);
        }
      }
      await rm(join(folder, name), { force: true });
    }),
  );
}
