import type { ReactNode } from 'react';
import { PageHead } from '../parts/page-head.js';

export function InboxPage(): ReactNode {
  return <PageHead title={'InboxPage'} />;
}
