/** A metric's name as people read it: names are the bundle's own, such as `malignant_auc_image`. */
export const metricWord = (name: string): string => name.replaceAll('_', ' ').replace(/\bauc\b/g, 'AUC');

/** A metric as it is told: whole numbers as they are, others with four digits. */
export const metricText = (value: number): string =>
  Number.isInteger(value) ? String(value) : value.toPrecision(4).replace(/0+$/, '');
