import assert from 'node:assert/strict';
import { runningText } from '../../cli/job-output.js';

describe('what an exam of a running job is at', () => {
  it('is its step, why it is tried again, or what it waits for', () => {
    const stage = { exam: 'exam-1', stage: 'crop', step: 'L_CC 1/4' };
    assert.equal(runningText(stage), 'exam-1 crop L_CC 1/4');
    assert.equal(
      runningText({ exam: 'exam-1', stage: 'crop', retrying: 'The pipeline wants version 2.' }),
      'exam-1 crop is tried again: The pipeline wants version 2.',
    );
    assert.equal(
      runningText({ exam: 'exam-1', waiting: 'no worker serves the task queue pictures' }),
      'exam-1 waits: no worker serves the task queue pictures',
    );
  });
});
