import { z } from 'zod';
import { acceptanceSchema } from './acceptance.js';
import { type ModelRole, modelRoleSchema, sha256Schema } from './bundle.js';
import { fileEntrySchema } from './commit.js';
import { destinationNameSchema, destinationSchema } from './destination.js';
import { MammoflowError } from './errors.js';
import { examIdSchema } from './exam.js';
import { stageNameSchema } from './graph.js';
import { modelReferenceSchema } from './model-reference.js';

/** One model file as the pipeline uses it: the object to read, and the preprocessing that its bundle asks for. */
export const eraModelSchema = z.strictObject({ file: fileEntrySchema, preprocessing: z.json() });

/**
 * From commit `fromSequence` on, new and changed exams are processed with this bundle. The files are pinned here by
 * object version, so that putting other bytes under the same bundle name cannot silently change old results.
 */
export const eraSchema = z.strictObject({
  bundle: z.string().min(1),
  fromSequence: z.number().int().nonnegative(),
  /** SHA-256 over the files by role and their preprocessing: equal digests give equal results. */
  digest: sha256Schema,
  models: z.partialRecord(modelRoleSchema, eraModelSchema),
  notice: z.string().optional(),
  /** What the pictures were like that the bundle's model was made for, where it says so. */
  reference: modelReferenceSchema.optional(),
});
export type Era = z.infer<typeof eraSchema>;
export type EraModel = z.infer<typeof eraModelSchema>;
export type EraModels = Partial<Record<ModelRole, EraModel>>;

/**
 * What becomes of a bundle that arrives in the inbox once it is committed. `keep`: exams go on with the models they
 * have. `new`: new and changed exams are processed with it. `all`: every exam is.
 */
export const modelArrivalSchema = z.enum(['keep', 'new', 'all']);
export type ModelArrival = z.infer<typeof modelArrivalSchema>;

/** `pipeline.json` in the `pipeline` repo: which models apply, and how each stage departs from its defaults. */
export const pipelineDocumentSchema = z.strictObject({
  schemaVersion: z.literal(1),
  /** Ascending by `fromSequence`. */
  eras: z.array(eraSchema),
  stages: z.record(
    stageNameSchema,
    z.strictObject({
      parameters: z.record(z.string(), z.json()).optional(),
      taskQueue: z.string().min(1).optional(),
      version: z.string().min(1).optional(),
    }),
  ),
  /** What becomes of what arrives in the inbox. */
  arrivals: z.strictObject({ models: modelArrivalSchema }).optional(),
  /** What a site says of the pixels of its devices, by their names: a policy each. Checked where it is set and used. */
  devices: z.record(z.string(), z.record(z.string(), z.json())).optional(),
  /** Where results go, by name. Nothing that is computed depends on it. */
  destinations: z.record(destinationNameSchema, destinationSchema).optional(),
  /** What people let pass a quality check, by exam. */
  accepted: z.record(examIdSchema, z.array(acceptanceSchema).min(1)).optional(),
});
export type PipelineDocument = z.infer<typeof pipelineDocumentSchema>;

export const EMPTY_PIPELINE: PipelineDocument = { schemaVersion: 1, eras: [], stages: {} };
/** The item and the file that hold the pipeline document in its repo. */
export const PIPELINE_ITEM = 'default';
export const PIPELINE_FILE = 'pipeline.json';

/**
 * The era that applies to an exam whose files last changed in commit `since`: the last that began at or before it.
 * An exam older than every era gets the first, so that no exam is left without a model.
 * @throws MammoflowError `no-model` when no bundle was ever put.
 */
export function eraFor(eras: readonly Era[], since: number): Era {
  const era = eras.findLast((candidate) => candidate.fromSequence <= since) ?? eras[0];
  if (era === undefined) {
    throw new MammoflowError(
      'no-model',
      'No model bundle is in use, so exams cannot be processed.',
      'Put one with `mammoflow put models <folder>`.',
    );
  }
  return era;
}

/** Every exam, old and new, uses `era`'s bundle from now on. */
export const useForAll = (document: PipelineDocument, era: Omit<Era, 'fromSequence'>): PipelineDocument => ({
  ...document,
  eras: [{ ...era, fromSequence: 0 }],
});

/** Exams that are new or change in commit `sequence` or later use `era`'s bundle; the others keep theirs. */
export const useForNew = (
  document: PipelineDocument,
  era: Omit<Era, 'fromSequence'>,
  sequence: number,
): PipelineDocument => ({
  ...document,
  eras: [...document.eras.filter((earlier) => earlier.fromSequence < sequence), { ...era, fromSequence: sequence }],
});
