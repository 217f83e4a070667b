import { Command } from 'commander';
import { dataOption } from './options.js';

export interface StartOptions {
  readonly data: string;
  readonly exams?: string;
  readonly models?: string;
  readonly exit?: boolean;
}

/** `mammoflow start`, which `npm start` runs: everything in the foreground, from nothing to predictions. */
export function startCommand(): Command {
  return new Command('start')
    .description('start everything, process exams, print the predictions, and stay up until Ctrl-C')
    .option('--exams <folder>', 'exams to process; six synthetic ones when there are none')
    .option('--models <folder>', 'model bundle to use; a demonstration trained on synthetic exams when there is none')
    .option('--exit', 'stop everything after printing the predictions')
    .addOption(dataOption())
    .addHelpText(
      'after',
      `
Without exams of your own it draws six synthetic ones, two without a lesion, two with a benign and two with a malignant
one, and prints what they show beside what the model says.

Data stay in the data folder: the next start continues where this one ended, and computes nothing twice.

Examples:
  $ npm start
  $ npm start -- --exams ./exams --models ./bundle --exit`,
    )
    .action(async (options: StartOptions) => (await import('./start-everything.js')).start(options));
}
