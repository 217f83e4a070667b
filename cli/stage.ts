import { Command } from 'commander';
import type { StageDefinition } from '../activities/stage.js';
import { stages } from '../activities/stages/index.js';
import { canonicalJson, type Json } from '../pipeline/canonical-json.js';
import { DEFAULT_BRANCH } from '../pipeline/commit.js';
import { MammoflowError } from '../pipeline/errors.js';
import { TASK_QUEUES } from '../pipeline/graph.js';
import { EMPTY_PIPELINE, type PipelineDocument } from '../pipeline/pipeline-document.js';
import { resolveGraph } from '../planning/resolve-graph.js';
import { readPipeline, writePipeline } from '../repos/pipeline-repo.js';
import { rootOf } from '../repos/repository.js';
import { type CommitOptions, type Committed, printFollowUp, startIfWanted } from './follow-up.js';
import { addCommitOptions, type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine, table } from './output.js';
import { author, requireHead, type Session, withSession } from './session.js';

type SetOptions = CommitOptions & {
  readonly queue?: string;
  readonly version?: string;
  readonly reset?: boolean;
};

type StageSettings = PipelineDocument['stages'][string];

/** A stage as the pipeline wants it. */
export interface StageRow {
  readonly stage: string;
  readonly version: string;
  readonly class: string;
  readonly queue: string;
  readonly parameters: Readonly<Record<string, Json>>;
  /** What of it departs from the defaults of this build, with those defaults. */
  readonly departs: {
    readonly version?: string;
    readonly queue?: string;
    readonly parameters: Readonly<Record<string, Json>>;
  };
}

