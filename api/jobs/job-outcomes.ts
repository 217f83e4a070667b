import { LRUCache } from 'lru-cache';
import pLimit from 'p-limit';
import { z } from 'zod';
import type { StageItem } from '../../pipeline/commit.js';
import type { DatumRecord } from '../../pipeline/datum.js';
import type { ExamOutcome } from '../../pipeline/job.js';
import { readDatumRecord } from '../../repos/datum-records.js';
import { readJobOutcome } from '../../repos/exam-outcomes.js';
import { jobOutcomeKey } from '../../repos/layout.js';
import type { ObjectStore } from '../../repos/object-store.js';
import type { Repository } from '../../repos/repository.js';

/** What became of an exam in a job, and how long each stage that the job computed took. */
export interface JobExamRecord {
  readonly exam: string;
  readonly outcome: ExamOutcome;
  /** When it was recorded, in milliseconds. */
  readonly recorded: number;
  /** By stage; only stages that were computed in this job and whose record is there. */
  readonly timings: ReadonlyMap<string, StageTiming>;
}

export interface StageTiming {
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly seconds: number;
  /** Absent in records of builds that did not measure. */
  readonly parts?: { readonly fetching: number; readonly computing: number; readonly storing: number };
}

/** Outcomes read of one job, the newest of those that there are; each costs a request. */
export const OUTCOMES_READ = 5_000;
/** Of so many exams the records of stages are read, each another request. */
export const TIMINGS_READ = 400;
const CONCURRENCY = 32;

const partsSchema = z.object({ fetching: z.number(), computing: z.number(), storing: z.number() });

/** Outcomes never change but by `forget`, so what was read of the last few jobs is kept by the ETag of each. */
const KEPT = new WeakMap<
  ObjectStore,
  LRUCache<string, Map<string, { readonly etag: string; record: JobExamRecord }>>
>();

/** The exams that a job has finished so far, and how many there are in all. */
export async function jobOutcomes(
  { store }: Repository,
  job: string,
): Promise<{ readonly records: readonly JobExamRecord[]; readonly count: number }> {
  const jobs = KEPT.get(store) ?? new LRUCache({ max: 8 });
  KEPT.set(store, jobs);
  const before = jobs.get(job);
  const prefix = jobOutcomeKey(job, '').slice(0, -'.json'.length);
  const listed: { exam: string; etag: string; modified: number }[] = [];
  for await (const { key, etag, modified } of store.list(prefix)) {
    listed.push({ exam: key.slice(prefix.length, -'.json'.length), etag, modified: modified.getTime() });
  }
  const newest = [...listed].sort((a, b) => b.modified - a.modified).slice(0, OUTCOMES_READ);
  const limit = pLimit(CONCURRENCY);
  const now = new Map<string, { readonly etag: string; record: JobExamRecord }>();
  let timed = 0;
  await Promise.all(
    newest.map(({ exam, etag, modified }) =>
      limit(async () => {
        const known = before?.get(exam);
        if (known?.etag === etag) {
          now.set(exam, known);
          timed += known.record.timings.size > 0 ? 1 : 0;
          return;
        }
        const outcome = await readJobOutcome(store, job, exam);
        if (outcome === undefined) return;
        timed += 1;
        const timings = timed > TIMINGS_READ ? new Map<string, StageTiming>() : await timingsOf(store, exam, outcome);
        now.set(exam, { etag, record: { exam, outcome, recorded: modified, timings } });
      }),
    ),
  );
  jobs.set(job, now);
  return { records: [...now.values()].map(({ record }) => record), count: listed.length };
}

async function timingsOf(store: ObjectStore, exam: string, { stages, statuses }: ExamOutcome) {
  const computed = Object.entries(stages).filter(([stage]) => statuses[stage] === 'computed');
  const read = async ([stage, item]: [string, StageItem]): Promise<[string, StageTiming][]> => {
    const record = await readDatumRecord(store, stage, exam, item.datum);
    return record === undefined ? [] : [[stage, timingOf(record)]];
  };
  return new Map((await Promise.all(computed.map(read))).flat());
}

function timingOf({ startedAt, finishedAt, provenance }: DatumRecord): StageTiming {
  const [start, end] = [Date.parse(startedAt), Date.parse(finishedAt)];
  const parts = partsSchema.safeParse(provenance.seconds).data;
  return {
    startedAt: start,
    finishedAt: end,
    seconds: (end - start) / 1_000,
    ...(parts === undefined ? {} : { parts }),
  };
}
