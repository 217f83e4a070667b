/*
 * What the command does, in a script: put exams, wait for their results, page through them, and ask how one came about.
 *
 *   node --experimental-strip-types library.ts ./november
 *
 * It finds the services as the command does: those of `mammoflow up` in this folder, or TEMPORAL_*, AWS_* and
 * MAMMOFLOW_BUCKET. Research use only. Not for diagnosis.
 */
import { connect, MammoflowError, pageOf } from 'mammoflow';

const folder = process.argv[2] ?? './exams';
const mammoflow = await connect();
try {
  const { commit, job, refused } = await mammoflow.put({ repo: 'exams', paths: [folder], message: 'From a script' });
  for (const { reason } of refused) console.log(`refused: ${reason}`);
  console.log(commit === null ? 'everything was there already' : `commit ${commit.slice(0, 12)}`);

  if (job !== null) {
    const { exams } = await mammoflow.waitForJob({
      job,
      onProgress: ({ exams: { processed, skipped, failed }, total }) =>
        console.error(`${processed + skipped + failed} of ${total} exams`),
    });
    console.log(`${exams.processed} processed, ${exams.failed} failed`);
  }

  // Any number of exams: a page goes on after the last exam of the one before.
  let first: string | undefined;
  for (let after: string | undefined; ; ) {
    const { items, more } = await pageOf(mammoflow.results({ after }), 100);
    for (const { exam, outcome, reason, imageheatmaps } of items) {
      console.log(exam, outcome, imageheatmaps?.left_malignant ?? reason);
      if (outcome === 'processed') first ??= exam;
    }
    if (more === undefined) break;
    after = more.exam;
  }

  if (first !== undefined) {
    const { stages } = await mammoflow.explain({ exam: first });
    for (const { stage, status, why } of stages) console.log(`${first}: ${stage} ${status}: ${why.join('; ')}`);
  }
} catch (error) {
  // Every error on purpose has a code that stays, a sentence, and what to do next.
  if (!(error instanceof MammoflowError)) throw error;
  console.error(`${error.code}: ${error.sentence}`);
  process.exitCode = 1;
} finally {
  await mammoflow.close();
}
