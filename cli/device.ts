import { Command } from 'commander';
import { canonicalJson } from '../pipeline/canonical-json.js';
import { type CommitOptions, printFollowUp } from './follow-up.js';
import { addCommitOptions, type CommonOptions, commitOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine } from './output.js';
import { withMammoflow } from './session.js';
import { parseAssignments } from './stage.js';

/** `mammoflow device`: what the stored pixels of a device mean. */
export function deviceCommand(): Command {
  return new Command('device')
    .description('say what the stored pixels of a DICOM device mean')
    .addHelpText('after', '\nExample:\n  $ mammoflow device set acme-mammo-1 inversion=always')
    .addCommand(setCommand());
}

function setCommand(): Command {
  return addCommitOptions(
    new Command('set')
      .description("set a device's pixel policy, in a commit")
      .argument('<device>', 'the device, as the paths of its exams name it')
      .argument('[assignments...]', '<what>=<value>'),
  )
    .option('--reset', "first go back to what this build's table says")
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
What is not named stays as it is. Exams with an object of this device are read again, and no others. What a policy may say
is in docs/dicom.md.

Examples:
  $ mammoflow device set acme-mammo-1 inversion=always voi=table -m "as its manual says"
  $ mammoflow device set acme-mammo-1 --reset`,
    )
    .action((device: string, assignments: string[], options: CommitOptions & CommonOptions & { reset?: boolean }) =>
      withMammoflow(options.data, async (mammoflow) => {
        const outcome = await mammoflow.setDevice({
          ...commitOptions(options),
          device,
          policy: parseAssignments(assignments),
          reset: options.reset,
        });
        if (options.json) return printJson(outcome);
        if (outcome.commit === null) return printLine(`nothing to commit: ${device} is set so already`);
        printLine(`commit ${outcome.commit}: device ${device}`);
        const parts = Object.entries(outcome.policy).map(([name, value]) => `${name}=${canonicalJson(value)}`);
        printLine(`  ${parts.join(' ')}`);
        printFollowUp(outcome, options);
      }),
    );
}
