import { Command } from 'commander';
import { canonicalJson, type Json } from '../pipeline/canonical-json.js';
import { DEFAULT_BRANCH } from '../pipeline/commit.js';
import { MammoflowError } from '../pipeline/errors.js';
import { type CommitOptions, printFollowUp } from './follow-up.js';
import { addCommitOptions, type CommonOptions, commitOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine, table } from './output.js';
import { withMammoflow } from './session.js';

type SetOptions = CommitOptions & {
  readonly queue?: string;
  readonly version?: string;
  readonly reset?: boolean;
};

/** `mammoflow stage`: versions, queues and parameters of the stages. */
export function stageCommand(): Command {
  return new Command('stage')
    .description('list the stages with their parameters, or set them')
    .addHelpText(
      'after',
      `
Example:
  $ mammoflow stage list
  $ mammoflow stage set classify passes=20`,
    )
    .addCommand(listCommand(), { isDefault: true })
    .addCommand(setCommand());
}

function listCommand(): Command {
  return new Command('list')
    .description('list the stages: version, class, task queue, parameters')
    .argument('[ref]', 'a commit, a branch, or branch~n', DEFAULT_BRANCH)
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nWhat departs from the default is marked with *.\n\nExample:\n  $ mammoflow stage list')
    .action((ref: string, options: CommonOptions) =>
      withMammoflow(options.data, async (mammoflow) => {
        const rows = await mammoflow.stages({ ref });
        if (options.json) return printJson(rows);
        const mark = (text: string, departs: boolean): string => (departs ? `${text}*` : text);
        const cells = rows.map(({ stage, version, class: resource, queue, parameters, departs }) => [
          stage,
          mark(version, departs.version !== undefined),
          resource,
          mark(queue, departs.queue !== undefined),
          Object.entries(parameters)
            .map(([name, value]) => mark(`${name}=${canonicalJson(value)}`, name in departs.parameters))
            .join(' '),
        ]);
        printLine(table(['STAGE', 'VERSION', 'CLASS', 'QUEUE', 'PARAMETERS'], cells));
      }),
    );
}

function setCommand(): Command {
  return addCommitOptions(
    new Command('set')
      .description("set a stage's parameters, task queue or version, in a commit")
      .argument('<stage>', 'the stage, as `mammoflow stage list` shows it')
      .argument('[assignments...]', '<param>=<value>; the value is JSON, or else text'),
  )
    .option('--queue <name>', 'the task queue that workers of this stage serve')
    .option('--version <version>', 'the version of the stage that is wanted; jobs wait for a worker that has it')
    .option('--reset', 'first go back to the defaults of this stage')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
What is not named stays as it is. Exams whose results were made with other parameters or another version are processed
again: the stage itself, and those after it for exams where its output changed.

Examples:
  $ mammoflow stage set extract_centers offset=[20,0] -m "look lower"
  $ mammoflow stage set visualize_heatmaps --version 2 --queue pictures
  $ mammoflow stage set classify --reset`,
    )
    .action((stage: string, assignments: string[], options: SetOptions & CommonOptions) =>
      withMammoflow(options.data, async (mammoflow) => {
        const outcome = await mammoflow.setStage({
          ...commitOptions(options),
          stage,
          parameters: parseAssignments(assignments),
          queue: options.queue,
          version: options.version,
          reset: options.reset,
        });
        if (options.json) return printJson(outcome);
        if (outcome.commit === null) return printLine(`nothing to commit: ${stage} is set so already`);
        const parameters = Object.entries(outcome.parameters).map(([name, value]) => `${name}=${canonicalJson(value)}`);
        printLine(`commit ${outcome.commit}: ${stage} version ${outcome.version}, queue ${outcome.queue}`);
        if (parameters.length > 0) printLine(`  ${parameters.join(' ')}`);
        const { version } = outcome.departs;
        if (version !== undefined) {
          printLine(`jobs wait for a worker with version ${outcome.version}; this build has ${version}`);
        }
        printFollowUp(outcome, options);
      }),
    );
}

/** `passes=20 offset=[20,0]` as values by name. @throws MammoflowError `invalid-argument` for what sets nothing. */
export function parseAssignments(assignments: readonly string[]): Record<string, Json> {
  const values: Record<string, Json> = {};
  for (const assignment of assignments) {
    const [, name = '', text = ''] = /^([^=]+)=(.*)$/s.exec(assignment) ?? [];
    if (name === '') {
      throw new MammoflowError(
        'invalid-argument',
        `${JSON.stringify(assignment)} sets nothing.`,
        'Write <param>=<value>; `mammoflow stage list` shows the parameters.',
      );
    }
    values[name] = parseValue(text);
  }
  return values;
}

/** JSON where it is JSON, else the text itself, so that a name needs no quotes within quotes. */
function parseValue(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
