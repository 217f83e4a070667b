import { Command } from 'commander';
import { type CommitOptions, printFollowUp } from './follow-up.js';
import { addCommitOptions, type CommonOptions, commitOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine } from './output.js';
import { withMammoflow } from './session.js';

interface AcceptOptions extends CommitOptions, CommonOptions {
  readonly check: string;
  readonly view?: string;
  readonly reason?: string;
  readonly withdraw?: boolean;
}

/** `mammoflow accept`: lets an exam pass a quality check, as a commit. */
export function acceptCommand(): Command {
  return addCommitOptions(
    new Command('accept')
      .description('let an exam pass a quality check that refuses it or warns of it, as a commit')
      .argument('<exam>', 'the exam')
      .requiredOption('--check <code>', 'the check, as the reason of the refusal names it')
      .option('--view <view>', 'for one view; for all of them and the exam as a whole unless said')
      .option('--reason <text>', 'why; shown by explain, and erased with the exam by forget')
      .option('--withdraw', 'take the acceptance back'),
  )
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
It holds for the files that the exam has now: once they are replaced, the check looks at it again. The exam gets its
results, with the check's finding as a warning. Look at the pictures first: a check refuses what would make a number
misleading.

Examples:
  $ mammoflow accept exam-17 --check breast-cut --view L_MLO --reason "large breast, seen by ana"
  $ mammoflow accept exam-17 --check breast-cut --view L_MLO --withdraw`,
    )
    .action((exam: string, options: AcceptOptions) =>
      withMammoflow(options.data, async (mammoflow) => {
        const { check, view, reason, withdraw = false } = options;
        const outcome = await mammoflow.accept({
          ...commitOptions(options),
          exam,
          check,
          view,
          withdraw,
          ...(reason === undefined ? {} : { reason }),
        });
        if (options.json) return printJson(outcome);
        if (outcome.commit === null) return printLine(`nothing to commit: ${exam} passes that check already`);
        const accepted = outcome.accepted.length === 0 ? 'nothing' : outcome.accepted.join(', ');
        printLine(`commit ${outcome.commit}: accepted of ${exam}: ${accepted}`);
        printFollowUp(outcome, options);
      }),
    );
}
