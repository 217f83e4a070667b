import type { ReactNode } from 'react';
import { PageHead } from '../parts/page-head.js';

export function ModelsPage(): ReactNode {
  return <PageHead title={'ModelsPage'} />;
}
