import type { StageDefinition } from '../activities/stage.js';
import { stages } from '../activities/stages/index.js';
import { MammoflowError } from '../pipeline/errors.js';

/** What a worker was told to serve. */
export interface ServedStages {
  readonly role: readonly string[];
  readonly stage?: readonly string[];
  readonly queue?: string;
}

/**
 * The stages that --stage names; undefined for all of them.
 * @throws MammoflowError `invalid-argument` when role, stages and queue do not go together.
 */
export function servedStages({
  role: roles,
  stage: names,
  queue,
}: ServedStages): readonly StageDefinition[] | undefined {
  if (queue === undefined && names === undefined) return undefined;
  const [role] = roles;
  if (roles.length !== 1 || role === 'workflow' || role === 'delivery') {
    throw new MammoflowError(
      'invalid-argument',
      '--stage and --queue are for a worker of one role, cpu or gpu.',
      'Start one worker for each role.',
    );
  }
  if (names === undefined) return undefined;
  if (queue === undefined) {
    throw new MammoflowError(
      'invalid-argument',
      `On the queue that all ${role} stages share, a worker would be given the other stages too.`,
      'Give --queue <name>, and send the stage there with `mammoflow stage set <stage> --queue <name>`.',
    );
  }
  return names.map((name) => {
    const stage = stages.find((candidate) => candidate.name === name);
    if (stage !== undefined && stage.resource === role) return stage;
    const fitting = stages.filter(({ resource }) => resource === role).map((candidate) => candidate.name);
    throw new MammoflowError(
      'invalid-argument',
      stage === undefined
        ? `There is no stage ${name}.`
        : `Stage ${name} needs a worker of the role ${stage.resource}.`,
      `The stages of the role ${role} are ${fitting.join(', ')}.`,
    );
  });
}
