import type { ReactNode } from 'react';
import { PageHead } from '../parts/page-head.js';

export function ComparePage(): ReactNode {
  return <PageHead title={'ComparePage'} />;
}
