import { z } from 'zod';
import { examIdSchema, horizontalFlipSchema, VIEWS } from './exam.js';
import { RESEARCH_USE_ONLY } from './predictions.js';
import { QUALITY_CHECKS, VERDICTS } from './quality-policy.js';

/** The stage that looks whether the pictures show what they say. */
export const QUALITY_STAGE = 'check_quality';
/** The document it writes for each exam. */
export const QUALITY_FILE = 'quality.json';

const bounds = z.tuple([z.number().nullable(), z.number().nullable()]);

const findingSchema = z.strictObject({
  code: z.enum(QUALITY_CHECKS),
  /** Absent where it is about the four views together. */
  view: z.enum(VIEWS).optional(),
  /** Absent where there was nothing to measure. */
  value: z.number().optional(),
  /** Values that give no warning. */
  expected: bounds,
  /** Values beyond which the exam is refused; absent where the check only warns. */
  accepted: bounds.optional(),
  verdict: z.enum(VERDICTS),
  /** A person let the exam pass this check, which would have refused it (`mammoflow accept`). */
  overridden: z.literal(true).optional(),
  message: z.string(),
  next: z.string().optional(),
});
/** What a check found. */
export type Finding = z.infer<typeof findingSchema>;

/** `check_quality/<exam>/quality.json`. */
export const qualityDocumentSchema = z.strictObject({
  schemaVersion: z.literal(1),
  exam: examIdSchema,
  notice: z.literal(RESEARCH_USE_ONLY),
  policy: z.string(),
  horizontal_flip: horizontalFlipSchema,
  verdict: z.enum(VERDICTS),
  checks: z.array(findingSchema),
});
export type QualityDocument = z.infer<typeof qualityDocumentSchema>;

/** A warning as it travels with a result. */
export const qualityWarningSchema = z.object({
  code: z.string(),
  view: z.enum(VIEWS).optional(),
  message: z.string(),
});
export type QualityWarning = z.infer<typeof qualityWarningSchema>;

/** The stage's headline, kept beside the datum so that results can be listed without opening the document. */
export const qualitySummarySchema = z.object({
  verdict: z.enum(VERDICTS),
  warnings: z.array(qualityWarningSchema),
  /** How many warnings the document has beyond those. */
  more: z.number().int().positive().optional(),
});
export type QualitySummary = z.infer<typeof qualitySummarySchema>;

/** Headlines stay under 1 kB; the longest message has some 250 characters. */
const MOST_CHARACTERS = 800;

/** The headline of some findings: as many of the warnings as fit. */
export function summariseFindings(findings: readonly Finding[]): QualitySummary {
  const all = findings.filter(({ verdict }) => verdict !== 'ok');
  const warnings: QualityWarning[] = [];
  for (const { code, view, message } of all) {
    const warning = { code, ...(view === undefined ? {} : { view }), message };
    if (JSON.stringify([...warnings, warning]).length > MOST_CHARACTERS) break;
    warnings.push(warning);
  }
  const more = all.length - warnings.length;
  return { verdict: worstVerdict(findings), warnings, ...(more === 0 ? {} : { more }) };
}

export const worstVerdict = (findings: readonly Pick<Finding, 'verdict'>[]): Finding['verdict'] =>
  VERDICTS.findLast((verdict) => findings.some((finding) => finding.verdict === verdict)) ?? 'ok';
