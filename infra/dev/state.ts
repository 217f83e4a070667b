import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isRunning } from './process-identity.js';
import { writeWhole } from './write-whole.js';

const workerStateSchema = z.object({
  name: z.string(),
  pid: z.number().int(),
  restarts: z.number().int(),
  /** False between a crash and the next start. */
  running: z.boolean(),
});

/** The program that hears of uploads to the embedded S3 server. */
const receiverStateSchema = workerStateSchema.extend({
  /** `http://host:port` */
  address: z.string(),
  /** A secret: whoever has it can send events. */
  token: z.string(),
});

/** What the process that runs the services of a data folder writes down for others: `supervisor.json`. */
export const stackStateSchema = z.object({
  pid: z.number().int(),
  identity: z.string(),
  startedAt: z.string(),
  /** `starting` until the services are healthy and every worker polls its queue. */
  phase: z.enum(['starting', 'ready']),
  temporal: z.object({ address: z.string(), ui: z.string(), namespace: z.string() }).optional(),
  s3: z.object({ endpoint: z.string(), region: z.string(), bucket: z.string() }).optional(),
  /** URL of the web page, where one is served. */
  console: z.string().optional(),
  /** The program that serves it. */
  consoleProcess: workerStateSchema.optional(),
  receiver: receiverStateSchema.optional(),
  workers: z.array(workerStateSchema),
});
export type StackState = z.infer<typeof stackStateSchema>;

const statePath = (dataFolder: string): string => join(dataFolder, 'supervisor.json');

/** The state of the stack that runs on this data folder now; undefined if none does, whatever lies there. */
export async function readRunningState(dataFolder: string): Promise<StackState | undefined> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(statePath(dataFolder), 'utf8'));
  } catch {
    return undefined;
  }
  const state = stackStateSchema.safeParse(value);
  return state.success && isRunning(state.data) ? state.data : undefined;
}

/** Readable for the owner only, since the state holds the receiver's token. */
export async function writeState(dataFolder: string, state: StackState): Promise<void> {
  await writeWhole(statePath(dataFolder), `${JSON.stringify(state, null, 2)}\n`, 0o600);
}

export async function removeState(dataFolder: string): Promise<void> {
  await rm(statePath(dataFolder), { force: true });
}
