import { z } from 'zod';
import { sha256Schema } from '../pipeline/bundle.js';
import type { Json } from '../pipeline/canonical-json.js';
import { treeRootSchema } from '../pipeline/commit.js';
import { readDerivedJson, writeJson } from './json-objects.js';
import { memoKey } from './layout.js';
import type { ObjectStore } from './object-store.js';

/**
 * A state in which every exam had what was wanted of it: a base that planning compares with instead of looking at every
 * exam again. Only exams that differ from `exams`, or whose outcome differs from `results`, can need anything.
 */
export const memoSchema = z.object({
  schemaVersion: z.literal(1),
  /** What was wanted (`CommitWants.context`). */
  context: sha256Schema,
  /** Sequence of the commit with this state. */
  sequence: z.number().int().nonnegative(),
  job: z.string(),
  exams: treeRootSchema,
  /** Roots of `outcomes` and of every stage repo. */
  results: z.record(z.string(), treeRootSchema),
  processed: z.number().int().nonnegative(),
  failed: z.number().int().nonnegative(),
  /** Exams of which something was accepted. Absent in memos of builds before there were acceptances. */
  accepted: z.array(z.string()).optional(),
});
export type Memo = z.infer<typeof memoSchema>;

/** Undefined when there is none, or it is damaged: the next one takes its place. */
export const readMemo = (store: ObjectStore, context: string): Promise<Memo | undefined> =>
  readDerivedJson(store, memoKey(context), memoSchema) as Promise<Memo | undefined>;

/** The newest state wins: every one is true, and the newest is nearest to what will be asked. */
export async function writeMemo(store: ObjectStore, memo: Memo): Promise<void> {
  await writeJson(store, memoKey(memo.context), memo as unknown as Json);
}
