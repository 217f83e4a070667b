import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readGrey16Png } from '../../imaging/grey16-png.js';
import type { MeasuredExam } from '../../imaging/quality/check.js';
import { inspectExam } from '../../imaging/quality/inspect.js';
import { type MeasuredView, measureView } from '../../imaging/quality/measure-view.js';
import { VIEWS, type View } from '../../pipeline/exam.js';
import { modelReferenceSchema } from '../../pipeline/model-reference.js';
import { RESEARCH_USE_ONLY } from '../../pipeline/predictions.js';
import { qualityPolicySchema, qualitySettings } from '../../pipeline/quality-policy.js';
import {
  QUALITY_FILE,
  QUALITY_STAGE,
  type QualityDocument,
  summariseFindings,
  worstVerdict,
} from '../../pipeline/quality-report.js';
import { CROP_FILE, cropDocumentSchema, parseDocument } from '../../pipeline/stage-documents.js';
import { defineStage } from '../stage.js';
import { examView, upstreamFile } from './input-files.js';
import { overridden, refusal } from './quality-refusal.js';

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
    const findings = overridden(found, accepted);
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
