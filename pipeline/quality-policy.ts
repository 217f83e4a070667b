import { z } from 'zod';

/** What one picture is looked at for. Codes never change once released: they are in results and in policies. */
export const VIEW_CHECKS = [
  'byte-order',
  'polarity',
  'background-share',
  'background-level',
  'background-noise',
  'frame',
  'grey-levels',
  'saturation',
  'clipping',
  'breast-share',
  'breast-cut',
  'chest-wall-side',
  'orientation',
  'upside-down',
  'second-breast',
  'objects',
  'film',
  'bright-object',
  'outline',
  'sharpness',
  'noise',
  'model-pixels',
] as const;
/** What the four views are looked at for together. */
export const EXAM_CHECKS = [
  'facing',
  'same-picture',
  'view-position',
  'counterpart',
  'breast-size',
  'picture-size',
  'visits',
] as const;
export const QUALITY_CHECKS = [...VIEW_CHECKS, ...EXAM_CHECKS] as const;
/** What the patch network's answer to each view is looked at for. */
export const RESPONSE_CHECKS = ['model-response'] as const;
/** Every check that a finding may be of. */
export const ALL_CHECKS = [...QUALITY_CHECKS, ...RESPONSE_CHECKS] as const;
export type CheckCode = (typeof ALL_CHECKS)[number];
export type ViewCheckCode = (typeof VIEW_CHECKS)[number];
export type ExamCheckCode = (typeof EXAM_CHECKS)[number];
export type QualityCheckCode = (typeof QUALITY_CHECKS)[number];

export const VERDICTS = ['ok', 'warn', 'refuse'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Lowest and highest value; `null` where that end is open. */
const boundsSchema = z
  .tuple([z.number().nullable(), z.number().nullable()])
  .refine(([low, high]) => low === null || high === null || low <= high, 'the lower bound is above the upper one');
export type Bounds = z.infer<typeof boundsSchema>;

/** The most that a check may say. */
export const checkActionSchema = z.enum(['off', 'warn', 'refuse']);
export type CheckAction = z.infer<typeof checkActionSchema>;

/** What is made of a check's value. */
export interface CheckSetting {
  readonly action: CheckAction;
  /** Outside of these the exam carries a warning. */
  readonly expected: Bounds;
  /** Outside of these the exam is refused, where the action is `refuse`. */
  readonly accepted: Bounds;
}
export type QualitySettings = Readonly<Record<QualityCheckCode, CheckSetting>>;

const settingSchema = z.strictObject({
  action: checkActionSchema.optional(),
  expected: boundsSchema.optional(),
  accepted: boundsSchema.optional(),
});

/** The parameters of `check_quality`: a policy by name, and where single checks depart from it. */
export const qualityPolicySchema = z.strictObject({
  /**
   * `strict`, for clinics, refuses whatever would make a number misleading. `lenient`, for research, refuses only
   * pictures that were misread (byte order, inverted grey, no background, no breast) and warns of everything else.
   */
  policy: z.enum(['strict', 'lenient']).default('strict'),
  checks: z.partialRecord(z.enum(QUALITY_CHECKS), settingSchema).default({}),
});
export type QualityPolicy = z.infer<typeof qualityPolicySchema>;

const check = (action: CheckAction, expected: Bounds, accepted: Bounds): CheckSetting => ({
  action,
  expected,
  accepted,
});

/** The parameters of `check_response`. */
export const responsePolicySchema = z.strictObject({
  /** `warn` under every policy: what is rare in a woman may be answered to as nothing before. */
  action: checkActionSchema.default('warn'),
  expected: boundsSchema.default([null, 8]),
  accepted: boundsSchema.default([null, 12]),
});
export type ResponsePolicy = z.infer<typeof responsePolicySchema>;

/** Bounds come from sound and altered pictures: see docs/quality.md. */
const STRICT: QualitySettings = {
  'byte-order': check('refuse', [null, 0.6], [null, 0.8]),
  polarity: check('refuse', [0.9, null], [0.5, null]),
  'background-share': check('refuse', [0.12, null], [0.1, null]),
  'background-level': check('refuse', [null, 0.02], [null, 0.2]),
  'background-noise': check('refuse', [null, 0.002], [null, 0.02]),
  frame: check('refuse', [null, 0], [null, 0.004]),
  'grey-levels': check('refuse', [600, null], [300, null]),
  saturation: check('refuse', [null, 0.02], [null, 0.15]),
  clipping: check('refuse', [null, 0.03], [null, 0.15]),
  'breast-share': check('refuse', [0.08, 0.88], [0.03, 0.95]),
  'breast-cut': check('refuse', [null, 0.5], [null, 0.62]),
  'chest-wall-side': check('refuse', [0.5, null], [0.2, null]),
  orientation: check('refuse', [0.5, null], [0.5, null]),
  'upside-down': check('refuse', [0, null], [-0.2, null]),
  'second-breast': check('refuse', [null, 0.15], [null, 0.3]),
  objects: check('warn', [null, 0.03], [null, null]),
  film: check('warn', [null, 1], [null, null]),
  'bright-object': check('warn', [null, 0.06], [null, null]),
  outline: check('refuse', [0.88, null], [0.7, null]),
  sharpness: check('warn', [0.06, null], [null, null]),
  noise: check('refuse', [null, 0.09], [null, 0.18]),
  'model-pixels': check('warn', [null, 8], [null, null]),
  facing: check('refuse', [null, 3], [null, 3]),
  'same-picture': check('refuse', [null, 0.7], [null, 0.85]),
  'view-position': check('refuse', [0.1, null], [-0.1, null]),
  'breast-size': check('refuse', [null, 1.4], [null, 1.8]),
  'picture-size': check('warn', [null, 1.5], [null, null]),
  visits: check('warn', [null, 2.5], [null, null]),
  counterpart: check('warn', [0.25, null], [null, null]),
};

/** Without these a picture was read wrongly, and no number about it means anything. */
const ALWAYS_REFUSED: ReadonlySet<QualityCheckCode> = new Set([
  'byte-order',
  'polarity',
  'background-share',
  'breast-share',
]);

/** What a policy makes of every check. */
export function qualitySettings({ policy, checks }: QualityPolicy): QualitySettings {
  return Object.fromEntries(
    QUALITY_CHECKS.map((code): [QualityCheckCode, CheckSetting] => {
      const strict = STRICT[code];
      const lenient = strict.action === 'refuse' && !ALWAYS_REFUSED.has(code) ? { action: 'warn' as const } : {};
      const own = Object.fromEntries(Object.entries(checks[code] ?? {}).filter(([, value]) => value !== undefined));
      return [code, { ...strict, ...(policy === 'lenient' ? lenient : {}), ...own }];
    }),
  ) as unknown as QualitySettings;
}

const isWithin = (value: number, [low, high]: Bounds): boolean =>
  (low === null || value >= low) && (high === null || value <= high);

/** What a check's value comes to. A value that could not be measured says nothing. */
export function verdictOf(value: number | undefined, { action, expected, accepted }: CheckSetting): Verdict {
  if (value === undefined || action === 'off') return 'ok';
  if (!isWithin(value, accepted) && action === 'refuse') return 'refuse';
  return isWithin(value, expected) && isWithin(value, accepted) ? 'ok' : 'warn';
}
