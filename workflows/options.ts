import { ActivityCancellationType, type ActivityOptions } from '@temporalio/workflow';

/** Infrastructure comes back, so its errors are retried without end, at most a minute apart, visibly in the UI. */
const RETRY = { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' } as const;

/** Bookkeeping: small objects on S3. Planning a large repo heartbeats. */
export const CONTROL_OPTIONS = {
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '5 minutes',
  retry: RETRY,
} as const satisfies ActivityOptions;

/**
 * Stages: minutes on a CPU for the largest exams, so the bound on one run is generous. A worker that was killed is
 * noticed by its missing heartbeat, which comes every five seconds.
 */
export const STAGE_OPTIONS = {
  startToCloseTimeout: '6 hours',
  heartbeatTimeout: '30 seconds',
  retry: RETRY,
} as const satisfies ActivityOptions;

/**
 * Taking in: a worker that was killed is noticed in ten seconds, and after an outage exams do not wait for
 * long. An attempt that is given up is waited for, so that nothing of it goes on beside the next one.
 */
export const TAKE_IN_OPTIONS = {
  startToCloseTimeout: '6 hours',
  heartbeatTimeout: '10 seconds',
  retry: { ...RETRY, maximumInterval: '15 seconds' },
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
} as const satisfies ActivityOptions;

/** What follows from one look: after a few attempts a new look decides what to do. */
export const STEP_OPTIONS = {
  ...TAKE_IN_OPTIONS,
  retry: { ...TAKE_IN_OPTIONS.retry, maximumAttempts: 3 },
} as const satisfies ActivityOptions;

/**
 * Delivering: a destination that is down is asked again, at first within seconds and then at most ten minutes apart. An attempt
 * that is given up is waited for, so that an older result is never sent beside a newer one.
 */
export const DELIVERY_OPTIONS = {
  heartbeatTimeout: '1 minute',
  retry: { initialInterval: '5 seconds', backoffCoefficient: 2, maximumInterval: '10 minutes' },
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
} as const satisfies ActivityOptions;
