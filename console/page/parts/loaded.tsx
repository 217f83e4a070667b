import type { ReactNode } from 'react';
import { Problem } from './problem.js';

interface Answer<T> {
  readonly data: T | undefined;
  readonly error: Error | null;
  readonly refetch: () => unknown;
}

/**
 * What a question's answer is shown with: until it is here, that it is waited for; what is wrong, above the last answer there
 * was.
 */
export function Loaded<T>({ of, children }: { of: Answer<T>; children: (data: T) => ReactNode }): ReactNode {
  return (
    <>
      {of.error && <Problem error={of.error} retry={() => of.refetch()} />}
      {of.data !== undefined && children(of.data)}
      {of.data === undefined && of.error === null && <p className="waiting">Loading…</p>}
    </>
  );
}
