import { z } from 'zod';
import { examIdSchema, horizontalFlipSchema, VIEWS } from './exam.js';
import { READ_STAGE, VIEWS_FILE } from './exam-objects.js';
import { RESPONSE_STATISTICS } from './model-reference.js';
import { RESEARCH_USE_ONLY } from './predictions.js';
import { ALL_CHECKS, VERDICTS, type Verdict } from './quality-policy.js';

/** The stage that looks whether the pictures show what they say. */
export const QUALITY_STAGE = 'check_quality';
/** The document it writes for each exam. */
export const QUALITY_FILE = 'quality.json';
/** The stage that looks whether the patch network answers to the pictures as to those that its model was made for. */
export const RESPONSE_STAGE = 'check_response';
export const RESPONSE_FILE = 'response.json';

/** The stages whose warnings travel with a result, in the order in which these are shown, and what each writes. */
export const CHECKING_STAGES = {
  [READ_STAGE]: VIEWS_FILE,
  [QUALITY_STAGE]: QUALITY_FILE,
  [RESPONSE_STAGE]: RESPONSE_FILE,
} as const;
export type CheckingStage = keyof typeof CHECKING_STAGES;
export const CHECKING_STAGE_NAMES = Object.keys(CHECKING_STAGES) as readonly CheckingStage[];
const isChecking = (stage: string): stage is CheckingStage => Object.hasOwn(CHECKING_STAGES, stage);

const bounds = z.tuple([z.number().nullable(), z.number().nullable()]);

const findingSchema = z.strictObject({
  code: z.enum(ALL_CHECKS),
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

/** What is measured of the network's answer to a view; absent where there is no breast. */
const measuredSchema = z.partialRecord(z.enum(VIEWS), z.record(z.enum(RESPONSE_STATISTICS), z.number()));

/** `check_response/<exam>/response.json`. */
export const responseDocumentSchema = z.strictObject({
  schemaVersion: z.literal(1),
  exam: examIdSchema,
  notice: z.literal(RESEARCH_USE_ONLY),
  verdict: z.enum(VERDICTS),
  measured: measuredSchema,
  checks: z.array(findingSchema),
});
export type ResponseDocument = z.infer<typeof responseDocumentSchema>;

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

/** What the record of a datum warns of; nothing where its stage looks at no pictures. */
export function recordedWarnings(record: TellingRecord): readonly QualityWarning[] {
  if (!isChecking(record.document.stage)) return [];
  return qualitySummarySchema.safeParse(record.summary).data?.warnings ?? [];
}

/** The warnings of a headline, and how many it leaves out. */
export function toldWarnings(stage: string, { warnings, more }: QualitySummary): readonly QualityWarning[] {
  if (more === undefined) return warnings;
  return [...warnings, { code: 'more', message: `And ${more} more: see the stage ${stage}.` }];
}

/** Records of datums of one exam, as far as they tell of warnings. */
type TellingRecord = { readonly document: { readonly stage: string }; readonly summary?: unknown };

/** What some records of an exam warn of, as the label `warnings` of a stage has it: JSON, and nothing where there is none. */
export function warningsLabel(records: readonly TellingRecord[]): string {
  const warnings = records.flatMap(({ document: { stage }, summary }) => {
    const headline = isChecking(stage) ? qualitySummarySchema.safeParse(summary).data : undefined;
    return headline === undefined ? [] : toldWarnings(stage, headline);
  });
  return warnings.length === 0 ? '' : JSON.stringify(warnings);
}

/** @returns what {@link warningsLabel} made the label of. */
export const parseWarningsLabel = (label: string | undefined): QualityWarning[] =>
  label ? z.array(qualityWarningSchema).parse(JSON.parse(label)) : [];

/** Headlines stay under 1 kB; the longest message has some 250 characters. */
const MOST_CHARACTERS = 800;

/** The headline of some findings: as many of the warnings as fit. */
export const summariseFindings = (findings: readonly Finding[]): QualitySummary =>
  headlineOf(
    worstVerdict(findings),
    findings.filter(({ verdict }) => verdict !== 'ok'),
  );

/** A headline with as many of the warnings as fit. */
export function headlineOf(verdict: Verdict, all: readonly QualityWarning[]): QualitySummary {
  const warnings: QualityWarning[] = [];
  for (const { code, view, message } of all) {
    const warning = { code, ...(view === undefined ? {} : { view }), message };
    if (JSON.stringify([...warnings, warning]).length > MOST_CHARACTERS) break;
    warnings.push(warning);
  }
  const more = all.length - warnings.length;
  return { verdict, warnings, ...(more === 0 ? {} : { more }) };
}

export const worstVerdict = (findings: readonly Pick<Finding, 'verdict'>[]): Finding['verdict'] =>
  VERDICTS.findLast((verdict) => findings.some((finding) => finding.verdict === verdict)) ?? 'ok';
