import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readGrey16Png } from '../../imaging/grey16-png.js';
import type { MeasuredExam } from '../../imaging/quality/check.js';
import { inspectExam } from '../../imaging/quality/inspect.js';
import { type MeasuredView, measureView } from '../../imaging/quality/measure-view.js';
import { acceptedName } from '../../pipeline/acceptance.js';
import { ExamError } from '../../pipeline/errors.js';
import { VIEWS, type View } from '../../pipeline/exam.js';
import { modelReferenceSchema } from '../../pipeline/model-reference.js';
import { RESEARCH_USE_ONLY } from '../../pipeline/predictions.js';
import {
  EXAM_CHECKS,
  type QualityCheckCode,
  qualityPolicySchema,
  qualitySettings,
  VIEW_CHECKS,
} from '../../pipeline/quality-policy.js';
import {
  type Finding,
  QUALITY_FILE,
  QUALITY_STAGE,
  type QualityDocument,
  summariseFindings,
  worstVerdict,
} from '../../pipeline/quality-report.js';
import { defineStage } from '../stage.js';
import { CROP_FILE, cropDocumentSchema, parseDocument } from './documents.js';
import { examView, upstreamFile } from './input-files.js';

/**
 * Looks whether the pictures are what they say they are (docs/quality.md). Writes `quality.json` with every check's
 * value, bounds and verdict; an exam with a picture that must not get a number fails here, before the networks see it.
 */
export const checkQuality = defineStage({
  name: QUALITY_STAGE,
  version: '1',
  resource: 'cpu',
  upstream: ['exams', 'crop'],
  modelRoles: [],
  gate: true,
  labels: ['accepted', 'reference'],
  parameters: qualityPolicySchema,
  async run(inputs, policy, context) {
    const cropText = await readFile(upstreamFile(inputs, 'crop', CROP_FILE), 'utf8');
    // As crop used it: what the list says is what the pictures must agree with.
    const { horizontal_flip: horizontalFlip } = parseDocument(cropDocumentSchema, cropText, CROP_FILE);
    const measured: Partial<Record<View, MeasuredView>> = {};
    for (const [done, view] of VIEWS.entries()) {
      context.signal.throwIfAborted();
      context.progress({ step: view, done, total: VIEWS.length });
      measured[view] = measureView(await readGrey16Png(examView(inputs, view), { exam: inputs.exam, view }));
    }
    const { accepted, reference } = inputs.labels ?? {};
    const model = reference ? modelReferenceSchema.parse(JSON.parse(reference)) : undefined;
    const found = inspectExam(measured as MeasuredExam, horizontalFlip, qualitySettings(policy), model);
    const findings = overridden(found, new Set(accepted?.split(',')));
    const document: QualityDocument = {
      schemaVersion: 1,
      exam: inputs.exam,
      notice: RESEARCH_USE_ONLY,
      policy: policy.policy,
      horizontal_flip: horizontalFlip,
      verdict: worstVerdict(findings),
      checks: findings,
    };
    if (document.verdict === 'refuse') throw refusal(inputs.exam, findings);
    await writeFile(join(context.outputFolder, QUALITY_FILE), `${JSON.stringify(document, undefined, 2)}\n`);
    return { files: [QUALITY_FILE], summary: { ...summariseFindings(findings) } };
  },
});

/** What a person lets pass is a warning instead of a refusal. */
function overridden(findings: readonly Finding[], accepted: ReadonlySet<string>): Finding[] {
  return findings.map((finding) => {
    const { code, view, verdict } = finding;
    const isAccepted = accepted.has(code) || (view !== undefined && accepted.has(acceptedName({ check: code, view })));
    if (verdict !== 'refuse' || !isAccepted) return finding;
    return { ...finding, verdict: 'warn', overridden: true };
  });
}

/** Checks in the order in which they explain: a wrong byte order also looks like noise. */
const TOLD_BY: ReadonlySet<QualityCheckCode> = new Set([
  'byte-order',
  'polarity',
  'background-share',
  ...EXAM_CHECKS,
  ...VIEW_CHECKS,
]);

/** Told by the check that explains most; the others are named. */
function refusal(exam: string, findings: readonly Finding[]): ExamError {
  const refused = [...TOLD_BY].flatMap((code) =>
    findings.filter((finding) => finding.verdict === 'refuse' && finding.code === code),
  );
  const [{ code, view, value, accepted, message, next }, ...others] = refused as [Finding, ...Finding[]];
  const named = others.map((other) => (other.view === undefined ? other.code : `${other.code} in ${other.view}`));
  const also = named.length === 0 ? '' : `; also ${named.join(', ')}`;
  // The narrowest acceptance that helps: of one view, unless the check refuses several.
  const isOneView = view !== undefined && !others.some((other) => other.code === code);
  const asked = `--check ${code}${isOneView ? ` --view ${view}` : ''} --reason <why>`;
  return new ExamError(
    'quality-refused',
    `Exam ${exam} is refused${view === undefined ? '' : ` for ${view}`}: ${message} ` +
      `(${code} ${value}, accepted ${boundsText(accepted)}${also})`,
    `${next} Or, if it is right as it is, let it pass: mammoflow accept ${exam} ${asked}.`,
    view,
  );
}

function boundsText([low, high]: Finding['expected'] = [null, null]): string {
  if (low === null) return `up to ${high}`;
  return high === null ? `from ${low}` : `${low} to ${high}`;
}
