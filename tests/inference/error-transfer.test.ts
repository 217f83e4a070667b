import assert from 'node:assert/strict';
import { deserialiseError, serialiseError } from '../../inference/error-transfer.js';
import { ExamError, MammoflowError } from '../../pipeline/errors.js';

const roundTrip = (error: unknown): Error => deserialiseError(structuredClone(serialiseError(error)));

describe('errors between threads and processes', () => {
  it('keep the class, code, advice, view and cause of an ExamError', () => {
    const cause = new Error('why');
    const error = roundTrip(new ExamError('view-too-small', 'Too small.', 'Look at it.', 'L_CC', { cause }));
    assert.ok(error instanceof ExamError);
    assert.deepEqual([error.code, error.sentence, error.view], ['view-too-small', 'Too small. Look at it.', 'L_CC']);
    assert.equal((error.cause as Error).message, 'why');
  });

  it('do not turn another MammoflowError into an error of the exam, which would be final', () => {
    const error = roundTrip(new MammoflowError('inference-failed', 'No.'));
    assert.ok(error instanceof MammoflowError && !(error instanceof ExamError));
    assert.deepEqual([error.code, error.next], ['inference-failed', undefined]);
  });

  it('keep name, message and stack of other errors, and the text of what is no error', () => {
    const thrown = new TypeError('defect');
    const error = roundTrip(thrown);
    assert.deepEqual([error.name, error.message, error.stack], ['TypeError', 'defect', thrown.stack]);
    assert.equal(roundTrip('just text').message, 'just text');
  });
});
