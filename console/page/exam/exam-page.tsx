import type { ReactNode } from 'react';
import { PageHead } from '../parts/page-head.js';

export function ExamPage({ exam }: { exam: string }): ReactNode {
  return <PageHead title={exam} />;
}
