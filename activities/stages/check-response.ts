import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readGrey16Png } from '../../imaging/grey16-png.js';
import { readNpz } from '../../imaging/npz.js';
import { inspectResponse } from '../../imaging/quality/model-response.js';
import { type ResponseStatistics, responseStatistics } from '../../imaging/quality/response-statistics.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { VIEWS, type View, viewFile } from '../../pipeline/exam.js';
import { HEATMAP_CLASSES, heatmapFile } from '../../pipeline/heatmaps.js';
import { responseReferenceSchema } from '../../pipeline/model-reference.js';
import { RESEARCH_USE_ONLY } from '../../pipeline/predictions.js';
import { responsePolicySchema } from '../../pipeline/quality-policy.js';
import {
  RESPONSE_FILE,
  RESPONSE_STAGE,
  type ResponseDocument,
  summariseFindings,
  worstVerdict,
} from '../../pipeline/quality-report.js';
import { defineStage, type StageInputs } from '../stage.js';
import { upstreamFile } from './input-files.js';
import { overridden, refusal } from './quality-refusal.js';

/**
 * Looks whether the patch network answers to the pictures as to those that its model was made or accepted on
 * (docs/quality.md, decision 19). Writes `response.json` with what was measured and found; where the policy refuses, the exam
 * fails here, before the classifiers give it a number.
 */
export const checkResponse = defineStage({
  name: RESPONSE_STAGE,
  version: '1',
  resource: 'cpu',
  upstream: ['crop', 'generate_heatmaps'],
  modelRoles: [],
  gate: true,
  labels: ['accepted', 'response'],
  parameters: responsePolicySchema,
  async run(inputs, policy, { outputFolder, signal, progress }) {
    const measured: Partial<Record<View, ResponseStatistics>> = {};
    for (const [done, view] of VIEWS.entries()) {
      signal.throwIfAborted();
      progress({ step: view, done, total: VIEWS.length });
      const found = await measureResponse(inputs, view);
      if (found !== undefined) measured[view] = found;
    }
    const { accepted, response } = inputs.labels ?? {};
    const reference = response ? responseReferenceSchema.parse(JSON.parse(response)) : undefined;
    const findings = overridden(inspectResponse(measured, reference, policy), accepted);
    const document: ResponseDocument = {
      schemaVersion: 1,
      exam: inputs.exam,
      notice: RESEARCH_USE_ONLY,
      verdict: worstVerdict(findings),
      measured,
      checks: findings,
    };
    if (document.verdict === 'refuse') throw refusal(inputs.exam, findings);
    await writeFile(join(outputFolder, RESPONSE_FILE), `${JSON.stringify(document, undefined, 2)}\n`);
    return { files: [RESPONSE_FILE], summary: { ...summariseFindings(findings) } };
  },
});

/**
 * What the patch network answered to a view, from what `crop` and `generate_heatmaps` wrote.
 * @throws MammoflowError `corrupt-data` where these do not fit together.
 */
export async function measureResponse(inputs: StageInputs, view: View): Promise<ResponseStatistics | undefined> {
  const image = await readGrey16Png(upstreamFile(inputs, 'crop', viewFile(view)), { exam: inputs.exam, view });
  const file = heatmapFile(view);
  const archive = await readFile(upstreamFile(inputs, 'generate_heatmaps', file));
  const heatmaps = readNpz(archive, HEATMAP_CLASSES, `${file} of exam ${inputs.exam}`);
  try {
    return responseStatistics(image, heatmaps);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const what = `The heatmaps of ${view} of exam ${inputs.exam} do not have the shape of the cropped view.`;
    throw new MammoflowError('corrupt-data', what, undefined, { cause });
  }
}
