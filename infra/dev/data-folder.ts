/** Under the current folder unless `--data` or `MAMMOFLOW_DATA` say otherwise. */
export const DEFAULT_DATA_FOLDER = '.mammoflow';
