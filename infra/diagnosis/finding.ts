/** One thing that was looked at. */
export interface Finding {
  readonly check: string;
  readonly outcome: 'ok' | 'warn' | 'fail';
  /** What was found, in one sentence or less. */
  readonly detail: string;
  /** What to do about it. */
  readonly next?: string;
}

export const ok = (check: string, detail: string): Finding => ({ check, outcome: 'ok', detail });
export const warn = (check: string, detail: string, next: string): Finding => ({
  check,
  outcome: 'warn',
  detail,
  next,
});
export const fail = (check: string, detail: string, next: string): Finding => ({
  check,
  outcome: 'fail',
  detail,
  next,
});
export const reasonOf = (error: unknown): string => (error as Error).message || (error as Error).name;
