import { canonicalJson, type Json } from '../../pipeline/canonical-json.js';
import { DEFAULT_BRANCH } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { TASK_QUEUES } from '../../pipeline/graph.js';
import { EMPTY_PIPELINE, type PipelineDocument } from '../../pipeline/pipeline-document.js';
import type { StageDeclaration } from '../../pipeline/stage.js';
import { resolveGraph } from '../../planning/resolve-graph.js';
import { readPipeline } from '../../repos/pipeline-repo.js';
import type { Session } from '../session.js';

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

/**
 * The stages as the pipeline of a commit wants them, in the order in which they run; this build's defaults before the
 * first commit.
 *
 * @throws MammoflowError `unknown-reference`, or `invalid-pipeline` for a pipeline that this build cannot run.
 * @example
 * for (const { stage, version, parameters } of await mammoflow.stages()) console.log(stage, version, parameters);
 */
export async function stages(session: Session, { ref = DEFAULT_BRANCH }: { ref?: string } = {}): Promise<StageRow[]> {
  const { repository } = session;
  const nothingYet = ref === DEFAULT_BRANCH && (await repository.head(DEFAULT_BRANCH)) === undefined;
  const document = nothingYet
    ? EMPTY_PIPELINE
    : await readPipeline(repository, await repository.resolve(ref, 'pipeline'));
  return stageRows(await session.stages(), document);
}

/** The stages as a pipeline wants them, in the order in which they run. */
export function stageRows(stages: readonly StageDeclaration[], document: PipelineDocument): StageRow[] {
  return resolveGraph(stages, document).map((node) => {
    const definition = requireStage(stages, node.name);
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

/** @throws MammoflowError `invalid-argument` naming the stages that there are. */
export function requireStage(stages: readonly StageDeclaration[], name: string): StageDeclaration {
  const definition = stages.find((stage) => stage.name === name);
  if (definition !== undefined) return definition;
  throw new MammoflowError(
    'invalid-argument',
    `There is no stage ${name}.`,
    `The stages are ${stages.map((stage) => stage.name).join(', ')}.`,
  );
}

/** The parameters of a stage as this build has them. */
export const defaultsOf = (definition: StageDeclaration): Record<string, Json> =>
  definition.parameters.parse({}) as Record<string, Json>;
