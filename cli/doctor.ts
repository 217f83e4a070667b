import { Command } from 'commander';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine } from './output.js';

/** `mammoflow doctor`: what stands in the way. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check this machine, the services and the workers, and say what to do about each problem')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Every line is ok, warn or FAIL. The exit code is 1 if one is FAIL, otherwise 0. Nothing is changed.

Example:
  $ mammoflow doctor`,
    )
    .action(async ({ data, json }: CommonOptions) => {
      const { diagnose } = await import('../infra/diagnosis/diagnose.js');
      const findings = await diagnose(data);
      if (findings.some(({ outcome }) => outcome === 'fail')) process.exitCode = 1;
      if (json) return printJson(findings);
      for (const { check, outcome, detail, next } of findings) {
        printLine(`${outcome === 'fail' ? 'FAIL' : outcome.padEnd(4)}  ${check.padEnd(18)}  ${detail}`);
        if (next !== undefined) printLine(`${' '.repeat(26)}-> ${next}`);
      }
    });
}
