import assert from 'node:assert/strict';
import {
  type CheckSetting,
  QUALITY_CHECKS,
  type QualityPolicy,
  qualityPolicySchema,
  qualitySettings,
  verdictOf,
} from '../../pipeline/quality-policy.js';
import { type Finding, summariseFindings } from '../../pipeline/quality-report.js';

const policyOf = (policy: object): QualityPolicy => qualityPolicySchema.parse(policy);

describe('a quality policy', () => {
  it('is strict unless said, and lenient refuses nothing that strict does not', () => {
    const strict = qualitySettings(policyOf({}));
    const lenient = qualitySettings(policyOf({ policy: 'lenient' }));
    for (const code of QUALITY_CHECKS) {
      assert.deepEqual(lenient[code].expected, strict[code].expected, code);
      if (lenient[code].action === 'refuse') assert.equal(strict[code].action, 'refuse', code);
    }
    assert.deepEqual(
      QUALITY_CHECKS.filter((code) => lenient[code].action === 'refuse'),
      ['byte-order', 'polarity', 'background-share', 'breast-share'],
    );
  });

  it('takes what is set of a check and leaves the rest of it and the others as they are', () => {
    const before = qualitySettings(policyOf({}));
    const after = qualitySettings(policyOf({ checks: { frame: { action: 'warn' } } }));
    assert.deepEqual(after.frame, { ...before.frame, action: 'warn' });
    assert.deepEqual({ ...after, frame: before.frame }, before);
  });

  const setting: CheckSetting = { action: 'refuse', expected: [1, 5], accepted: [0, 10] };
  const cases: readonly [value: number | undefined, action: CheckSetting['action'], verdict: string][] = [
    [3, 'refuse', 'ok'],
    [5, 'refuse', 'ok'],
    [5.1, 'refuse', 'warn'],
    [10, 'refuse', 'warn'],
    [10.1, 'refuse', 'refuse'],
    [-1, 'refuse', 'refuse'],
    [10.1, 'warn', 'warn'],
    [10.1, 'off', 'ok'],
    [undefined, 'refuse', 'ok'],
  ];
  for (const [value, action, verdict] of cases) {
    it(`says ${verdict} of ${value} where it may ${action}`, () => {
      assert.equal(verdictOf(value, { ...setting, action }), verdict);
    });
  }
});

describe('the headline of many findings', () => {
  it('stays under 1 kB, and says how many warnings are left out', () => {
    const finding: Finding = {
      code: 'frame',
      view: 'L_CC',
      value: 1,
      expected: [null, 0],
      verdict: 'warn',
      message: 'x'.repeat(200),
    };
    const summary = summariseFindings(Array.from({ length: 20 }, () => finding));
    assert.ok(JSON.stringify(summary).length < 1_000);
    assert.equal(summary.verdict, 'warn');
    assert.equal(summary.warnings.length + (summary.more ?? 0), 20);
  });
});
