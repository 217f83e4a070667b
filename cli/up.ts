import { Command, Option } from 'commander';
import { WORKER_ROLES, type WorkerRole } from '../infra/dev/worker-roles.js';
import { type CommonOptions, dataOption, jsonOption, parseRoles } from './options.js';
import { printJson, printLine } from './output.js';

interface UpOptions extends CommonOptions {
  readonly roles: WorkerRole[];
  readonly workers: boolean;
}

/** `mammoflow up`: the embedded services and workers, in the background. */
export function upCommand(): Command {
  return new Command('up')
    .description('start Temporal, S3 and the workers in the background, and wait until they are ready')
    .addOption(dataOption())
    .addOption(
      new Option('--roles <roles>', 'worker processes to start, separated by commas')
        .argParser(parseRoles)
        .default([...WORKER_ROLES], WORKER_ROLES.join(',')),
    )
    .option('--no-workers', 'start the services only')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
The first start obtains the Temporal CLI and versitygw (a few minutes). Data stay in the data folder, so that
\`mammoflow down\` and \`mammoflow up\` continue where they were. If it runs already, nothing is started.

Example:
  $ mammoflow up
  $ eval "$(mammoflow env)"       # any S3 client and the Temporal CLI now reach the same services
  $ mammoflow down`,
    )
    .action(async ({ data, roles, workers, json }: UpOptions) => {
      const { startSupervisor } = await import('../infra/dev/supervisor.js');
      const { state, alreadyRunning } = await startSupervisor({ dataFolder: data, roles: workers ? roles : [] });
      if (json) {
        const { pid, temporal, s3, console: page, receiver } = state;
        return printJson({
          alreadyRunning,
          pid,
          temporal,
          s3,
          ...(page ? { console: page } : {}),
          ...(receiver ? { receiver: { address: receiver.address, pid: receiver.pid } } : {}),
          workers: state.workers,
        });
      }
      printLine(alreadyRunning ? `already running (process ${state.pid}, since ${state.startedAt})` : 'ready');
      if (state.console) printLine(`Console      ${state.console}`);
      printLine(`Temporal     ${state.temporal?.address}`);
      printLine(`Temporal UI  ${state.temporal?.ui}`);
      printLine(`S3           ${state.s3?.endpoint}, bucket ${state.s3?.bucket}`);
      printLine(`Inbox        s3://${state.s3?.bucket}/inbox/exams/<exam>/<view>.png`);
      for (const { name, pid } of state.workers) printLine(`${name.padEnd(12)} process ${pid}`);
      const { passingOver } = await import('../infra/connection.js');
      // A variable that is wrong is the doctor's affair: everything is up.
      const elsewhere = await passingOver(data).catch(() => []);
      if (elsewhere.length > 0) {
        printLine();
        printLine(
          `But ${elsewhere.join(', ')} in this shell ${elsewhere.length === 1 ? 'leads' : 'lead'} elsewhere: eval "$(mammoflow env)" leads here.`,
        );
      }
    });
}
