import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { readGrey16Png } from '../../imaging/grey16-png.js';
import type { Grey16Image } from '../../imaging/planes.js';
import type { MeasuredExam } from '../../imaging/quality/check.js';
import { type MeasuredView, measureView } from '../../imaging/quality/measure-view.js';
import { referenceOf } from '../../imaging/quality/pixel-statistics.js';
import { bundleSchema, MODEL_CARD_FILE } from '../../pipeline/bundle.js';
import { VIEWS, type View, viewFile } from '../../pipeline/exam.js';
import { drawView } from '../phantom/draw-view.js';
import { STANDARD_MIX } from '../phantom/mix.js';
import { planExam } from '../phantom/plan-exam.js';

/**
 * Measures the pictures that a model was made or accepted on, and writes what they are like into its bundle's
 * `model.json`: `check_quality` warns of pictures that are unlike them. See docs/models.md.
 */

interface Options {
  readonly exams?: string;
  readonly phantoms: string;
  readonly seed: string;
  readonly description?: string;
}

async function main(folder: string, options: Options): Promise<void> {
  const { exams, description } = options;
  const [count, seed] = [Number(options.phantoms), Number(options.seed)];
  const measured: MeasuredExam[] = [];
  const measure = async (read: (view: View) => Promise<Grey16Image>): Promise<void> => {
    const views: Partial<Record<View, MeasuredView>> = {};
    for (const view of VIEWS) views[view] = measureView(await read(view));
    measured.push(views as MeasuredExam);
  };
  if (exams === undefined) {
    for (let index = 1; index <= count; index += 1) {
      const plan = planExam(seed, index, STANDARD_MIX);
      await measure(async (view) => drawView(plan, view));
    }
  } else {
    const names = (await readdir(exams, { withFileTypes: true })).filter((entry) => entry.isDirectory());
    for (const { name } of names) {
      await measure((view) => readGrey16Png(join(exams, name, viewFile(view)), { exam: name, view }));
    }
  }
  const words =
    description ?? (exams === undefined ? `phantom exams 1 to ${count} of seed ${seed}` : 'exams of one site');
  const path = join(resolve(folder), MODEL_CARD_FILE);
  const card = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  const bundle = bundleSchema.parse({ ...card, reference: referenceOf(measured, words) });
  await writeFile(path, `${JSON.stringify({ ...card, reference: bundle.reference }, undefined, 2)}\n`);
  console.log(`${path}: reference of ${measured.length} exams (${words}).`);
}

await new Command('models:reference')
  .description('measure the pictures a model was made or accepted on, and write what they are like into its model.json')
  .argument('<bundle>', 'the folder of the bundle')
  .option('--exams <folder>', 'a folder of exams, at least 20; phantom exams unless given')
  .option('--phantoms <number>', 'how many phantom exams', '100')
  .option('--seed <number>', 'their seed', '7')
  .option('--description <text>', 'which exams they are, in words')
  .addHelpText(
    'after',
    '\nExample:\n  $ npm run models:reference -- ./nyu-bundle --exams ./accepted --description "200 exams of our site, 2025"',
  )
  .action(main)
  .parseAsync();