/** What `mammoflow stage set --json` prints. */
export interface SetOutcome extends Committed, StageRow {}

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
    .addCommand(listCommand())
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
      withSession(options.data, async ({ repository }) => {
        const nothingYet = ref === DEFAULT_BRANCH && (await repository.head(DEFAULT_BRANCH)) === undefined;
        const rows = stageRows(
          nothingYet ? EMPTY_PIPELINE : await readPipeline(repository, await repository.resolve(ref, 'pipeline')),
        );
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

/** The stages as a pipeline wants them, in the order in which they run. */
export function stageRows(document: PipelineDocument): StageRow[] {
  return resolveGraph(stages, document).map((node) => {
    const definition = requireStage(node.name);
    const defaults = defaultsOf(definition);
    const queue = TASK_QUEUES[definition.resource];
    const parameters = node.parameters as Record<string, Json>;
    const departing = Object.entries(parameters).filter(
      ([name, value]) => canonicalJson(value) !== canonicalJson(defaults[name] ?? null),
    );
    return {
      stage: node.name,
      version: node.version,
      class: node.resource,
      queue: node.taskQueue,
      parameters,
      departs: {
        ...(node.version === definition.version ? {} : { version: definition.version }),
        ...(node.taskQueue === queue ? {} : { queue }),
        parameters: Object.fromEntries(departing.map(([name]) => [name, defaults[name] ?? null])),
      },
    };
  });
}

function setCommand(): Command {
  return addCommitOptions(
    new Command('set')
      .description("set a stage's parameters, task queue or version, in a commit")
      .argument('<stage>', stages.map(({ name }) => name).join(', '))
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
      withSession(options.data, async (session) => {
        const outcome = await setStage(session, stage, assignments, options);
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

/**
 * Sets a stage in the pipeline and starts the job that follows.
 * @throws MammoflowError `invalid-argument` naming what is allowed, before anything is committed.
 */
export async function setStage(
  session: Session,
  name: string,
  assignments: readonly string[],
  options: SetOptions,
): Promise<SetOutcome> {
  const { repository } = session;
  const definition = requireStage(name);
  const parameters = parseAssignments(definition, assignments);
  for (const [what, value] of Object.entries({ queue: options.queue, version: options.version })) {
    if (value !== undefined && !/^[A-Za-z0-9][A-Za-z0-9._+/-]{0,199}$/.test(value)) {
      throw new MammoflowError(
        'invalid-argument',
        `--${what} ${JSON.stringify(value)} will not do.`,
        'Use letters, digits, ".", "_", "+", "/" and "-".',
      );
    }
  }
  if (assignments.length === 0 && !options.queue && !options.version && !options.reset) {
    throw new MammoflowError(
      'invalid-argument',
      `Nothing to set for ${name} was given.`,
      `${takes(definition)} There are also --queue, --version and --reset.`,
    );
  }
  // A branch begins empty with its first commit, which is what a typing error in its name should not do.
  if (options.branch !== DEFAULT_BRANCH) await requireHead(repository, options.branch);
  let row: StageRow | undefined;
  const commit = await repository.commitOnto(
    options.branch,
    {
      author: author(),
      message: options.message ?? describe(name, assignments, options),
      by: { kind: 'stage' },
    },
    async (roots, sequence) => {
      const document = await readPipeline(repository, { roots });
      const before = options.reset === true ? {} : (document.stages[name] ?? {});
      const next = withSettings(document, name, merge(before, parameters, options));
      row = stageRows(next).find(({ stage }) => stage === name);
      if (canonicalJson(next as unknown as Json) === canonicalJson(document as unknown as Json)) return undefined;
      const pipeline = await writePipeline(repository, rootOf({ roots }, 'pipeline'), next, sequence);
      return { roots: { ...roots, pipeline } };
    },
  );
  const followUp = commit === undefined ? { job: null } : await startIfWanted(session, commit, options);
  return { ...(row as StageRow), commit: commit?.id ?? null, ...followUp };
}

function merge(before: StageSettings, parameters: Record<string, Json>, { queue, version }: SetOptions): StageSettings {
  const merged = { ...before.parameters, ...parameters } as StageSettings['parameters'];
  return {
    ...before,
    ...(merged === undefined || Object.keys(merged).length === 0 ? {} : { parameters: merged }),
    ...(queue === undefined ? {} : { taskQueue: queue }),
    ...(version === undefined ? {} : { version }),
  };
}

/** A stage without settings of its own has no entry, so that going back to the defaults gives the document from before. */
function withSettings(document: PipelineDocument, name: string, settings: StageSettings): PipelineDocument {
  const { [name]: _, ...others } = document.stages;
  return { ...document, stages: Object.keys(settings).length === 0 ? others : { ...others, [name]: settings } };
}

function describe(name: string, assignments: readonly string[], { queue, version, reset }: SetOptions): string {
  const parts = [
    ...(reset ? ['the defaults'] : []),
    ...assignments,
    ...(queue === undefined ? [] : [`queue ${queue}`]),
    ...(version === undefined ? [] : [`version ${version}`]),
  ];
  return `Set ${name} to ${parts.join(', ')}`;
}

function requireStage(name: string): StageDefinition {
  const definition = stages.find((stage) => stage.name === name);
  if (definition !== undefined) return definition;
  throw new MammoflowError(
    'invalid-argument',
    `There is no stage ${name}.`,
    `The stages are ${stages.map((stage) => stage.name).join(', ')}.`,
  );
}

const defaultsOf = (definition: StageDefinition): Record<string, Json> =>
  definition.parameters.parse({}) as Record<string, Json>;

/** What a stage can be given, for error messages. */
function takes(definition: StageDefinition): string {
  const parts = Object.entries(defaultsOf(definition)).map(
    ([name, value]) => `${name} (default ${canonicalJson(value)})`,
  );
  return `${definition.name} takes ${parts.join(', ') || 'no parameters'}.`;
}

/** @throws MammoflowError `invalid-argument` for an unknown parameter or a value that the stage's schema refuses. */
function parseAssignments(definition: StageDefinition, assignments: readonly string[]): Record<string, Json> {
  const defaults = defaultsOf(definition);
  const values: Record<string, Json> = {};
  for (const assignment of assignments) {
    const [, name = '', text = ''] = /^([^=]+)=(.*)$/s.exec(assignment) ?? [];
    if (name === '') {
      throw new MammoflowError(
        'invalid-argument',
        `${JSON.stringify(assignment)} sets nothing.`,
        `Write <param>=<value>. ${takes(definition)}`,
      );
    }
    if (!Object.hasOwn(defaults, name)) {
      throw new MammoflowError('invalid-argument', `${definition.name} has no parameter ${name}.`, takes(definition));
    }
    values[name] = parseValue(text);
  }
  const checked = definition.parameters.safeParse(values);
  if (checked.success) return values;
  const issue = checked.error.issues[0];
  const name = String(issue?.path[0] ?? '');
  throw new MammoflowError(
    'invalid-argument',
    `${definition.name} cannot take ${name}=${canonicalJson(values[name] ?? null)}: ${issue?.message}.`,
    takes(definition),
  );
}

/** JSON where it is JSON, else the text itself, so that a name needs no quotes within quotes. */
function parseValue(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
