import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pLimit from 'p-limit';
import { Piscina } from 'piscina';
import { checkGrey16Png } from '../../imaging/grey16-png.js';
import { deserialiseError, type TransferredError } from '../../inference/error-transfer.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { VIEWS, viewFile } from '../../pipeline/exam.js';
import { cannotWrite } from './cannot-write.js';
import type { ExamToDraw } from './draw-exam.js';
import { EXAM_KINDS, type Mix, mixText, STANDARD_MIX } from './mix.js';
import { type ExamPlan, planExam } from './plan-exam.js';
import { GENERATOR_VERSION, readTruth, TRUTH_FILE, type Truth, truthOf, writeTruth } from './truth.js';

export interface PhantomSettings {
  /** 0 to 2³² − 1. */
  readonly seed: number;
  /** How many exams the folder shall hold: numbers 1 to this. */
  readonly exams: number;
  readonly mix?: Mix;
  /** Exams drawn at once, each on a thread of its own; by default one a core. */
  readonly threads?: number;
  /** Ends the drawing at once; exams that are whole stay. */
  readonly signal?: AbortSignal | undefined;
  /** Called at the start and after every exam: how many of them are there. */
  readonly onProgress?: (done: number, all: number) => void;
}

export interface PhantomOutcome {
  readonly truth: Truth;
  /** Exams drawn now, and those that were whole already. */
  readonly drawn: number;
  readonly kept: number;
}

/**
 * Draws phantom exams 1 to `exams` of a seed into a folder, with their truth beside them. What is there already and whole
 * is kept, so an interrupted run is continued by running it again, and a larger number adds exams. A smaller number
 * removes none.
 *
 * @throws MammoflowError `invalid-argument` when the folder holds phantom exams of another seed, mix or generator, or
 *   cannot be written to; the reason of `signal` when that is aborted.
 */
export async function drawExams(folder: string, settings: PhantomSettings): Promise<PhantomOutcome> {
  const { seed, mix = STANDARD_MIX, signal, onProgress } = settings;
  const existing = await readTruth(folder);
  if (existing !== undefined) checkSame(folder, existing, seed, mix);
  const count = Math.max(settings.exams, ...(existing?.exams ?? []).map(({ index }) => index));
  const plans = Array.from({ length: count }, (_, index) => planExam(seed, index + 1, mix));
  // Without a truth nothing says what pictures of these names show, so they are drawn again.
  const whole = existing === undefined ? new Set<number>() : await findWhole(folder, plans);
  const missing = plans.filter(({ index }) => !whole.has(index));
  const done = new Set(whole);
  const recordTruth = async (): Promise<Truth> => {
    const truth = truthOf(
      seed,
      mix,
      plans.filter(({ index }) => done.has(index)),
    );
    await writeTruth(folder, truth);
    return truth;
  };

  await mkdir(folder, { recursive: true }).catch(cannotWrite);
  // Before the first picture, so that a run that is cut off can be told from one of another seed.
  await recordTruth().catch(cannotWrite);
  const threads = Math.max(1, Math.min(settings.threads ?? availableParallelism(), missing.length));
  const pool = new Piscina({
    filename: fileURLToPath(new URL('./draw-exam-thread.js', import.meta.url)),
    name: 'drawExamInThread',
    minThreads: 0,
    maxThreads: threads,
  });
  const limit = pLimit(threads);
  try {
    onProgress?.(done.size, plans.length);
    await Promise.all(
      missing.map(({ index }) =>
        limit(async () => {
          const task: ExamToDraw = { folder, seed, index, mix };
          signal?.throwIfAborted();
          const failure: TransferredError | undefined = await pool.run(task, { signal: signal ?? null });
          if (failure !== undefined) throw deserialiseError(failure);
          done.add(index);
          onProgress?.(done.size, plans.length);
        }),
      ),
    );
  } finally {
    limit.clearQueue();
    await pool.destroy();
    await recordTruth().catch(cannotWrite);
  }
  return { truth: truthOf(seed, mix, plans), drawn: missing.length, kept: whole.size };
}

function checkSame(folder: string, { generator, seed, mix }: Truth, wantedSeed: number, wantedMix: Mix): void {
  const difference =
    generator !== GENERATOR_VERSION
      ? `generator ${generator}, and this is generator ${GENERATOR_VERSION}`
      : seed !== wantedSeed
        ? `seed ${seed}, not ${wantedSeed}`
        : EXAM_KINDS.some((kind) => mix[kind] !== wantedMix[kind])
          ? `the mix ${mixText(mix)}, not ${mixText(wantedMix)}`
          : undefined;
  if (difference === undefined) return;
  throw new MammoflowError(
    'invalid-argument',
    `${join(folder, TRUTH_FILE)} is of exams with ${difference}.`,
    'Choose another folder, or remove this one first.',
  );
}

/** Folders looked into at once. */
const CONCURRENCY = 8;

/** @returns the numbers of the exams whose four views are there, whole and of the size they should have. */
async function findWhole(folder: string, plans: readonly ExamPlan[]): Promise<Set<number>> {
  const limit = pLimit(CONCURRENCY);
  const whole = await Promise.all(
    plans.map((plan) => limit(async () => ((await isWhole(folder, plan)) ? [plan.index] : []))),
  );
  return new Set(whole.flat());
}

async function isWhole(folder: string, { exam, outlines }: ExamPlan): Promise<boolean> {
  for (const view of VIEWS) {
    try {
      const { rows, columns } = await checkGrey16Png(join(folder, exam, viewFile(view)), { exam, view });
      if (rows !== outlines[view].rows || columns !== outlines[view].columns) return false;
    } catch {
      // Missing, cut short or unreadable: drawing it again either mends that or says what stands in the way.
      return false;
    }
  }
  return true;
}
