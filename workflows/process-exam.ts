import {
  ActivityFailure,
  ApplicationFailure,
  getExternalWorkflowHandle,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { StageActivities } from '../activities/datum/stage-activities.js';
import type { ControlActivities, RecordedOutcome } from '../activities/job/control-activities.js';
import { TASK_QUEUES } from '../pipeline/graph.js';
import {
  type ExamReport,
  type GraphNode,
  type ProcessExamInput,
  processExamInputSchema,
  type StageReport,
} from '../pipeline/job.js';
import { checkArgument } from './arguments.js';
import { searchAttributes, warningAttribute } from './attributes.js';
import { examFinished } from './messages.js';
import { CONTROL_OPTIONS, STAGE_OPTIONS } from './options.js';

/**
 * Takes one exam through the graph of stages, each as soon as those it reads are done, side by side where the graph
 * allows, and after its gates. An error in the exam's own data fails that stage, blocks what builds on it or waits for it
 * as a gate, and leaves the rest alone;
 * anything else is retried until it is mended. The outcome is written to S3 first, and then the parent is told.
 */
export async function processExam(argument: ProcessExamInput): Promise<ExamReport> {
  const input = checkArgument('processExam', processExamInputSchema, argument);
  const reports: Record<string, StageReport> = {};
  const running = new Map<string, Promise<StageReport>>();
  const mend = mender(input, reports);
  for (const node of input.graph) {
    const upstream = node.upstream.map((name) => running.get(name));
    const gates = (node.after ?? []).map((name) => running.get(name));
    running.set(
      node.name,
      runNode(input, node, upstream, gates, mend).then((report) => {
        reports[node.name] = report;
        setCurrentDetails(describe(input, reports));
        return report;
      }),
    );
  }
  await Promise.all(running.values());

  const { recordOutcome } = proxyActivities<ControlActivities>({
    ...CONTROL_OPTIONS,
    taskQueue: TASK_QUEUES.workflow,
    summary: `outcome of exam ${input.exam}`,
  });
  const recorded = await recordOutcome({ job: input.job, page: input.page, exam: input.exam, stages: reports });
  // Builds before an exam could be forgotten under way recorded nothing to read.
  const isForgotten = (recorded as RecordedOutcome | undefined)?.forgotten === true;
  const report: ExamReport = isForgotten
    ? { exam: input.exam, outcome: 'forgotten', stages: {} }
    : reportOf(input.exam, reports);
  const warnings = [...new Set(Object.values(reports).flatMap((stage) => stage.warnings ?? []))].sort();
  upsertSearchAttributes([...searchAttributes({ outcome: report.outcome }), ...warningAttribute(warnings)]);
  await tellParent(input.parent, report);
  return report;
}

async function runNode(
  input: ProcessExamInput,
  node: GraphNode,
  upstream: readonly (Promise<StageReport> | undefined)[],
  gates: readonly (Promise<StageReport> | undefined)[],
  mend: Mender,
): Promise<StageReport> {
  const before = await Promise.all(upstream);
  if (gates.length > 0 && (await Promise.all(gates)).some((gate) => gate?.datum === undefined)) {
    return { status: 'blocked' };
  }
  const datums: Record<string, string> = {};
  for (const [index, report] of before.entries()) {
    if (report?.datum === undefined) return { status: 'blocked' };
    datums[node.upstream[index] as string] = report.datum;
  }
  return runStageOf(input, node, datums, mend, false);
}

/** Has a stage look at what it made, and compute again what is damaged or gone. */
type Mender = (stage: string) => Promise<StageReport>;

/** A stage may find what it reads damaged this often; each time the stage before it has made it again. */
const MAX_MENDS = 3;

function mender(input: ProcessExamInput, reports: Record<string, StageReport>): Mender {
  const underWay = new Map<string, Promise<StageReport>>();
  const mend: Mender = (stage) => {
    const node = input.graph.find(({ name }) => name === stage);
    const before = underWay.get(stage);
    if (before !== undefined) return before;
    if (node === undefined) return Promise.resolve({ status: 'failed' });
    const datums: Record<string, string> = {};
    for (const name of node.upstream) datums[name] = reports[name]?.datum ?? '';
    // Two stages that read the same have it made again once.
    const mending = runStageOf(input, node, datums, mend, true).then((report) => {
      underWay.delete(stage);
      if (report.status !== 'skipped') reports[stage] = report;
      return report;
    });
    underWay.set(stage, mending);
    return mending;
  };
  return mend;
}

async function runStageOf(
  input: ProcessExamInput,
  node: GraphNode,
  upstream: Readonly<Record<string, string>>,
  mend: Mender,
  isMending: boolean,
): Promise<StageReport> {
  const { job, page, exam } = input;
  const { runStage } = proxyActivities<StageActivities>({
    ...STAGE_OPTIONS,
    taskQueue: node.taskQueue,
    summary: `${node.name} of exam ${exam}`,
  });
  for (let mends = 0; ; mends += 1) {
    try {
      const result = await runStage({
        job,
        page,
        exam,
        stage: node.name,
        upstream,
        ...(isMending ? { mend: true } : {}),
      });
      const { computed, datum, warnings } = result;
      return {
        status: computed ? 'computed' : 'skipped',
        datum,
        ...(warnings === undefined ? {} : { warnings }),
      };
    } catch (error) {
      if (isCancellation(error)) throw error;
      // Only what cannot be mended by trying again gets here: everything else is retried by the activity's policy.
      const cause = error instanceof ActivityFailure ? error.cause : undefined;
      if (!(cause instanceof ApplicationFailure)) throw error;
      const details = cause.details?.[0] as { code?: string; upstream?: string } | undefined;
      const { code, upstream: lost } = details ?? {};
      const failed: StageReport = { status: 'failed', reason: cause.message, ...(code === undefined ? {} : { code }) };
      // Builds before stages could be had again did not say which it was.
      if (lost === undefined || mends >= MAX_MENDS) return failed;
      const mended = await mend(lost);
      // It could not be made again: what is wrong with it says more than that this stage cannot read it.
      if (mended.status === 'failed') return mended.reason === undefined ? failed : { status: 'blocked' };
    }
  }
}

function reportOf(exam: string, reports: Readonly<Record<string, StageReport>>): ExamReport {
  const all = Object.values(reports);
  const failed = all.find((report) => report.status === 'failed');
  const untouched = all.every((report) => report.status === 'skipped');
  return {
    exam,
    outcome: failed !== undefined ? 'failed' : untouched ? 'skipped' : 'processed',
    stages: Object.fromEntries(Object.entries(reports).map(([stage, report]) => [stage, report.status])),
    ...(failed?.reason === undefined ? {} : { reason: failed.reason }),
  };
}

/** A parent that is gone (terminated, say) hears nothing; the outcome is in S3 for whoever looks for it. */
async function tellParent(parent: string | undefined, report: ExamReport): Promise<void> {
  if (parent === undefined) return;
  try {
    await getExternalWorkflowHandle(parent).signal(examFinished, report);
  } catch (error) {
    if (isCancellation(error)) throw error;
  }
}

function describe(input: ProcessExamInput, reports: Readonly<Record<string, StageReport>>): string {
  const lines = input.graph.map(({ name }) => {
    const report = reports[name];
    const reason = report?.reason === undefined ? '' : `: ${report.reason}`;
    return `- **${name}** ${report?.status ?? 'waiting or running'}${reason}`;
  });
  return `Exam \`${input.exam}\` with bundle \`${input.bundle}\`\n\n${lines.join('\n')}`;
}
