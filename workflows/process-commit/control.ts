import { proxyActivities } from '@temporalio/workflow';
import type { ControlActivities } from '../../activities/job/control-activities.js';
import { TASK_QUEUES } from '../../pipeline/graph.js';
import { CONTROL_OPTIONS } from '../options.js';

/** The bookkeeping of a job, done by workers of the workflow role. */
export const control = proxyActivities<ControlActivities>({ ...CONTROL_OPTIONS, taskQueue: TASK_QUEUES.workflow });
