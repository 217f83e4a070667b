import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StageDefinition, StageInputs, StageProgress } from '../../../activities/stage.js';
import { writeGrey16Png } from '../../../imaging/grey16-png.js';
import { VIEWS, viewFile } from '../../../pipeline/exam.js';
import { drawBreast } from '../../imaging/png-fixtures.js';

export interface StageRun {
  /** Absolute path of each file written, by name: what a later stage gets as its inputs. */
  readonly files: Record<string, string>;
  readonly progress: readonly StageProgress[];
  read(file: string): Buffer;
}

/** A folder for one test's files, removed after the test suite in which this is called. */
export function temporaryFolder(): () => string {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'mammoflow-stage-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  return () => mkdtempSync(join(folder, 'run-'));
}

/** Runs a stage of class `cpu` with the given parameters (its defaults otherwise). */
export async function runStage(
  stage: StageDefinition,
  folder: string,
  files: StageInputs['files'],
  parameters: Record<string, unknown> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<StageRun> {
  const progress: StageProgress[] = [];
  mkdirSync(folder, { recursive: true });
  const result = await stage.run({ exam: 'exam-1', files, models: {} }, stage.parameters.parse(parameters), {
    outputFolder: folder,
    signal,
    progress: (step) => progress.push(step),
    get inference(): never {
      throw new Error('a cpu stage has no networks');
    },
  });
  const written = Object.fromEntries(result.files.map((file) => [file, join(folder, file)]));
  return { files: written, progress, read: (file) => readFileSync(written[file] as string) };
}

/** An exam of four drawn breasts, small enough for tests; `inwards` is what an exam stored mirrored looks like. */
export async function drawnExam(
  folder: string,
  pointing: 'inwards' | 'outwards' = 'outwards',
): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const view of VIEWS) {
    const right = view.startsWith('L') === (pointing === 'outwards');
    const path = join(folder, viewFile(view));
    writeFileSync(path, await writeGrey16Png(drawBreast(720, 520, right ? 'right' : 'left')));
    files[viewFile(view)] = path;
  }
  return files;
}
