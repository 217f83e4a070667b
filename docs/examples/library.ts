/*
 * mammoflow as a library: puts a folder of exams, waits for their job, goes through the results page by page, and explains
 * the first. It works on the services that the command would use (`mammoflow up`, or those of the environment), where a
 * model is in use:
 *
 *   npm run build && node dist/docs/examples/library.js ./november
 *
 * Research use only. Not for diagnosis.
 */
import { connect, MammoflowError, pageOf } from 'mammoflow';

const PAGE = 100;
const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('Name a folder of exams.');

const mammoflow = await connect({ author: 'library-example' });
try {
  const { job, refused } = await mammoflow.put({ repo: 'exams', paths: [folder], message: 'Put by a program' });
  for (const { reason } of refused) console.log(`refused: ${reason}`);

  // Without a job everything is there already, with its results.
  if (job !== null) {
    const { exams } = await mammoflow.waitForJob({ job });
    console.log(`${exams.processed} processed, ${exams.skipped} skipped, ${exams.failed} failed`);
  }

  // A page costs what it holds, whatever the number of exams; the next one goes on after its last exam.
  let first: string | undefined;
  let after: string | undefined;
  do {
    const { items, more } = await pageOf(mammoflow.results({ after }), PAGE);
    for (const { exam, outcome, reason, imageheatmaps } of items) {
      console.log(exam, outcome, reason ?? `left malignant ${imageheatmaps?.left_malignant.toFixed(4)}`);
      first ??= exam;
    }
    after = more?.exam;
  } while (after !== undefined);

  // What each stage did for one exam, why, and with which version of its code.
  if (first !== undefined) {
    const { stages } = await mammoflow.explain({ exam: first });
    for (const { stage, status, why } of stages) console.log(`${first}: ${stage} ${status}: ${why.join('; ')}`);
  }
} catch (error) {
  // An error that mammoflow foresees has a code that stays, and a sentence that says what to do.
  if (!(error instanceof MammoflowError)) throw error;
  console.error(`${error.code}: ${error.sentence}`);
  process.exitCode = 1;
} finally {
  await mammoflow.close();
}
