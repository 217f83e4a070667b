import assert from 'node:assert/strict';
import type { Grey16Image } from '../../../imaging/planes.js';
import {
  inspectResponse,
  type MeasuredResponses,
  responseReferenceOf,
} from '../../../imaging/quality/model-response.js';
import { type ResponseStatistics, responseStatistics } from '../../../imaging/quality/response-statistics.js';
import { VIEWS } from '../../../pipeline/exam.js';
import { responsePolicySchema } from '../../../pipeline/quality-policy.js';

const SIZE = { rows: 80, columns: 40 } as const;
/** The left half is breast. */
const view: Grey16Image = {
  ...SIZE,
  pixels: Uint16Array.from({ length: 3_200 }, (_, index) => (index % 40 < 20 ? 900 : 0)),
};
const plane = (probability: (row: number, column: number) => number) => ({
  ...SIZE,
  pixels: Float32Array.from({ length: 3_200 }, (_, index) => probability(Math.floor(index / 40), index % 40)),
});
const flat = (value: number) => plane(() => value);

const answer = (median: number, upper = median): ResponseStatistics => ({
  benignMedian: median,
  benignUpper: upper,
  malignantMedian: median,
  malignantUpper: upper,
});
const everywhere = (statistics: ResponseStatistics): MeasuredResponses =>
  Object.fromEntries(VIEWS.map((name) => [name, statistics]));

const setting = responsePolicySchema.parse({});
const exams = [-6, -5.5, -5, -4.5, -4].map((median) => everywhere(answer(median, median + 2)));
const reference = responseReferenceOf(exams, 'a'.repeat(64));

describe('the answer of a patch network', () => {
  it('is measured inside the breast alone, as log-odds of median and upper quartile', () => {
    const malignant = plane((row, column) => (column >= 20 ? 0.99 : row < 24 ? 0.5 : 0.01));
    assert.deepEqual(responseStatistics(view, { benign: flat(0.2), malignant }), {
      benignMedian: -1.386,
      benignUpper: -1.386,
      malignantMedian: -4.595,
      malignantUpper: 0,
    });
  });

  it('of a small lesion is that of the rest', () => {
    const malignant = plane((row) => (row < 16 ? 0.9 : 0.01));
    const found = responseStatistics(view, { benign: flat(0.2), malignant });
    assert.equal(found?.malignantUpper, -4.595);
  });

  it('is bounded where the network is sure, and nothing where there is no breast', () => {
    const sure = responseStatistics(view, { benign: flat(0), malignant: flat(1) });
    assert.deepEqual([sure?.benignMedian, sure?.malignantMedian], [-16.118, 16.118]);
    const empty = { ...view, pixels: new Uint16Array(3_200) };
    assert.equal(responseStatistics(empty, { benign: flat(0), malignant: flat(1) }), undefined);
  });

  it('is as expected near the reference, and warned of far from it with what differs', () => {
    const findings = inspectResponse({ ...everywhere(answer(-5, -3)), R_CC: answer(3, -3) }, reference, setting);
    assert.deepEqual(
      findings.map(({ view: name, verdict }) => `${name} ${verdict}`),
      ['L_CC ok', 'R_CC warn', 'L_MLO ok', 'R_MLO ok'],
    );
    const [, found] = findings;
    assert.ok(Math.abs((found?.value ?? 0) - 8 / reference.CC.benignMedian.deviation) < 0.01);
    assert.match(found?.message ?? '', /the median of the benign heatmap is too high/);
    assert.match(found?.next ?? '', /^Look at the picture and its heatmaps\./);
    const quiet = inspectResponse(everywhere(answer(-14, -12)), reference, setting);
    assert.match(quiet[0]?.message ?? '', /is too low/);
  });

  it('to a large lesion in one breast is no reason, to something in both is', () => {
    const one = inspectResponse({ ...everywhere(answer(-5, -3)), L_CC: answer(-5, 9) }, reference, setting);
    assert.ok(one.every(({ verdict }) => verdict === 'ok'));
    const both = { ...everywhere(answer(-5, -3)), L_CC: answer(-5, 9), R_CC: answer(-5, 8) };
    const found = inspectResponse(both, reference, setting);
    assert.deepEqual(
      found.map(({ verdict }) => verdict),
      ['warn', 'warn', 'ok', 'ok'],
    );
    assert.match(found[0]?.message ?? '', /the upper quartile of the benign heatmaps of both breasts is too high/);
    const { R_CC: _, ...without } = { ...everywhere(answer(-5, -3)), L_CC: answer(-5, 9) };
    assert.equal(inspectResponse(without, reference, setting)[0]?.verdict, 'warn', 'with one breast it is its own');
  });

  it('is refused by a policy that says so, beyond the accepted bound', () => {
    const policy = responsePolicySchema.parse({ action: 'refuse' });
    assert.equal(inspectResponse(everywhere(answer(2, -3)), reference, policy)[0]?.verdict, 'warn');
    const [found] = inspectResponse(everywhere(answer(9, 9)), reference, policy);
    assert.deepEqual([found?.verdict, found?.accepted], ['refuse', [null, 12]]);
    assert.deepEqual(inspectResponse(everywhere(answer(9, 9)), reference, { ...policy, action: 'off' }), []);
  });

  it('cannot be judged without a reference, and says so', () => {
    const [found] = inspectResponse(everywhere(answer(9)), undefined, setting);
    assert.deepEqual([found?.verdict, found?.value], ['ok', undefined]);
    assert.match(found?.message ?? '', /^The bundle has no reference of how its network answers/);
  });

  it('of equal exams has a spread all the same', () => {
    const { CC } = responseReferenceOf([everywhere(answer(-5))], 'a'.repeat(64));
    assert.equal(CC.benignMedian.deviation, 0.25);
  });
});
