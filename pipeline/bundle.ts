import { z } from 'zod';
import { modelReferenceSchema } from './model-reference.js';
import { LABELS } from './predictions.js';

/** What a model file is used for. `image` and `imageheatmaps` are the two classifier variants. */
export const MODEL_ROLES = ['patch', 'image', 'imageheatmaps'] as const;
export const modelRoleSchema = z.enum(MODEL_ROLES);
export type ModelRole = z.infer<typeof modelRoleSchema>;

export const MODEL_CARD_FILE = 'model.json';
/** Bytes of a `model.json`. One has some kB; one of absurd size is refused before it is read. */
export const LARGEST_CARD = 1024 * 1024;

/** Rows and columns of a square patch (PIPELINE.md 4). */
export const PATCH_SIZE = 256;

/** Rows and columns of the classifiers' input window per view position (PIPELINE.md, conventions). */
export const WINDOW_SIZE = { CC: [2677, 1942], MLO: [2974, 1748] } as const;

/** The patch network's softmax columns (PIPELINE.md 4); the last two are the "no lesion" classes. */
export const PATCH_CLASSES = ['malignant', 'benign', 'nonmalignant', 'nonbenign'] as const;

export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hexadecimal digits');

/** A tensor by name; `null` stands for a dimension the network leaves open (the batch). All tensors are float32. */
const tensorSchema = z.strictObject({
  name: z.string().min(1),
  shape: z.array(z.number().int().positive().nullable()).min(1),
});
export type TensorDescription = z.infer<typeof tensorSchema>;

const fileName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'expected a plain file name inside the bundle');

const fileFields = {
  path: fileName,
  sha256: sha256Schema,
  inputs: z.array(tensorSchema).min(1),
  outputs: z.array(tensorSchema).min(1),
};

/**
 * How pixels become the network's input. Part of every datum key, since it changes the output:
 * `whole-image` standardises over the whole cropped view before patches are cut (PIPELINE.md 4.1);
 * `window` standardises over the augmented window (PIPELINE.md 5.3 step 12).
 */
const patchFileSchema = z.strictObject({
  ...fileFields,
  preprocessing: z.strictObject({
    standardise: z.literal('whole-image'),
    channels: z.union([z.literal(1), z.literal(3)]),
  }),
  classes: z.tuple([z.literal('malignant'), z.literal('benign'), z.string(), z.string()]),
});
const classifierFileSchema = z.strictObject({
  ...fileFields,
  preprocessing: z.strictObject({
    standardise: z.literal('window'),
    channels: z.union([
      z.tuple([z.literal('image')]),
      z.tuple([z.literal('image'), z.literal('benign'), z.literal('malignant')]),
    ]),
  }),
  labels: z.tuple(LABELS.map((label) => z.literal(label)) as [z.ZodLiteral, z.ZodLiteral, z.ZodLiteral, z.ZodLiteral]),
});

const cardSchema = z.strictObject({
  schemaVersion: z.literal(1),
  name: z.string().min(1).max(128),
  description: z.string().min(1),
  licence: z.string().min(1),
  intendedUse: z.string().min(1),
  /** Shown wherever predictions of this bundle are shown, e.g. that its weights are random. */
  notice: z.string().min(1).optional(),
  files: z.strictObject({
    patch: patchFileSchema,
    image: classifierFileSchema,
    imageheatmaps: classifierFileSchema,
  }),
  metrics: z.record(z.string(), z.number()).optional(),
  /** What the pictures were like that the model was made or accepted on. */
  reference: modelReferenceSchema.optional(),
  /** The files that the networks were converted from, where they were. */
  sources: z
    .array(
      z.strictObject({
        role: modelRoleSchema,
        file: z.string().min(1),
        sha256: sha256Schema,
        /** The key that the weights lay under, where it was not NYU's, or something lay beside them: its keys. */
        wrapper: z.string().optional(),
        beside: z.array(z.string()).optional(),
        /** What the tensors' names began with and was taken away. */
        prefix: z.string().optional(),
      }),
    )
    .optional(),
});
/** `model.json`: what a bundle in the `models` repo holds, and what it may be used for. */
export const bundleSchema = cardSchema.refine(
  ({ reference, files }) => reference?.response === undefined || reference.response.patch === files.patch.sha256,
  {
    path: ['reference', 'response', 'patch'],
    message: 'it was measured with another patch network: leave `response` out, or measure again (models:reference)',
  },
);
export type Bundle = z.infer<typeof bundleSchema>;
export type PatchModelFile = Bundle['files']['patch'];
export type ClassifierModelFile = Bundle['files']['image'];
export type ModelFileDescription = PatchModelFile | ClassifierModelFile;
