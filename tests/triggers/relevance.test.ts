import assert from 'node:assert/strict';
import { relevanceOf } from '../../triggers/relevance.js';

const of = (key: string | undefined, more = {}) =>
  relevanceOf({ created: true, bucket: 'scans', key, ...more }, 'scans');

describe('an event', () => {
  it('concerns the inbox when something was written below its folders', () => {
    for (const key of [
      'inbox/exams/exam-1/L_CC.png',
      'inbox/models/nyu/model.json',
      'inbox/exams/stray',
      'inbox/exams/a/b/c',
    ]) {
      assert.equal(of(key), 'inbox', key);
    }
  });

  it('is of no interest elsewhere', () => {
    for (const key of [
      'exams/exam-1/L_CC.png',
      '.mammoflow/commits/1.json',
      'inbox',
      'inbox/readme.txt',
      'my/inbox/exams/a',
    ]) {
      assert.equal(of(key), 'other_key', key);
    }
    assert.equal(of('inbox/exams/a/L_CC.png', { bucket: 'others' }), 'other_bucket');
    assert.equal(of('inbox/exams/a/L_CC.png', { created: false }), 'not_created');
  });

  it('is ignored when its key is somebody trying something', () => {
    for (const key of [
      'inbox/exams/../../.mammoflow/branches/main.json',
      'inbox/exams/./a',
      'inbox/exams/a%2f..%2fb',
      'inbox/exams/a%2Fb',
      'inbox/exams/a%5Cb',
      'inbox/exams\\a\\L_CC.png',
      'inbox/exams/a\nb',
      'inbox/exams/a\u0000',
      undefined,
    ]) {
      assert.equal(of(key), 'bad_key', String(key));
    }
  });
});
