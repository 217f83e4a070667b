import { resolve } from 'node:path';
import { Command } from 'commander';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine } from './output.js';

/** `mammoflow env`: the settings for other programs. */
export function envCommand(): Command {
  return new Command('env')
    .description('print the variables that bring S3 clients and the Temporal CLI to the same services')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Where services run on the data folder, these are meant, whatever the shell has set; what would lead elsewhere is unset.
The Temporal CLI that \`mammoflow up\` uses comes onto the PATH. Otherwise the settings in use are printed.

Example:
  $ eval "$(mammoflow env)"
  $ aws s3 ls "s3://$MAMMOFLOW_BUCKET/"
  $ temporal workflow list`,
    )
    .action(async ({ data, json }: CommonOptions) => {
      const { clientEnvironment } = await import('../infra/client-environment.js');
      const { set, unset } = await clientEnvironment(resolve(data));
      if (json) return printJson(set);
      if (unset.length > 0) printLine(`unset ${unset.join(' ')}`);
      for (const [name, value] of Object.entries(set)) printLine(`export ${name}=${shellQuoted(value)}`);
    });
}

/** A word for a POSIX shell: nothing in single quotes is expanded. */
function shellQuoted(value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
