import assert from 'node:assert/strict';
import { progressText, runningText } from '../../cli/job-output.js';
import type { JobSummary } from '../../pipeline/job.js';

describe('what an exam of a running job is at', () => {
  it('is its step, why it is tried again, or what it waits for', () => {
    const stage = { exam: 'exam-1', stage: 'crop', step: 'L_CC 1/4' };
    assert.equal(runningText(stage), 'exam-1 crop L_CC 1/4');
    assert.equal(
      runningText({ exam: 'exam-1', stage: 'crop', retrying: 'The pipeline wants version 2.' }),
      'exam-1 crop is tried again: The pipeline wants version 2.',
    );
    assert.equal(
      runningText({ stage: 'planning', retrying: 'It is damaged.', attempt: 4, since: '2026-11-27T10:00:00Z' }),
      `planning is tried again (attempt 4, since ${new Date('2026-11-27T10:00:00Z').toLocaleTimeString('sv-SE')}): It is damaged.`,
    );
    assert.equal(
      runningText({ exam: 'exam-1', waiting: 'no worker serves the task queue pictures' }),
      'exam-1 waits: no worker serves the task queue pictures',
    );
  });
});

describe('the progress of a job', () => {
  const summary = (processed: number, total: number): JobSummary => ({
    job: 'main-1-abc',
    status: 'running',
    branch: 'main',
    commit: '',
    exams: { processed, skipped: 0, failed: 0 },
    total,
    stages: {},
    bundles: [],
    dropped: 0,
  });

  it('says how many exams are done and what is under way, and nothing stale at the end', () => {
    const underWay = [{ exam: 'exam-1', stage: 'crop', retrying: 'Heartbeat timeout' }];
    assert.equal(progressText(summary(0, 0), []), 'planning');
    assert.equal(
      progressText(summary(3, 12), underWay),
      '3 of 12 exams, exam-1 crop is tried again: Heartbeat timeout',
    );
    const startedAt = '2026-11-27T10:00:00Z';
    const twoMinutesLater = Date.parse(startedAt) + 120_000;
    assert.equal(
      progressText({ ...summary(4, 12), startedAt }, [], twoMinutesLater),
      '4 of 12 exams, about 4 minutes left',
    );
    assert.equal(progressText(summary(12, 12), underWay), '12 of 12 exams, committing results');
  });
});
