import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { ExamReport, JobSummary } from '../pipeline/job.js';

/** `processExam` to its parent: this exam is finished, and its outcome lies in S3. */
export const examFinished = defineSignal<[ExamReport]>('examFinished');

/** The counts of a job so far. */
export const progress = defineQuery<JobSummary>('progress');
