import { Command, Option } from 'commander';
import type { InspectionResult } from '../index.js';
import { jsonOption } from './options.js';
import { printJson, printLine } from './output.js';

interface InspectOptions {
  readonly policy: 'strict' | 'lenient';
  readonly sheets?: string;
  readonly json?: boolean;
}

/** As for a job with failed exams. */
const SOME_REFUSED = 2;

/** `mammoflow inspect`: looks at pictures before they are put. */
export function inspectCommand(): Command {
  return new Command('inspect')
    .description('look at exams on this disk as the quality checks will, and commit nothing')
    .argument('<path...>', 'folders of exams, or folders above them')
    .addOption(
      new Option('--policy <policy>', 'how strictly they are judged').choices(['strict', 'lenient']).default('strict'),
    )
    .option('--sheets <folder>', 'write a contact sheet of each exam there: four views, verdicts, histograms')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Needs no services. Verdicts: ok, warn (the exam gets results, with the warning), refuse (it gets none). What could be put
right without loss is proposed; \`mammoflow mend\` writes copies that way. Of DICOM, the views are looked at that the build's
policies for devices make of a study; it has no name before it is put, and is called study-1 and so on.

Exit code: 0 when no exam would be refused, 2 when some would, 1 on an error.

Examples:
  $ mammoflow inspect ./november --sheets ./sheets
  $ mammoflow mend ./november --out ./mended`,
    )
    .action(async (paths: string[], { policy, sheets, json }: InspectOptions) => {
      const { inspect } = await import('../api/reading/inspect.js');
      const results: InspectionResult[] = [];
      for await (const result of inspect(undefined, { paths, policy, sheets })) {
        results.push(result);
        if (json !== true) print(result);
      }
      if (json) printJson(results);
      if (results.some(({ verdict }) => verdict === 'refuse')) process.exitCode = SOME_REFUSED;
    });
}

function print({ exam, verdict, findings, proposals, reason, remarks = [], sheet }: InspectionResult): void {
  printLine(`${exam}: ${verdict}${reason === undefined ? '' : `: ${reason}`}`);
  for (const { code, view, verdict: found, message, next } of findings) {
    printLine(`  ${found.padEnd(6)} ${view ?? 'exam'}: ${message} (${code})${next === undefined ? '' : ` ${next}`}`);
  }
  for (const remark of remarks) printLine(`  ${remark}`);
  for (const { view, mends } of proposals) printLine(`  could be mended without loss: ${view}: ${mends.join(', ')}`);
  if (sheet !== undefined) printLine(`  ${sheet}`);
}
