import type { StageRun } from '../activities/dependencies.js';
import type { StageContext, StageResult } from '../activities/stage.js';
import { stageByName } from '../activities/stages/index.js';
import { MammoflowError } from '../pipeline/errors.js';

/**
 * Runs one registered stage on one datum in this thread.
 * @throws MammoflowError `stage-unavailable` when this build has no such stage, `invalid-argument` when the parameters
 *   do not fit it; and whatever the stage throws.
 */
export async function runStage(request: StageRun, context: Omit<StageContext, 'outputFolder'>): Promise<StageResult> {
  const stage = stageByName(request.stage);
  const parameters = stage.parameters.safeParse(request.parameters);
  if (!parameters.success) {
    const issues = parameters.error.issues.map((issue) => `${issue.path.join('.') || 'parameters'}: ${issue.message}`);
    throw new MammoflowError(
      'invalid-argument',
      `The parameters of stage ${request.stage} are not valid (${issues.join('; ')}).`,
      'Correct them with `mammoflow stage set`.',
    );
  }
  context.signal.throwIfAborted();
  return stage.run(request.inputs, parameters.data, { ...context, outputFolder: request.outputFolder });
}
