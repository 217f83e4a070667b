import { z } from 'zod';

/** How the stored values of a device become the values that the model was trained on. */
export const pixelPolicySchema = z.strictObject({
  /**
   * `photometric`: MONOCHROME1 is inverted and MONOCHROME2 is not; Presentation LUT Shape has to agree. `photometric-only`:
   * the same, whatever the shape says. `always`, `never`: whatever the object says.
   */
  inversion: z.enum(['photometric', 'photometric-only', 'always', 'never']),
  /** Whether pixels of the padding value, or within its range, become background. */
  padding: z.enum(['to-background', 'keep']),
  /** Stored values up to this one, after inversion, become background; for devices whose background is not 0. */
  backgroundUpTo: z.number().int().nonnegative().max(65535),
  /** Whether the VOI transformation of the object is part of its picture: its first lookup table, or its first window. */
  voi: z.enum(['none', 'table', 'window']),
  /** `patient-orientation`: turned where Patient Orientation says so; it has to be there. `as-stored`: never turned. */
  orientation: z.enum(['patient-orientation', 'patient-orientation-if-said', 'as-stored']),
  /** Signed values: `refuse-negative` takes them as they are where none is below 0; `offset` adds half of their range. */
  signed: z.enum(['refuse-negative', 'offset']),
});
export type PixelPolicy = z.infer<typeof pixelPolicySchema>;

/** A row of the table of policies: the devices it is for, and where it comes from. */
export interface PolicyRow {
  readonly id: string;
  /** Raised with every change of the row; part of the datum key of exams of these devices, and of no others. */
  readonly version: number;
  /** Beginnings of the names of devices as `deviceName` makes them. */
  readonly devices: readonly string[];
  readonly policy: PixelPolicy;
  readonly source: string;
  /** No object of these devices was seen here. */
  readonly unverified?: boolean;
}

/** The policy that applies to a device, as it is written into datum keys and provenance. */
export const appliedPolicySchema = z.strictObject({
  id: z.string(),
  version: z.number().int().nonnegative(),
  policy: pixelPolicySchema,
  /** Absent unless it is the one for devices that are not in the table. */
  unknown: z.literal(true).optional(),
});
export type AppliedPolicy = z.infer<typeof appliedPolicySchema>;

const LONGEST_DEVICE = 60;

/**
 * The name under which a device is known, from Manufacturer and Manufacturer's Model Name: `hologic-selenia-dimensions`.
 * It stands in keys and says nothing of a patient or a site; what does not look like a device's name is left out of it.
 */
export function deviceName(manufacturer: string | undefined, model: string | undefined): string {
  const words = `${manufacturer ?? ''} ${model ?? ''}`
    .toLowerCase()
    .replace(
      /\b(inc|ltd|llc|gmbh|s\.?p\.?a|s\.?r\.?l|corporation|corp|co|oy|ag|medical|systems?|healthcare)\b\.?/g,
      ' ',
    )
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  // `HOLOGIC, Inc.` and `Hologic Selenia` would say it twice.
  const name = words.filter((word, index) => words.indexOf(word) === index).join('-');
  return name.slice(0, LONGEST_DEVICE).replace(/-$/, '') || 'unknown';
}
