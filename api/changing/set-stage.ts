import { canonicalJson, type Json } from '../../pipeline/canonical-json.js';
import { DEFAULT_BRANCH } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import type { PipelineDocument } from '../../pipeline/pipeline-document.js';
import type { StageDeclaration } from '../../pipeline/stage.js';
import { readPipeline, writePipeline } from '../../repos/pipeline-repo.js';
import { rootOf } from '../../repos/repository.js';
import { defaultsOf, requireStage, type StageRow, stageRows } from '../reading/stages.js';
import { requireHead, type Session } from '../session.js';
import { type CommitOptions, type Committed, NO_JOB, sinceHead, startIfWanted } from './follow-up.js';

export interface SetStageOptions extends CommitOptions {
  readonly stage: string;
  /** What is not named stays as it is. */
  readonly parameters?: Readonly<Record<string, Json>>;
  /** The task queue that workers of this stage serve. */
  readonly queue?: string | undefined;
  /** The version of the stage that is wanted; jobs wait for a worker that has it. */
  readonly version?: string | undefined;
  /** First go back to the defaults. */
  readonly reset?: boolean | undefined;
}

export interface SetStageOutcome extends Committed, StageRow {}

type StageSettings = PipelineDocument['stages'][string];

/**
 * Sets a stage's parameters, task queue or version in a commit, and starts the job that follows. Exams whose results were
 * made otherwise are processed again: the stage itself, and those after it for exams where its output changed.
 *
 * @throws MammoflowError `invalid-argument` naming what is allowed, before anything is committed.
 * @example
 * await mammoflow.setStage({ stage: 'classify', parameters: { passes: 20 } });
 */
export async function setStage(session: Session, options: SetStageOptions): Promise<SetStageOutcome> {
  const { author } = session;
  const repository = sinceHead(session.repository, options.head);
  const stages = await session.stages();
  const { stage: name, parameters = {}, branch = DEFAULT_BRANCH } = options;
  const definition = requireStage(stages, name);
  checkParameters(definition, parameters);
  for (const [what, value] of Object.entries({ queue: options.queue, version: options.version })) {
    if (value !== undefined && !/^[A-Za-z0-9][A-Za-z0-9._+/-]{0,199}$/.test(value)) {
      throw new MammoflowError(
        'invalid-argument',
        `--${what} ${JSON.stringify(value)} will not do.`,
        'Use letters, digits, ".", "_", "+", "/" and "-".',
      );
    }
  }
  if (Object.keys(parameters).length === 0 && !options.queue && !options.version && !options.reset) {
    throw new MammoflowError(
      'invalid-argument',
      `Nothing to set for ${name} was given.`,
      `${takes(definition)} There are also --queue, --version and --reset.`,
    );
  }
  // A branch begins empty with its first commit, which is what a typing error in its name should not do.
  if (branch !== DEFAULT_BRANCH) await requireHead(repository, branch);
  let row: StageRow | undefined;
  const commit = await repository.commitOnto(
    branch,
    { author, message: options.message ?? describe(options), by: { kind: 'stage' } },
    async (roots, sequence) => {
      const document = await readPipeline(repository, { roots });
      const before = options.reset === true ? {} : (document.stages[name] ?? {});
      const next = withSettings(document, name, merge(before, parameters, options));
      row = stageRows(stages, next).find(({ stage }) => stage === name);
      if (canonicalJson(next as unknown as Json) === canonicalJson(document as unknown as Json)) return undefined;
      const pipeline = await writePipeline(repository, rootOf({ roots }, 'pipeline'), next, sequence);
      return { roots: { ...roots, pipeline } };
    },
  );
  const followUp = commit === undefined ? NO_JOB : await startIfWanted(session, commit, options);
  return { ...(row as StageRow), commit: commit?.id ?? null, ...followUp };
}

function merge(
  before: StageSettings,
  parameters: Readonly<Record<string, Json>>,
  { queue, version }: SetStageOptions,
): StageSettings {
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

function describe({ stage, parameters = {}, queue, version, reset }: SetStageOptions): string {
  const parts = [
    ...(reset ? ['the defaults'] : []),
    ...Object.entries(parameters).map(
      ([name, value]) => `${name}=${typeof value === 'string' ? value : canonicalJson(value)}`,
    ),
    ...(queue === undefined ? [] : [`queue ${queue}`]),
    ...(version === undefined ? [] : [`version ${version}`]),
  ];
  return `Set ${stage} to ${parts.join(', ')}`;
}

/** What a stage can be given, for error messages. */
function takes(definition: StageDeclaration): string {
  const parts = Object.entries(defaultsOf(definition)).map(
    ([name, value]) => `${name} (default ${canonicalJson(value)})`,
  );
  return `${definition.name} takes ${parts.join(', ') || 'no parameters'}.`;
}

/** @throws MammoflowError `invalid-argument` for an unknown parameter or a value that the stage's schema refuses. */
function checkParameters(definition: StageDeclaration, values: Readonly<Record<string, Json>>): void {
  const defaults = defaultsOf(definition);
  for (const name of Object.keys(values)) {
    if (Object.hasOwn(defaults, name)) continue;
    throw new MammoflowError('invalid-argument', `${definition.name} has no parameter ${name}.`, takes(definition));
  }
  const checked = definition.parameters.safeParse(values);
  if (checked.success) return;
  const issue = checked.error.issues[0];
  const name = String(issue?.path[0] ?? '');
  throw new MammoflowError(
    'invalid-argument',
    `${definition.name} cannot take ${name}=${canonicalJson(values[name] ?? null)}: ${issue?.message}.`,
    takes(definition),
  );
}
