import type { ModelRole } from '../../pipeline/bundle.js';
import { MammoflowError } from '../../pipeline/errors.js';
import type { LocalModel, StageInputs } from '../stage.js';

/**
 * The local model file of a role.
 * @throws MammoflowError `no-model` when the bundle in use has none.
 */
export function inputModel(inputs: StageInputs, role: ModelRole): LocalModel {
  const model = inputs.models[role];
  if (model !== undefined) return model;
  throw new MammoflowError('no-model', `The bundle in use has no ${role} network.`, 'Put a complete bundle.');
}
