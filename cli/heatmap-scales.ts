/** What a person has to know who looks at the pictures of `visualize_heatmaps`. */
export const HEATMAP_SCALES =
  'Look at <view>_absolute.png first: one fixed scale of probability. _benign.png and _malignant.png are scaled to their own extremes, so that a bright spot need not be a probable one.';
