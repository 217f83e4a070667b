import type { Label, Variant } from '../../../pipeline/labels.js';
import type { EXAM_SORTS } from '../../contract/words.js';

/** Orders of the exams as people read them. */
export const SORT_WORDS: Readonly<Record<(typeof EXAM_SORTS)[number], string>> = {
  newest: 'newest first',
  oldest: 'oldest first',
  failed: 'failed first',
  exam: 'by id',
  highest: 'highest probability',
  lowest: 'lowest probability',
};

const LABEL_WORDS: Readonly<Record<Label, string>> = {
  left_benign: 'left benign',
  right_benign: 'right benign',
  left_malignant: 'left malignant',
  right_malignant: 'right malignant',
};
export const labelWord = (label: Label): string => LABEL_WORDS[label];

/** The two classifiers as people read them. */
export const variantWord = (variant: Variant): string => (variant === 'image' ? 'image only' : 'image and heatmaps');
