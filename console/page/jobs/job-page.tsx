import type { ReactNode } from 'react';
import { PageHead } from '../parts/page-head.js';

export function JobPage({ job }: { job: string }): ReactNode {
  return <PageHead title={job} />;
}
