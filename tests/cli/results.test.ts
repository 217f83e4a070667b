import assert from 'node:assert/strict';
import type { ExamResult } from '../../index.js';
import { canonicalJson } from '../../pipeline/canonical-json.js';
import { ExamError } from '../../pipeline/errors.js';
import { LABELS } from '../../pipeline/predictions.js';
import { openInbox } from '../support/inbox.js';
import { type SmallStage, smallStage, withSmallJobs } from '../support/small-jobs.js';
import { failureOf, jsonOf, textOf } from '../support/verbs.js';

/** An exam named `bad` cannot be cropped, and one named `sure` is predicted with certainty. */
const stage: SmallStage = (run, everything) => {
  const { exam } = run.inputs;
  if (exam === 'bad') throw new ExamError('invalid-image', 'L_CC.png is cut short.');
  const output = smallStage(run, everything);
  const values = (value: number) => Object.fromEntries(LABELS.map((label) => [label, value]));
  const [image, imageheatmaps] = exam === 'sure' ? [0.25, 1] : [0.125, 0.5];
  if (run.stage !== 'classify') return output;
  const predictions = { exam, image: values(image), imageheatmaps: values(imageheatmaps) };
  return { files: { 'predictions.json': canonicalJson(predictions) }, summary: predictions };
};

describe('mammoflow results', () => {
  it('has one row an exam, and only the exams that are asked for', () =>
    withSmallJobs(
      async ({ repository, s3, putExams, useBundle, process }) => {
        await putExams({ bad: 'bad', plain: 'plain', sure: 'sure' });
        await useBundle('bundle-1');
        const head = await process('job-1');
        await repository.createBranch('trial', head);
        await putExams({ later: 'later' });
        const inbox = openInbox(s3);
        await inbox.uploadViews('lying', ['L_CC']);
        inbox.close();

        const text = await textOf(s3, 'results');
        assert.match(text, /^EXAM +OUTCOME +LEFT_BENIGN +RIGHT_BENIGN +LEFT_MALIGNANT +RIGHT_MALIGNANT +BUNDLE$/m);
        const row = (exam: string, cell: string) => new RegExp(`^${exam} +processed( +${cell}){4} +bundle-1$`, 'm');
        assert.match(text, row('plain', '0\\.1250 {2}0\\.5000'));
        assert.match(text, row('sure', '0\\.2500 {2}1\\.0000'));
        assert.equal(text.match(/^(plain|sure) /gm)?.length, 2, text);
        assert.match(text, /^bad: failed: L_CC\.png is cut short\.$/m);
        assert.match(text, /^later: waiting: Not processed yet\.$/m);
        assert.match(text, /^lying: waiting for R_CC, L_MLO, R_MLO since /m);

        const asked: readonly [readonly string[], readonly string[]][] = [
          [[], ['bad', 'later', 'lying', 'plain', 'sure']],
          [['trial'], ['bad', 'plain', 'sure']],
          [
            ['--branch', 'trial'],
            ['bad', 'plain', 'sure'],
          ],
          [
            ['trial', '--branch', 'trial'],
            ['bad', 'plain', 'sure'],
          ],
          [
            ['--exam', 'sure', 'lying', 'nobody'],
            ['lying', 'sure'],
          ],
          [['--failed'], ['bad']],
          [['--waiting'], ['later', 'lying']],
          [
            ['--failed', '--waiting'],
            ['bad', 'later', 'lying'],
          ],
          [['--above', '0.5'], ['sure']],
          [
            ['--above', '0.4'],
            ['plain', 'sure'],
          ],
          [['--above', '0.4', '--exam', 'plain', 'bad'], ['plain']],
          [
            ['--job', 'job-1'],
            ['bad', 'plain', 'sure'],
          ],
        ];
        await Promise.all(
          asked.map(async ([args, exams]) => {
            const results = await jsonOf<ExamResult[]>(s3, 'results', ...args);
            assert.deepEqual(
              results.map(({ exam }) => exam),
              exams,
              args.join(' '),
            );
          }),
        );
        assert.match(
          await failureOf(s3, 'results', 'main', '--branch', 'trial'),
          /^error: Both main and --branch trial are given\. Give one\.$/,
        );
      },
      { stage },
    ));
});
