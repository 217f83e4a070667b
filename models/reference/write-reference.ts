import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { readGrey16Png, writeGrey16Png } from '../../imaging/grey16-png.js';
import type { MeasuredExam } from '../../imaging/quality/check.js';
import { type MeasuredView, measureView } from '../../imaging/quality/measure-view.js';
import { type MeasuredResponses, responseReferenceOf } from '../../imaging/quality/model-response.js';
import { referenceOf } from '../../imaging/quality/pixel-statistics.js';
import { bundleSchema, MODEL_CARD_FILE } from '../../pipeline/bundle.js';
import { VIEWS, type View, viewFile } from '../../pipeline/exam.js';
import { drawView } from '../phantom/draw-view.js';
import { STANDARD_MIX } from '../phantom/mix.js';
import { planExam } from '../phantom/plan-exam.js';
import { openResponder } from './respond.js';

/**
 * Measures the pictures that a model was made or accepted on, and how its patch network answers to them, and writes what they
 * are like into its bundle's `model.json`: `check_quality` and `check_response` warn of pictures that are unlike them. See
 * docs/models.md.
 */

interface Options {
  readonly exams?: string;
  readonly phantoms: string;
  readonly seed: string;
  readonly description?: string;
  /** False for pictures only. */
  readonly response: boolean;
}

async function main(folder: string, options: Options): Promise<void> {
  const { exams, description } = options;
  const [count, seed] = [Number(options.phantoms), Number(options.seed)];
  const path = join(resolve(folder), MODEL_CARD_FILE);
  const card = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  const { reference: _, ...withoutReference } = card;
  // What is measured takes long: a card that is wrong is told before. Its old reference may be that of another network.
  bundleSchema.parse(withoutReference);
  const responder = options.response ? await openResponder(resolve(folder)) : undefined;
  const pictures: MeasuredExam[] = [];
  const responses: MeasuredResponses[] = [];
  const measure = async (exam: string, files: Readonly<Record<string, string>>): Promise<void> => {
    const views: Partial<Record<View, MeasuredView>> = {};
    for (const view of VIEWS) {
      views[view] = measureView(await readGrey16Png(fileOf(files, view, exam), { exam, view }));
    }
    pictures.push(views as MeasuredExam);
    if (responder !== undefined) responses.push(await responder.respond(exam, files));
    console.error(`${exam}: measured (${pictures.length})`);
  };
  try {
    if (exams === undefined) {
      for (let index = 1; index <= count; index += 1)
        await withDrawn(seed, index, (files) => measure(`phantom-${index}`, files));
    } else {
      const names = (await readdir(exams, { withFileTypes: true })).filter((entry) => entry.isDirectory());
      for (const { name } of names) {
        const files = (await readdir(join(exams, name))).map((file) => [file, join(exams, name, file)]);
        await measure(name, Object.fromEntries(files));
      }
    }
  } finally {
    await responder?.close();
  }
  const words =
    description ?? (exams === undefined ? `phantom exams 1 to ${count} of seed ${seed}` : 'exams of one site');
  const response = responder === undefined ? {} : { response: responseReferenceOf(responses, responder.patch) };
  const bundle = bundleSchema.parse({ ...card, reference: { ...referenceOf(pictures, words), ...response } });
  await writeFile(path, `${JSON.stringify({ ...card, reference: bundle.reference }, undefined, 2)}\n`);
  console.log(`${path}: reference of ${pictures.length} exams (${words}).`);
}

/** @throws Error where the exam has no such view. */
function fileOf(files: Readonly<Record<string, string>>, view: View, exam: string): string {
  const path = files[viewFile(view)];
  if (path === undefined) throw new Error(`${exam} has no ${viewFile(view)}`);
  return path;
}

/** Draws a phantom exam's views into files that are removed afterwards. */
async function withDrawn(
  seed: number,
  index: number,
  use: (files: Readonly<Record<string, string>>) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mammoflow-reference-'));
  try {
    const plan = planExam(seed, index, STANDARD_MIX);
    const files: Record<string, string> = {};
    for (const view of VIEWS) {
      const file = viewFile(view);
      files[file] = join(folder, file);
      await writeFile(files[file], await writeGrey16Png(drawView(plan, view)));
    }
    await use(files);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await new Command('models:reference')
  .description(
    'measure the pictures a model was made or accepted on, and how its patch network answers to them, and write what they are like into its model.json',
  )
  .argument('<bundle>', 'the folder of the bundle')
  .option('--exams <folder>', 'a folder of exams, at least 20; phantom exams unless given')
  .option('--phantoms <number>', 'how many phantom exams', '100')
  .option('--seed <number>', 'their seed', '7')
  .option('--description <text>', 'which exams they are, in words')
  .option('--no-response', 'measure the pictures only, which takes seconds instead of as long as heatmaps of them do')
  .addHelpText(
    'after',
    '\nExample:\n  $ npm run models:reference -- ./nyu-bundle --exams ./accepted --description "200 exams of our site, 2025"',
  )
  .action(main)
  .parseAsync();
