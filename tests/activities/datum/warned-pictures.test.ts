import assert from 'node:assert/strict';
import { stages } from '../../../activities/stages/index.js';
import { type ExamExplanation, explainExam } from '../../../api/provenance/explain-exam.js';
import { datumsOfExamPrefix } from '../../../repos/layout.js';
import { type SmallJobs, type SmallStage, smallStage, withSmallJobs } from '../../support/small-jobs.js';

const warning = { code: 'sharpness', view: 'L_CC', message: 'L_CC is blurred.' };
const unknownDevice = { code: 'unknown-device', message: 'The device is in no policy.' };
/** A check that warns once it is under another policy. */
const warnsUnderPolicy: SmallStage = (run, everything) =>
  run.stage === 'check_quality' && JSON.stringify(run.parameters).includes('lenient')
    ? { files: { 'quality.json': 'warned' }, summary: { verdict: 'warn', warnings: [warning] } }
    : smallStage(run, everything);

async function told(jobs: SmallJobs): Promise<ExamExplanation> {
  const head = await jobs.repository.head('main');
  assert.ok(head);
  return explainExam(jobs.repository, stages, head, 'exam-1');
}
const stageOf = ({ stages: all }: ExamExplanation, name: string) => all.find(({ stage }) => stage === name);
const lenient = (jobs: SmallJobs) =>
  jobs.editPipeline((document) => ({
    ...document,
    stages: { check_quality: { parameters: { policy: 'lenient' } } },
  }));

describe('what is warned of, in the keys of pictures', () => {
  it('is there only where something is: pictures are drawn again for a warning, and known again without', () =>
    withSmallJobs(
      async (jobs) => {
        await jobs.useBundle('first');
        await jobs.putExam('exam-1', 'one');
        await jobs.process('job-1');
        const [record] = await recordsOf(jobs, 'visualize_heatmaps');
        assert.deepEqual(record?.document.labels, { bundle: 'first' }, 'the key of builds that drew no warnings');
        await lenient(jobs);
        await jobs.process('job-2');
        const warned = await told(jobs);
        const computed = warned.stages.filter(({ status }) => status === 'computed').map(({ stage }) => stage);
        assert.deepEqual(computed, ['check_quality', 'visualize_heatmaps']);
        assert.deepEqual(stageOf(warned, 'visualize_heatmaps')?.why, ['what is warned of']);
        const labels = (await recordsOf(jobs, 'visualize_heatmaps')).map(({ document }) => document.labels?.warnings);
        assert.deepEqual(
          labels.filter((label) => label !== undefined),
          [JSON.stringify([warning])],
        );
        await jobs.editPipeline((document) => ({ ...document, stages: {} }));
        await jobs.process('job-3');
        assert.equal(stageOf(await told(jobs), 'visualize_heatmaps')?.status, 'skipped');
      },
      { stage: warnsUnderPolicy },
    ));

  it('is also what reading an exam of DICOM objects warned of, before what the checks do', () =>
    withSmallJobs(
      async (jobs) => {
        await jobs.useBundle('first');
        await jobs.putExams({ 'exam-1': 'one' }, 'L_CC/nobodys-device/2.25.1.dcm');
        await lenient(jobs);
        await jobs.process('job-1');
        const [record] = await recordsOf(jobs, 'visualize_heatmaps');
        assert.equal(record?.document.labels?.warnings, JSON.stringify([unknownDevice, warning]));
      },
      {
        stage: (run, everything) =>
          run.stage === 'read_dicom'
            ? { files: { 'views.json': 'read' }, summary: { verdict: 'warn', warnings: [unknownDevice] } }
            : warnsUnderPolicy(run, everything),
      },
    ));
});

interface Recorded {
  readonly document: { readonly labels?: Readonly<Record<string, string>> };
}

async function recordsOf({ repository: { store } }: SmallJobs, stage: string): Promise<Recorded[]> {
  const records: Recorded[] = [];
  for await (const { key } of store.list(datumsOfExamPrefix(stage, 'exam-1'))) {
    const object = await store.get(key);
    records.push(JSON.parse(Buffer.from(object?.bytes ?? []).toString('utf8')) as Recorded);
  }
  return records;
}
