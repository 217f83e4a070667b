import type { ReactNode } from 'react';
import { ApiError } from '../../contract/client.js';
import { useFilter } from './use-filter.js';

/** What is shown where there would be something, with how it comes there. */
export const Empty = ({ children }: { children: ReactNode }): ReactNode => (
  <div className="panel empty">{children}</div>
);

/** Whether an answer says that nothing was ever committed, which is no error of whoever asked for `main`. */
export function useNothingYet(error: Error | null): boolean {
  const [address] = useFilter();
  return error instanceof ApiError && error.code === 'unknown-reference' && !address.has('ref');
}

/** What is shown before the first commit. */
export const NothingYet = (): ReactNode => (
  <Empty>
    <p>Nothing is committed yet.</p>
    <p>
      Drop a folder of exams on the <a href="/inbox">inbox</a>, or use <code>mammoflow put exams FOLDER</code> and{' '}
      <code>mammoflow put models FOLDER</code>.
    </p>
  </Empty>
);
