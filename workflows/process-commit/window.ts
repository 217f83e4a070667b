import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ChildWorkflowCancellationType,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { ExamToCompute } from '../../activities/job/control-activities.js';
import { TASK_QUEUES } from '../../pipeline/graph.js';
import type { Plan } from '../../pipeline/job.js';
import { searchAttributes } from '../attributes.js';
import { processExam } from '../process-exam.js';
import { control } from './control.js';
import { showDetails } from './details.js';
import type { JobState } from './state.js';
import { addResolved } from './tally.js';

/*
 * The sliding window: so many exams are under way at once, each a child workflow.
 *
 *   plan's pages ──► known already? land in bulk ──► rest ──► waiting ──► under way ──► to land
 */

/** Children a run starts before it continues as new: their events stay well below the history's limits. */
const CHILDREN_A_RUN = 200;

/** Pages looked at for known results in one go, in jobs whose plan does not say. */
const PAGES_AT_ONCE = 40;

/**
 * Temporal's priorities (1 is served first, 3 is the default): an upload during a large replay does not wait behind it.
 * The stages of an exam take the priority of its workflow over.
 */
const PRIORITY = { newScan: 3, replay: 4 } as const;

/** Whether an exam may be started now. */
export function hasRoom(state: JobState, plan: Plan): boolean {
  const hasNext = state.waiting.length > 0 || state.rest !== undefined || state.nextPage < plan.pages;
  return hasNext && state.underWay.size < state.settings.window && !isHistoryLong(state);
}

/** Whether the run should hand over to a new one. */
export const isHistoryLong = ({ started }: JobState): boolean =>
  started >= CHILDREN_A_RUN || (workflowInfo().continueAsNewSuggested && started > 0);

/** Starts exams while there is room. */
export async function fillWindow(state: JobState, plan: Plan): Promise<void> {
  while (hasRoom(state, plan)) {
    if (state.waiting.length === 0) await takeMore(state, plan);
    const next = state.waiting.shift();
    if (next !== undefined) await startExam(state, plan, next);
  }
}

/** Asks the children to end. They outlive this run, so cancellation is passed on by hand. */
export async function cancelChildren(state: JobState): Promise<void> {
  await Promise.all(
    [...state.underWay].map((exam) =>
      getExternalWorkflowHandle(childId(state, exam))
        .cancel()
        .catch(() => undefined),
    ),
  );
}

async function takeMore(state: JobState, plan: Plan): Promise<void> {
  if (state.rest === undefined) return takePages(state, plan);
  const { page, taken, total } = state.rest;
  state.waiting = [...(await control.takeRest(state.id, page, taken))];
  const now = taken + state.waiting.length;
  state.rest = now < total && state.waiting.length > 0 ? { page, taken: now, total } : undefined;
}

/** Lands what is known already of the next pages; the rest waits for a child each. */
async function takePages(state: JobState, plan: Plan): Promise<void> {
  const first = state.nextPage;
  const end = Math.min(plan.pages, first + (plan.pagesAtOnce ?? PAGES_AT_ONCE));
  const pages = Array.from({ length: end - first }, (_, index) => first + index);
  const { resolved, failed, dropped, commit, rest, more = 0 } = await control.resolveKnown(state.id, pages);
  state.nextPage = end;
  state.waiting = [...rest];
  if (more > 0) state.rest = { page: first, taken: rest.length, total: rest.length + more };
  addResolved(state.tally, plan, resolved, failed);
  state.tally.dropped += dropped.length;
  if (commit !== undefined) state.tally.commit = commit;
  showDetails(state);
}

/** Awaited, because a child whose start is still under way at continue-as-new is never created. */
async function startExam(state: JobState, plan: Plan, { exam, bundle, page, replay }: ExamToCompute): Promise<void> {
  const { id } = state;
  state.underWay.add(exam);
  state.started += 1;
  try {
    await startChild(processExam, {
      workflowId: childId(state, exam),
      taskQueue: TASK_QUEUES.workflow,
      args: [{ job: id, page, exam, bundle, graph: plan.graph.map(asArgument), parent: id }],
      // Children outlive this run, so cancellation is passed on by hand.
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      typedSearchAttributes: searchAttributes({ job: id, exam, bundle, branch: plan.branch, commit: plan.commit }),
      priority: { priorityKey: replay ? PRIORITY.replay : PRIORITY.newScan },
      staticSummary: `exam ${exam}`,
      staticDetails: `Exam \`${exam}\` with bundle \`${bundle}\`, for job \`${id}\``,
    });
  } catch (error) {
    // Started already by an attempt whose answer was lost.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

const childId = ({ id }: JobState, exam: string): string => `${id}/${exam}`;

const asArgument = ({ upstream, after, ...node }: Plan['graph'][number]) => ({
  ...node,
  upstream: [...upstream],
  ...(after === undefined ? {} : { after: [...after] }),
});
