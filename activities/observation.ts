/** What came of one attempt at a datum, for whoever watches a worker. Nothing in it tells of an exam. */
export interface DatumObservation {
  readonly stage: string;
  readonly bundle: string;
  /** `skipped`: there was a record. `failed`: the exam's own fault. `retried`: it is tried again. */
  readonly outcome: 'computed' | 'skipped' | 'failed' | 'retried';
  /** Of a computed datum. */
  readonly seconds?: { readonly fetching: number; readonly computing: number; readonly storing: number };
  /** Of a computed datum: its input files, wherever they came from, and what it stored. */
  readonly bytes?: { readonly input: number; readonly output: number };
}

export type ObserveDatum = (observation: DatumObservation) => void;
