import { type Client, ScheduleAlreadyRunning, type ScheduleOptions } from '@temporalio/client';
import { DEFAULT_BRANCH } from '../pipeline/commit.js';
import { TASK_QUEUES } from '../pipeline/graph.js';
import { inboxScheduleId, REMIND_TAKE_IN_WORKFLOW } from '../pipeline/take-in.js';

const EVERY_SECONDS = 60;

/**
 * Makes sure that Temporal has the inbox looked into regularly, so that an event which never came costs a minute and
 * nothing else. Safe to call from everybody who starts up: there is one schedule a branch, and the interval is that of
 * the last call. A schedule that somebody paused stays paused.
 *
 * @param everySeconds how long a lost event may delay an exam.
 * @throws what the Temporal client throws when the service cannot be reached.
 */
export async function ensureInboxSchedule(
  client: Client,
  { branch = DEFAULT_BRANCH, everySeconds = EVERY_SECONDS }: { branch?: string; everySeconds?: number } = {},
): Promise<void> {
  const options = {
    scheduleId: inboxScheduleId(branch),
    spec: { intervals: [{ every: everySeconds * 1_000 }] },
    action: {
      type: 'startWorkflow',
      workflowType: REMIND_TAKE_IN_WORKFLOW,
      workflowId: inboxScheduleId(branch),
      taskQueue: TASK_QUEUES.workflow,
      args: [{ branch }],
      staticSummary: `look into the inbox for ${branch}`,
    },
    // What was missed while everything was down is made good by one look.
    policies: { overlap: 'SKIP', catchupWindow: '1 minute' },
  } as const satisfies ScheduleOptions;
  try {
    await client.schedule.create(options);
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    const { spec, action, policies } = options;
    await client.schedule
      .getHandle(options.scheduleId)
      .update(({ state }) => ({ spec, action: { ...action, args: [...action.args] }, policies, state }));
  }
}
