import { z } from 'zod';

/** What DICOM objects a result can be written as; a person's words for them are in docs/dicom-objects.md. */
export const OBJECT_KINDS = [
  'cad-sr',
  'measurement-report',
  'presentation-states',
  'secondary-captures',
  'parametric-maps',
] as const;
export type ObjectKind = (typeof OBJECT_KINDS)[number];

/** Parametric maps are large, and are left out unless they are named. */
export const DEFAULT_KINDS: readonly ObjectKind[] = OBJECT_KINDS.filter((kind) => kind !== 'parametric-maps');

/** How findings are drawn from heatmaps. What is chosen here is written into every object. */
export const findingOptionsSchema = z.strictObject({
  /** The probability of a malignant finding from which pixels belong to a region. */
  threshold: z.number().gt(0).max(1).default(0.5),
  /** How far the distances of a region in CC and of one in MLO from the foremost point may differ to be one feature. */
  toleranceMillimetres: z.number().positive().max(100).default(15),
  /** What a workstation is asked to do with findings. */
  renderingIntent: z.enum(['required', 'optional', 'not']).default('required'),
});
export type FindingOptions = z.infer<typeof findingOptionsSchema>;
