import type { ModelRole } from '../../pipeline/bundle.js';

/** The checkpoints' names as NYU publishes them (PIPELINE.md 6). */
export const CHECKPOINT_FILES: Readonly<Record<ModelRole, string>> = {
  patch: 'sample_patch_model.p',
  image: 'sample_image_model.p',
  imageheatmaps: 'sample_imageheatmaps_model.p',
};
