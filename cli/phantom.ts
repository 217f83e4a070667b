import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { EXAM_KINDS, type Mix, mixText, parseMix, STANDARD_MIX } from '../models/phantom/mix.js';
import { PHANTOM_NOTICE, TRUTH_FILE } from '../models/phantom/truth.js';
import { MammoflowError } from '../pipeline/errors.js';
import { progressLine } from './job-output.js';
import { jsonOption, parseCount } from './options.js';
import { printJson, printLine } from './output.js';

interface PhantomOptions {
  readonly exams: number;
  readonly seed: number;
  readonly mix: Mix;
  readonly threads?: number;
  readonly dicom?: string;
  readonly json?: boolean;
}

/** `mammoflow phantom`: synthetic exams with known lesions. */
export function phantomCommand(): Command {
  return new Command('phantom')
    .description('draw synthetic four-view exams with known lesions')
    .argument('<folder>', 'where to put them')
    .option('--exams <count>', 'how many exams the folder shall hold', parseCount, 10)
    .option('--seed <number>', 'the same seed gives the same exams', parseSeed, 1)
    .addOption(
      new Option('--mix <numbers>', `how many of ${EXAM_KINDS.join(', ')} in a run of exams`)
        .argParser(parseMixOption)
        .default(STANDARD_MIX, mixText(STANDARD_MIX)),
    )
    .option('--threads <count>', 'exams drawn at once; one a core unless said', parseCount)
    .option('--dicom <device>', 'write them as DICOM objects, too, as a device of this vendor stores them')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
An exam lies in <folder>/phantom-<seed>-<number>/ with its four views, ready for \`mammoflow put exams <folder>\`. What it
shows is in <folder>/${TRUTH_FILE}: labels, and each lesion's kind, centre and radius in pixels of each view. An exam
depends on the seed, its number and the mix, not on how many are drawn. It takes about 2 seconds of a core and 15 MB.

Run it again after an interruption, or with a larger number: exams that are whole are kept.

With --dicom they lie as objects in <folder>/dicom/<exam>/ as well, for \`mammoflow put exams <folder>/dicom\`: as hologic, ge,
siemens, fuji, planmed or giotto store them.

The pictures are synthetic and show no patient. What they imitate and what they leave out is in docs/phantom.md.

Examples:
  $ mammoflow phantom ./phantoms --exams 20 --seed 7
  $ mammoflow phantom ./phantoms --exams 2 --dicom fuji
  $ mammoflow phantom ./phantoms --exams 6 --mix normal=2,benign=2,malignant=2`,
    )
    .action(async (folder: string, options: PhantomOptions) => {
      const { drawExams } = await import('../models/phantom/draw-exams.js');
      const progress = progressLine();
      const { truth, drawn, kept } = await drawExams(resolve(folder), {
        ...options,
        onProgress: (done, all) => progress.show(`${done} of ${all} exams`),
      }).finally(() => progress.clear());
      if (options.dicom !== undefined) {
        const { writeObjects } = await import('../models/phantom/write-objects.js');
        const names = truth.exams.map(({ exam }) => exam);
        await writeObjects(resolve(folder), names, options.dicom);
      }
      if (options.json) {
        printJson({
          folder: resolve(folder),
          truth: resolve(folder, TRUTH_FILE),
          seed: truth.seed,
          mix: truth.mix,
          exams: truth.exams.length,
          drawn,
          kept,
        });
        return;
      }
      const counts = Object.fromEntries(
        EXAM_KINDS.map((kind) => [kind, truth.exams.filter((exam) => exam.kind === kind).length]),
      ) as Mix;
      printLine(`${truth.exams.length} exams in ${resolve(folder)}: ${mixText(counts)} (${drawn} drawn, ${kept} kept)`);
      printLine(`What they show is in ${TRUTH_FILE}.`);
      printLine(PHANTOM_NOTICE);
    });
}

function parseSeed(text: string): number {
  const seed = Number(text);
  if (/^\d{1,10}$/.test(text) && seed <= 0xffffffff) return seed;
  throw new InvalidArgumentError('Give a whole number from 0 to 4294967295.');
}

function parseMixOption(text: string): Mix {
  try {
    return parseMix(text);
  } catch (error) {
    if (error instanceof MammoflowError) throw new InvalidArgumentError(error.sentence);
    throw error;
  }
}
