import type { ReactNode } from 'react';
import { ApiError } from '../../contract/client.js';

/** An error as it is told everywhere: what is wrong, and what to do next. */
export function Problem({
  error,
  retry,
  alone = false,
}: {
  error: Error;
  retry?: () => unknown;
  /** There is nothing else on the page. */
  alone?: boolean;
}): ReactNode {
  return (
    <div className={alone ? 'problem alone' : 'problem'} role="alert">
      <strong>{error.message}</strong>
      {error instanceof ApiError && error.next !== undefined && <span> {error.next}</span>}
      {retry !== undefined && (
        <button type="button" onClick={() => retry()}>
          Try again
        </button>
      )}
    </div>
  );
}
