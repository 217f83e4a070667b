import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { Command, CommanderError } from 'commander';
import '../infra/quiet-aws-sdk.js';
import { packageVersion } from '../infra/package-root.js';
import { printError } from './output.js';

/** Every verb, in the order in which `--help` lists them. Each is loaded when it is asked for. */
const VERBS: Readonly<Record<string, () => Promise<Command>>> = {
  start: async () => (await import('./start.js')).startCommand(),
  up: async () => (await import('./up.js')).upCommand(),
  down: async () => (await import('./down.js')).downCommand(),
  status: async () => (await import('./status.js')).statusCommand(),
  doctor: async () => (await import('./doctor.js')).doctorCommand(),
  env: async () => (await import('./env.js')).envCommand(),
  inspect: async () => (await import('./inspect.js')).inspectCommand(),
  mend: async () => (await import('./mend.js')).mendCommand(),
  put: async () => (await import('./put.js')).putCommand(),
  rm: async () => (await import('./rm.js')).rmCommand(),
  process: async () => (await import('./process.js')).processCommand(),
  jobs: async () => (await import('./jobs.js')).jobsCommand(),
  job: async () => (await import('./job.js')).jobCommand(),
  logs: async () => (await import('./logs.js')).logsCommand(),
  cancel: async () => (await import('./cancel.js')).cancelCommand(),
  results: async () => (await import('./results.js')).resultsCommand(),
  export: async () => (await import('./export.js')).exportCommand(),
  deliveries: async () => (await import('./deliveries.js')).deliveriesCommand(),
  accept: async () => (await import('./accept.js')).acceptCommand(),
  explain: async () => (await import('./explain.js')).explainCommand(),
  compare: async () => (await import('./compare.js')).compareCommand(),
  log: async () => (await import('./log.js')).logCommand(),
  ls: async () => (await import('./ls.js')).lsCommand(),
  get: async () => (await import('./get.js')).getCommand(),
  diff: async () => (await import('./diff.js')).diffCommand(),
  revert: async () => (await import('./revert.js')).revertCommand(),
  inbox: async () => (await import('./inbox.js')).inboxCommand(),
  branch: async () => (await import('./branch.js')).branchCommand(),
  models: async () => (await import('./models.js')).modelsCommand(),
  device: async () => (await import('./device.js')).deviceCommand(),
  destination: async () => (await import('./destination.js')).destinationCommand(),
  stage: async () => (await import('./stage.js')).stageCommand(),
  phantom: async () => (await import('./phantom.js')).phantomCommand(),
  forget: async () => (await import('./forget.js')).forgetCommand(),
  verify: async () => (await import('./verify.js')).verifyCommand(),
  gc: async () => (await import('./gc.js')).gcCommand(),
  console: async () => (await import('./console.js')).consoleCommand(),
  worker: async () => (await import('./worker.js')).workerCommand(),
  listen: async () => (await import('./listen.js')).listenCommand(),
  receive: async () => (await import('./receive.js')).receiveCommand(),
};

/**
 * The `mammoflow` command.
 *
 * @param verbs those that it shall know; all of them unless said.
 */
export async function buildProgram(verbs: readonly string[] = Object.keys(VERBS)): Promise<Command> {
  const program = new Command('mammoflow')
    .description('Versioned, incremental inference for mammography exams. Research use only. Not for diagnosis.')
    .version(packageVersion());
  for (const verb of verbs) {
    const command = await VERBS[verb]?.();
    if (command !== undefined) program.addCommand(command);
  }
  // Or `stage set --version` would ask for the version of the program.
  program.enablePositionalOptions();
  // Verbs inherit none of this by themselves when they are added.
  for (const command of [program, ...verbsOf(program)]) {
    command.exitOverride().showHelpAfterError('(add --help to see how it is used)');
  }
  return program;
}

/** The verb that a command line names, or all of them where it names none that there is. */
function verbsMeant([, , word]: readonly string[]): readonly string[] {
  if (word === '--version' || word === '-V') return [];
  return word !== undefined && Object.hasOwn(VERBS, word) ? [word] : Object.keys(VERBS);
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
    const program = await buildProgram(verbsMeant(argv));
    await program.parseAsync([...argv]);
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
