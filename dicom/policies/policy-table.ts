import { canonicalJson, type Json } from '../../pipeline/canonical-json.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { type AppliedPolicy, type PixelPolicy, type PolicyRow, pixelPolicySchema } from './pixel-policy.js';

/** What the model was trained on: stored values as they are, background 0 (the preparation that NYU published). */
const STANDARD: PixelPolicy = {
  inversion: 'photometric',
  padding: 'to-background',
  backgroundUpTo: 0,
  voi: 'none',
  orientation: 'patient-orientation-if-said',
  signed: 'refuse-negative',
};

const STANDARD_SOURCE =
  'PS3.3 C.8.11.1 (presentation images are P-values; MONOCHROME1 goes with INVERSE), C.7.5.1.1.2 (padding), C.7.6.1.1.1 (orientation)';
const REPORTED = 'reported by sites that use these devices; no public statement of the vendor was found';

/**
 * What differs by vendor. The first row whose beginning fits a device's name applies. A changed row gets a higher version:
 * exams of its devices are then computed again, and no others.
 */
export const POLICY_TABLE: readonly PolicyRow[] = [
  { id: 'hologic', version: 1, devices: ['hologic', 'lorad'], policy: STANDARD, source: STANDARD_SOURCE },
  { id: 'siemens', version: 1, devices: ['siemens'], policy: STANDARD, source: STANDARD_SOURCE, unverified: true },
  { id: 'ge', version: 1, devices: ['ge'], policy: STANDARD, source: STANDARD_SOURCE, unverified: true },
  {
    id: 'philips',
    version: 1,
    devices: ['philips', 'sectra'],
    policy: STANDARD,
    source: STANDARD_SOURCE,
    unverified: true,
  },
  {
    id: 'fuji',
    version: 1,
    devices: ['fuji', 'fujifilm'],
    // Objects are known whose Presentation LUT Shape contradicts their photometric interpretation.
    policy: { ...STANDARD, inversion: 'photometric-only' },
    source: `dcm4chee-arc-light issue 3155 (wrong Presentation LUT Shape); stored as MONOCHROME1, ${REPORTED}`,
    unverified: true,
  },
  {
    id: 'planmed',
    version: 1,
    devices: ['planmed'],
    policy: { ...STANDARD, inversion: 'photometric-only' },
    source: `stored as MONOCHROME1, ${REPORTED}`,
    unverified: true,
  },
  {
    id: 'giotto',
    version: 1,
    devices: ['giotto', 'ims-giotto', 'ims', 'i-m-s'],
    policy: { ...STANDARD, voi: 'table' },
    source: `the picture is in its VOI LUT, ${REPORTED}`,
    unverified: true,
  },
  {
    id: 'metaltronica',
    version: 1,
    devices: ['metaltronica'],
    policy: { ...STANDARD, voi: 'table' },
    source: `the picture is in its VOI LUT, ${REPORTED}`,
    unverified: true,
  },
  // Drawn by `mammoflow phantom --dicom`.
  { id: 'phantom', version: 1, devices: ['mammoflow-phantom'], policy: STANDARD, source: 'docs/phantom.md' },
];

const UNKNOWN: AppliedPolicy = { id: 'unknown', version: 1, policy: STANDARD, unknown: true };

/** What a site says of its own devices, by their names; goes before the table. */
export type DevicePolicies = Readonly<Record<string, PixelPolicy>>;

/** The policy for a device. One that neither the site nor the table knows gets a marked default. */
export function policyFor(device: string, own: DevicePolicies = {}): AppliedPolicy {
  const site = own[device];
  if (site !== undefined) return { id: 'site', version: 1, policy: site };
  const row = POLICY_TABLE.find(({ devices }) =>
    devices.some((beginning) => device === beginning || device.startsWith(`${beginning}-`)),
  );
  return row === undefined ? UNKNOWN : { id: row.id, version: row.version, policy: row.policy };
}

/**
 * What a pipeline says of a site's own devices.
 * @throws MammoflowError `invalid-pipeline` for a policy that is none.
 */
export function sitePolicies({
  devices = {},
}: {
  devices?: Readonly<Record<string, unknown>> | undefined;
}): DevicePolicies {
  return Object.fromEntries(
    Object.entries(devices).map(([device, said]) => {
      const policy = pixelPolicySchema.safeParse(said);
      if (policy.success) return [device, policy.data];
      const issue = policy.error.issues[0];
      throw new MammoflowError(
        'invalid-pipeline',
        `The pipeline's policy for the device ${device} will not do: ${issue?.path.join('.') || 'it'}: ${issue?.message}.`,
        'Correct it with `mammoflow device set`.',
      );
    }),
  );
}

/** The policies for some devices as canonical JSON by device: what goes into the datum key of an exam of theirs. */
export const policiesText = (devices: readonly string[], own: DevicePolicies): string =>
  canonicalJson(Object.fromEntries(devices.map((device) => [device, policyFor(device, own)])) as unknown as Json);
