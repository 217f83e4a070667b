import assert from 'node:assert/strict';
import type { LifecycleRule } from '@aws-sdk/client-s3';
import { judgeLifecycle } from '../../infra/diagnosis/bucket.js';

const rule = (more: Partial<LifecycleRule>): LifecycleRule => ({ ID: 'rule-1', Status: 'Enabled', ...more });

// The embedded S3 server knows no lifecycle rules (it answers 501), so the rules are given here as S3 returns them.
const STAGES = ['crop', 'generate_heatmaps'];

describe('the doctor, on lifecycle rules of the bucket', () => {
  it('warns of every rule that would expire versions that commits refer to', () => {
    for (const harmful of [
      rule({ NoncurrentVersionExpiration: { NoncurrentDays: 30 } }),
      rule({ Expiration: { Days: 365 }, Filter: { Prefix: '' } }),
      rule({ Expiration: { Date: new Date() }, Filter: { Prefix: 'exams/2025' } }),
      rule({ NoncurrentVersionExpiration: { NewerNoncurrentVersions: 3 }, Filter: { Prefix: 'generate_heat' } }),
      rule({ NoncurrentVersionExpiration: { NoncurrentDays: 1 }, Filter: { And: { Prefix: '.mammoflow/trees/' } } }),
      rule({ Expiration: { Days: 1 }, Prefix: 'models/' }),
    ]) {
      const finding = judgeLifecycle([rule({ Status: 'Disabled' }), harmful], STAGES);
      assert.equal(finding.outcome, 'warn', JSON.stringify(harmful));
      assert.match(finding.detail, /expire versions that commits refer to: rule-1/);
      assert.match(finding.next ?? '', /Remove them, or limit them to prefixes/);
    }
  });

  it('has nothing against rules that are off, tidy up, or concern other keys', () => {
    const harmless = [
      rule({ Status: 'Disabled', NoncurrentVersionExpiration: { NoncurrentDays: 30 } }),
      rule({ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } }),
      rule({ Expiration: { ExpiredObjectDeleteMarker: true } }),
      rule({ Expiration: { Days: 7 }, Filter: { Prefix: 'inbox/' } }),
      rule({ NoncurrentVersionExpiration: { NoncurrentDays: 1 }, Filter: { And: { Prefix: 'logs/' } } }),
    ];
    assert.equal(judgeLifecycle(harmless, STAGES).outcome, 'ok');
    assert.equal(judgeLifecycle([], STAGES).outcome, 'ok');
  });
});
