import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { Command, CommanderError } from 'commander';
import '../infra/quiet-aws-sdk.js';
import { packageVersion } from '../infra/package-root.js';
import { branchCommand } from './branch.js';
import { cancelCommand } from './cancel.js';
import { compareCommand } from './compare.js';
import { diffCommand } from './diff.js';
import { doctorCommand } from './doctor.js';
import { downCommand } from './down.js';
import { envCommand } from './env.js';
import { explainCommand } from './explain.js';
import { forgetCommand } from './forget.js';
import { gcCommand } from './gc.js';
import { getCommand } from './get.js';
import { jobCommand } from './job.js';
import { jobsCommand } from './jobs.js';
import { logCommand } from './log.js';
import { lsCommand } from './ls.js';
import { modelsCommand } from './models.js';
import { printError } from './output.js';
import { phantomCommand } from './phantom.js';
import { processCommand } from './process.js';
import { putCommand } from './put.js';
import { resultsCommand } from './results.js';
import { revertCommand } from './revert.js';
import { rmCommand } from './rm.js';
import { stageCommand } from './stage.js';
import { startCommand } from './start.js';
import { statusCommand } from './status.js';
import { upCommand } from './up.js';
import { workerCommand } from './worker.js';

/** Every verb, in the order in which `--help` lists them. */
const COMMANDS: readonly (() => Command)[] = [
  startCommand,
  upCommand,
  downCommand,
  statusCommand,
  doctorCommand,
  envCommand,
  putCommand,
  rmCommand,
  processCommand,
  jobsCommand,
  jobCommand,
  cancelCommand,
  resultsCommand,
  explainCommand,
  compareCommand,
  logCommand,
  lsCommand,
  getCommand,
  diffCommand,
  revertCommand,
  branchCommand,
  modelsCommand,
  stageCommand,
  phantomCommand,
  forgetCommand,
  gcCommand,
  workerCommand,
];

/** The `mammoflow` command with all its verbs. */
export function buildProgram(): Command {
  const program = new Command('mammoflow')
    .description('Versioned, incremental inference for mammography exams. Research use only. Not for diagnosis.')
    .version(packageVersion());
  for (const command of COMMANDS) program.addCommand(command());
  // Or `stage set --version` would ask for the version of the program.
  program.enablePositionalOptions();
  // Verbs inherit none of this by themselves when they are added.
  for (const command of [program, ...verbsOf(program)]) {
    command.exitOverride().showHelpAfterError('(add --help to see how it is used)');
  }
  return program;
}

/** Every verb below a command, those of groups such as `branch` too. */
const verbsOf = (command: Command): Command[] => command.commands.flatMap((verb) => [verb, ...verbsOf(verb)]);

/**
 * Runs one command line.
 *
 * @returns the exit code: 0 when what was asked is true, 1 on an error; a verb sets `process.exitCode` for others
 *   (2 when a job ended with failed exams)
 */
export async function run(argv: readonly string[]): Promise<number> {
  process.stdout.on('error', ignoreClosedPipe);
  try {
    await buildProgram().parseAsync([...argv]);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    // Commander has printed the message, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode;
    printError(error);
    return 1;
  }
}

/** `mammoflow log | head` closes its end early, which is no error; what was asked is carried on, unseen. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  process.exitCode = await run(process.argv);
}
