import { MammoflowError } from '../pipeline/errors.js';
import { orderStages, type StageGraph, type StageNode, TASK_QUEUES } from '../pipeline/graph.js';
import type { PipelineDocument } from '../pipeline/pipeline-document.js';
import type { StageDeclaration } from '../pipeline/stage.js';

/**
 * The stages as the pipeline document wants them: its parameters over the defaults, its queues and versions.
 * @throws MammoflowError `invalid-pipeline` when a parameter is wrong, the document names a stage that does not exist,
 *   or the stages cannot be ordered.
 */
export function resolveGraph(definitions: readonly StageDeclaration[], document: PipelineDocument): StageGraph {
  for (const name of Object.keys(document.stages)) {
    if (!definitions.some((definition) => definition.name === name)) {
      throw new MammoflowError(
        'invalid-pipeline',
        `The pipeline sets parameters of a stage ${name}, which this build does not have.`,
        `Its stages are ${definitions.map((definition) => definition.name).join(', ')}.`,
      );
    }
  }
  return orderStages(
    withGates(
      definitions,
      definitions.map((definition) => resolveStage(definition, document)),
    ),
  );
}

/**
 * Has the stages of class `gpu` wait for every gate that does not itself need what they write, and those that write what is warned
 * of for the gates that read nothing else than they do.
 */
function withGates(definitions: readonly StageDeclaration[], nodes: readonly StageNode[]): StageNode[] {
  const upstreamOf = (name: string): string[] => {
    const upstream = nodes.find((node) => node.name === name)?.upstream ?? [];
    return [...upstream, ...upstream.flatMap(upstreamOf)];
  };
  const gates = definitions.flatMap(({ name, gate, upstream }) =>
    gate === true ? [{ name, needs: upstreamOf(name), reads: upstream }] : [],
  );
  return nodes.map((node) => {
    const others = gates.filter(({ name, needs }) => name !== node.name && !needs.includes(node.name));
    const isTold = node.labels?.includes('warnings') === true;
    const after = others.filter(
      ({ reads }) =>
        node.resource === 'gpu' || (isTold && reads.every((repo) => ['exams', ...node.upstream].includes(repo))),
    );
    if (after.length === 0) return node;
    return { ...node, after: after.map(({ name }) => name) };
  });
}

function resolveStage(definition: StageDeclaration, document: PipelineDocument): StageNode {
  const settings = document.stages[definition.name] ?? {};
  const parameters = definition.parameters.safeParse(settings.parameters ?? {});
  if (!parameters.success) {
    const issue = parameters.error.issues[0];
    throw new MammoflowError(
      'invalid-pipeline',
      `Stage ${definition.name} cannot take its parameters: ${issue?.path.join('.') || 'they'}: ${issue?.message}.`,
      'Correct the pipeline document.',
    );
  }
  return {
    name: definition.name,
    version: settings.version ?? definition.version,
    resource: definition.resource,
    taskQueue: settings.taskQueue ?? TASK_QUEUES[definition.resource],
    upstream: [...definition.upstream],
    modelRoles: [...definition.modelRoles],
    ...(definition.labels === undefined ? {} : { labels: [...definition.labels] }),
    parameters: parameters.data as StageNode['parameters'],
  };
}
