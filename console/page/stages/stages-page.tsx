import type { ReactNode } from 'react';
import { PageHead } from '../parts/page-head.js';

export function StagesPage(): ReactNode {
  return <PageHead title={'StagesPage'} />;
}
