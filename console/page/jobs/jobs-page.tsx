import type { ReactNode } from 'react';
import { PageHead } from '../parts/page-head.js';

export function JobsPage(): ReactNode {
  return <PageHead title={'JobsPage'} />;
}
