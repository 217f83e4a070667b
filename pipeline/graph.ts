import { z } from 'zod';
import { modelRoleSchema } from './bundle.js';
import { MammoflowError } from './errors.js';

/** The kind of machine a stage needs; each has a task queue of its own so that the two scale apart. */
export const resourceClassSchema = z.enum(['cpu', 'gpu']);
export type ResourceClass = z.infer<typeof resourceClassSchema>;

export const TASK_QUEUES = {
  workflow: 'mammoflow-workflow',
  cpu: 'mammoflow-cpu',
  gpu: 'mammoflow-gpu',
} as const;

export const stageNameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,62}$/, 'a stage name is lower-case letters, digits and "_"');

/**
 * What a stage may depend on that is no file: the name of the bundle that applies to the exam, and the quality checks that
 * a person lets the exam pass, and the reference of the bundle as canonical JSON (nothing where it has none): of pictures, and
 * of how the patch network answers to them. `warnings`: what stages that look at the pictures warn of; they come before it.
 * `pixels`: the policies for the pixels of the devices that an exam's objects come from, as canonical JSON by device.
 */
export const stageLabelSchema = z.enum(['bundle', 'accepted', 'reference', 'response', 'warnings', 'pixels']);
export type StageLabel = z.infer<typeof stageLabelSchema>;

const jsonValue = z.json();

/**
 * One stage as data: everything the workflow and the planner need to know of it. Workflows interpret these and never
 * import stage code, so a changed stage cannot break the replay of a running history.
 */
export const stageNodeSchema = z.object({
  name: stageNameSchema,
  version: z.string().min(1),
  resource: resourceClassSchema,
  taskQueue: z.string().min(1),
  /** Repos this stage reads, `exams` or other stages, in the order in which it was declared. */
  upstream: z.array(z.string()).min(1),
  modelRoles: z.array(modelRoleSchema),
  /**
   * Stages that must have succeeded before this one starts although it reads nothing of theirs: gates. What it writes
   * does not depend on them, so they are no part of any datum key. Absent in plans of builds before there were gates.
   */
  after: z.array(stageNameSchema).optional(),
  labels: z.array(stageLabelSchema).optional(),
  parameters: z.record(z.string(), jsonValue),
});
export type StageNode = z.infer<typeof stageNodeSchema>;

/** Stages in an order in which every stage follows those it reads. */
export const stageGraphSchema = z.array(stageNodeSchema).min(1);
export type StageGraph = z.infer<typeof stageGraphSchema>;

/** The upstream stages of a stage: its upstream repos without `exams`. */
export const upstreamStages = (node: StageNode): string[] => node.upstream.filter((repo) => repo !== 'exams');

/** The stages that must have succeeded before a stage starts: those it reads, and its gates. */
export const precedingStages = (node: StageNode): string[] => [...upstreamStages(node), ...(node.after ?? [])];

/**
 * Sorts stages so that each follows the stages it reads and its gates; stages that could go in either order keep the one given.
 * @throws MammoflowError `invalid-pipeline` for a doubled name, an unknown upstream or a cycle.
 */
export function orderStages(nodes: readonly StageNode[]): StageGraph {
  const names = new Set(nodes.map((node) => node.name));
  if (names.size !== nodes.length) throw new MammoflowError('invalid-pipeline', 'Two stages have the same name.');
  for (const node of nodes) {
    for (const upstream of upstreamStages(node)) {
      if (!names.has(upstream)) {
        throw new MammoflowError('invalid-pipeline', `Stage ${node.name} reads ${upstream}, which is no stage.`);
      }
    }
  }
  const ordered: StageNode[] = [];
  const placed = new Set<string>();
  while (ordered.length < nodes.length) {
    const next = nodes.find(
      (node) => !placed.has(node.name) && precedingStages(node).every((name) => placed.has(name)),
    );
    if (next === undefined) {
      const rest = nodes.filter((node) => !placed.has(node.name)).map((node) => node.name);
      throw new MammoflowError('invalid-pipeline', `The stages ${rest.join(', ')} wait for each other in a circle.`);
    }
    ordered.push(next);
    placed.add(next.name);
  }
  return ordered;
}
