import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { readDerivedJson, writeJson } from './json-objects.js';
import { acceptanceReasonKey } from './layout.js';
import type { ObjectStore } from './object-store.js';

/*
 * Why a person let an exam pass a check may say something of a patient, and commits and the pipeline's document are for ever. So it
 * lies apart, under a name that says nothing of it, and is erased with its exam:
 *
 *   .mammoflow/reasons/<exam>/<id>.json
 */
const reasonSchema = z.object({ schemaVersion: z.literal(1), exam: z.string(), reason: z.string() });

/** Stores the reason of an acceptance. @returns its id. */
export async function storeAcceptanceReason(store: ObjectStore, exam: string, reason: string): Promise<string> {
  const id = randomUUID();
  await writeJson(store, acceptanceReasonKey(exam, id), { schemaVersion: 1, exam, reason }, { ifAbsent: true });
  return id;
}

/** The reason of an acceptance; undefined where it was erased, or cannot be read. */
export async function readAcceptanceReason(store: ObjectStore, exam: string, id: string): Promise<string | undefined> {
  return (await readDerivedJson(store, acceptanceReasonKey(exam, id), reasonSchema))?.reason;
}
