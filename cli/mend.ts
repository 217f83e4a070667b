import { Command, Option } from 'commander';
import type { Mend, MendedExam } from '../index.js';
import { jsonOption } from './options.js';
import { printJson, printLine } from './output.js';

interface MendOptions {
  readonly out: string;
  readonly only?: Mend[];
  readonly json?: boolean;
}

const MENDS = ['swap-bytes', 'invert', 'crop-frame', 'mirror'] as const satisfies readonly Mend[];

/** `mammoflow mend`: copies of exams in which what can be mended without loss is mended. */
export function mendCommand(): Command {
  return new Command('mend')
    .description('write copies of exams in which what can be mended without loss is mended')
    .argument('<path...>', 'folders of exams, or folders above them')
    .requiredOption('--out <folder>', 'where the copies are written; nothing there is overwritten')
    .addOption(new Option('--only <changes...>', 'only views that need no other change than these').choices(MENDS))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Needs no services, and never touches the originals. Swaps bytes back, inverts grey, cuts a frame away, mirrors: each only
where fewer checks refuse the view after it. Look at the copies before you put them: a mirrored picture may as well be one
of the other breast, which no program can tell.

Example:
  $ mammoflow mend ./november --out ./mended
  $ mammoflow inspect ./mended --sheets ./sheets`,
    )
    .action(async (paths: string[], { out, only, json }: MendOptions) => {
      const { mend } = await import('../api/changing/mend.js');
      const mended: MendedExam[] = [];
      for await (const exam of mend(undefined, { paths, out, only })) mended.push(exam);
      if (json) return printJson(mended);
      if (mended.length === 0) printLine('nothing to mend');
      for (const { exam, folder, changed, left } of mended) {
        printLine(
          `${exam}: ${changed.map(({ view, mends }) => `${view} ${mends.join(', ')}`).join('; ')} in ${folder}`,
        );
        if (left.length > 0) printLine(`  still refused: ${left.join(', ')}`);
      }
    });
}
