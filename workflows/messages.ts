import { defineQuery, defineSignal } from '@temporalio/workflow';
import { DELIVER_SIGNAL, type DeliveryRequest } from '../pipeline/delivery.js';
import type { ExamReport, JobSummary } from '../pipeline/job.js';
import { INBOX_CHANGED_SIGNAL, type InboxHint, type TakeInState, WAITING_QUERY } from '../pipeline/take-in.js';

/** `processExam` to its parent: this exam is finished, and its outcome lies in S3. */
export const examFinished = defineSignal<[ExamReport]>('examFinished');

/** The counts of a job so far. */
export const progress = defineQuery<JobSummary>('progress');

/** To `takeIn`: the inbox may have changed. What it carries is not looked at. */
export const inboxChanged = defineSignal<[InboxHint?]>(INBOX_CHANGED_SIGNAL);

/** To `deliverExam`: something newer, or try now. */
export const deliver = defineSignal<[DeliveryRequest]>(DELIVER_SIGNAL);

/** What lies in the inbox, and what was taken in. */
export const waiting = defineQuery<TakeInState>(WAITING_QUERY);
