import { resolve } from 'node:path';
import { Command } from 'commander';
import type { LogLine } from '../infra/dev/log-lines.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine } from './output.js';

/** `mammoflow logs`: what the workers of this machine logged about an exam or a job. */
export function logsCommand(): Command {
  return new Command('logs')
    .description('show what the workers of this machine logged about an exam or a job')
    .argument('<exam or job>', 'its name')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Read are the logs of the workers that \`mammoflow up\` and \`npm start\` run, in logs/ of the data folder. Workers that you
start yourself log to their standard error: look for the same names there.

Examples:
  $ mammoflow logs exam-17
  $ mammoflow logs main-12-a1b2c3`,
    )
    .action(async (name: string, { data, json }: CommonOptions) => {
      const { logLinesAbout } = await import('../infra/dev/log-lines.js');
      const lines: LogLine[] = [];
      for await (const line of logLinesAbout(resolve(data), name)) lines.push(line);
      lines.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
      if (json) return printJson(lines);
      if (lines.length === 0) printLine(`nothing about ${name} in ${resolve(data, 'logs')}`);
      for (const line of lines) printLine(textOf(line));
    });
}

function textOf({ time, level, process, message, reason, workflow, activity, attempt }: LogLine): string {
  const about = [workflow, activity, attempt === undefined ? undefined : `attempt ${attempt}`]
    .filter(Boolean)
    .join(', ');
  const why = reason === undefined || message.includes(reason) ? '' : `: ${reason}`;
  return `${time} ${level.padEnd(5)} ${process.padEnd(15)} ${message}${why}${about === '' ? '' : ` (${about})`}`;
}
