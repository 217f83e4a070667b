import { LRUCache } from 'lru-cache';
import type { z } from 'zod';
import { MammoflowError } from '../../pipeline/errors.js';
import { type JobSettings, jobPageSchema, jobSettingsSchema, type PlannedExam } from '../../pipeline/job.js';
import { readJson, unlessDamaged } from '../../repos/json-objects.js';
import { jobPageKey, jobPlanPrefix, jobSettingsKey } from '../../repos/layout.js';
import type { ObjectStore } from '../../repos/object-store.js';

/**
 * Reads a job's plan. Plans never change once written, so they are kept in memory for the datums that follow.
 * @throws MammoflowError `damaged-plan` where it is gone or damaged: trying again would not bring it back.
 */
export interface JobFiles {
  settings(job: string): Promise<JobSettings>;
  page(job: string, page: number): Promise<readonly PlannedExam[]>;
  exam(job: string, page: number, exam: string): Promise<PlannedExam>;
  /** Looks through all pages; undefined when the job does not have the exam. */
  find(job: string, exam: string): Promise<PlannedExam | undefined>;
}

export function openJobFiles(store: ObjectStore): JobFiles {
  const cache = new LRUCache<string, object>({ max: 32 });

  async function read<T extends object>(key: string, schema: z.ZodType<T>): Promise<T> {
    const cached = cache.get(key);
    if (cached !== undefined) return cached as T;
    const value = (await unlessDamaged(() => readJson(store, key, schema))) ?? (await readAgain(key, schema));
    cache.set(key, value);
    return value;
  }

  /** What one read found damaged may have been damaged on its way. @throws MammoflowError `damaged-plan` */
  async function readAgain<T extends object>(key: string, schema: z.ZodType<T>): Promise<T> {
    const next = 'Start a new job with `mammoflow process`, for exams that this one failed with `--only failed`.';
    try {
      const value = await readJson(store, key, schema);
      if (value !== undefined) return value;
    } catch (cause) {
      if (!(cause instanceof MammoflowError && cause.code === 'corrupt-data')) throw cause;
      throw new MammoflowError('damaged-plan', `The job's plan ${key} is damaged in the bucket.`, next, { cause });
    }
    throw new MammoflowError('damaged-plan', `The job's plan ${key} is gone from the bucket.`, next);
  }

  const files: JobFiles = {
    settings: (job) => read(jobSettingsKey(job), jobSettingsSchema),
    page: async (job, page) => (await read(jobPageKey(job, page), jobPageSchema)).exams,
    async exam(job, page, exam) {
      const planned = (await files.page(job, page)).find((candidate) => candidate.exam === exam);
      if (planned === undefined) {
        throw new MammoflowError('invalid-argument', `Exam ${exam} is not on page ${page} of job ${job}.`);
      }
      return planned;
    },
    async find(job, exam) {
      for await (const { key } of store.list(jobPlanPrefix(job))) {
        const planned = (await read(key, jobPageSchema)).exams.find((candidate) => candidate.exam === exam);
        if (planned !== undefined) return planned;
      }
      return undefined;
    },
  };
  return files;
}
