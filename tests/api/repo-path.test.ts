import assert from 'node:assert/strict';
import { notInRepo, parseRepoPath, wholeRepo } from '../../api/repo-path.js';

describe('a repo path', () => {
  const right: [string, object][] = [
    ['exams', { repo: 'exams', reference: 'main' }],
    ['exams@trial', { repo: 'exams', reference: 'trial' }],
    ['classify@main~1', { repo: 'classify', reference: 'main~1' }],
    ['exams:exam-1', { repo: 'exams', reference: 'main', item: 'exam-1' }],
    ['exams:exam-1/', { repo: 'exams', reference: 'main', item: 'exam-1' }],
    ['crop@3f9c21ab:exam-1/L_CC.png', { repo: 'crop', reference: '3f9c21ab', item: 'exam-1', file: 'L_CC.png' }],
    ['exams:', { repo: 'exams', reference: 'main' }],
  ];
  for (const [text, expected] of right) {
    it(`reads ${text}`, () => assert.deepEqual(parseRepoPath(text), expected));
  }

  for (const text of ['', 'Exams', 'exams@', '@main', ':exam-1', '../exams', 'exams main']) {
    it(`refuses ${JSON.stringify(text)}`, () =>
      assert.throws(() => parseRepoPath(text), {
        code: 'invalid-argument',
        message: `${JSON.stringify(text)} does not name a repo.`,
        next: /Write <repo>\[@REF\]\[:path\]/,
      }));
  }

  it('says what was meant by a slash after the repo', () =>
    assert.throws(() => parseRepoPath('exams/exam-1'), {
      code: 'invalid-argument',
      next: /comes after a colon: exams:exam-1\./,
    }));

  it('that names more than a repo is refused where only a repo will do', () => {
    assert.deepEqual(wholeRepo(parseRepoPath('exams@trial')), { repo: 'exams', reference: 'trial' });
    assert.throws(() => wholeRepo(parseRepoPath('exams:a/L_CC.png')), { next: 'Leave out ":a/L_CC.png".' });
  });

  it('that leads to nothing names the place to look', () => {
    assert.equal(notInRepo(parseRepoPath('exams:a')).sentence, 'exams has no a. See `mammoflow ls exams`.');
    assert.equal(
      notInRepo(parseRepoPath('crop@main~1:a/x.png')).sentence,
      'crop@main~1 has no file x.png in a. See `mammoflow ls crop@main~1:a`.',
    );
  });
});
