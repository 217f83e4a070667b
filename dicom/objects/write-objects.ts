import { z } from 'zod';
import { MammoflowError } from '../../pipeline/errors.js';
import { DEFAULT_KINDS, findingOptionsSchema, OBJECT_KINDS, type ObjectKind } from '../../pipeline/result-objects.js';
import { type Dataset, encodePart10 } from './dataset.js';
import { examResultSchema, type ResultPixels } from './exam-result.js';
import { findingsOf } from './findings.js';
import { mammographyCadSr } from './mammography-cad-sr.js';
import { measurementReports } from './measurement-report.js';
import { parametricMaps } from './parametric-maps.js';
import { presentationStates } from './presentation-states.js';
import { secondaryCaptures } from './secondary-captures.js';
import { checkReport } from './sr-templates/check-report.js';
import { MAMMOGRAPHY_CAD_TEMPLATES } from './sr-templates/mammography-cad.js';

export const writeOptionsSchema = z.strictObject({
  /** Which objects to write. */
  kinds: z
    .array(z.enum(OBJECT_KINDS))
    .min(1)
    .default([...DEFAULT_KINDS]),
  findings: findingOptionsSchema.prefault({}),
});
export type WriteOptions = z.input<typeof writeOptionsSchema>;

/** One DICOM file. */
export interface WrittenObject {
  readonly kind: ObjectKind;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  /** `cad-sr-1.dcm`: unique among the objects of a result. */
  readonly name: string;
  /** PS3.10, explicit VR little endian. */
  readonly bytes: Buffer;
}

/**
 * Writes an exam's result as DICOM objects, one after the other, so that no more than one is in memory. The same result and
 * options give the same bytes under the same UIDs; anything else gives other UIDs.
 *
 * @param result see `examResultSchema`; it is checked
 * @param pixels reads heatmaps and pictures, a view at a time
 * @example
 * ```ts
 * for await (const { name, bytes } of writeObjects(result, pixels, { kinds: ['cad-sr'] })) {
 *   await writeFile(join(folder, name), bytes);
 * }
 * ```
 * @throws MammoflowError `invalid-argument` for a result or options that are not what they should be, or a threshold that
 *   leaves too many regions; `corrupt-data` for heatmaps of another size than their crops
 */
export async function* writeObjects(
  result: z.input<typeof examResultSchema>,
  pixels: ResultPixels,
  options: WriteOptions = {},
): AsyncGenerator<WrittenObject> {
  const checked = parsed(examResultSchema, result, 'This result cannot be written as DICOM objects');
  const { kinds, findings: findingOptions } = parsed(writeOptionsSchema, options, 'These options are not valid');
  const needsFindings = kinds.some((kind) => kind !== 'secondary-captures' && kind !== 'parametric-maps');
  const findings = needsFindings ? await findingsOf(checked, pixels, findingOptions) : undefined;
  const writers: Readonly<Record<ObjectKind, () => Iterable<Dataset> | AsyncIterable<Dataset>>> = {
    'cad-sr': () => [checkedCadSr(mammographyCadSr(checked, findings))],
    'measurement-report': () => measurementReports(checked, findings),
    'presentation-states': () => presentationStates(checked, findings),
    'secondary-captures': () => secondaryCaptures(checked, pixels),
    'parametric-maps': () => parametricMaps(checked, pixels),
  };
  for (const kind of OBJECT_KINDS) {
    if (!kinds.includes(kind)) continue;
    let number = 0;
    for await (const dataset of writers[kind]()) {
      number += 1;
      yield {
        kind,
        sopClassUid: String(dataset.SOPClassUID),
        sopInstanceUid: String(dataset.SOPInstanceUID),
        studyInstanceUid: String(dataset.StudyInstanceUID),
        seriesInstanceUid: String(dataset.SeriesInstanceUID),
        name: `${kind}-${number}.dcm`,
        bytes: encodePart10(dataset),
      };
    }
  }
}

/** No report leaves that its own template does not allow; that it would is a defect, and says so. */
function checkedCadSr(dataset: Dataset): Dataset {
  const violations = checkReport(dataset, MAMMOGRAPHY_CAD_TEMPLATES, '4000');
  if (violations.length === 0) return dataset;
  const first = violations.slice(0, 5).map(({ at, what }) => `item ${at} ${what}`);
  throw new Error(`the mammography CAD SR breaks TID 4000: ${first.join('; ')}`);
}

function parsed<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.infer<Schema> {
  const answer = schema.safeParse(value);
  if (answer.success) return answer.data;
  const [issue] = answer.error.issues;
  const place = issue?.path.length ? `${issue.path.join('.')}: ` : '';
  throw new MammoflowError('invalid-argument', `${what}: ${place}${issue?.message}.`);
}
