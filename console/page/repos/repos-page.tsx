import type { ReactNode } from 'react';
import { PageHead } from '../parts/page-head.js';

export function ReposPage(): ReactNode {
  return <PageHead title={'ReposPage'} />;
}
