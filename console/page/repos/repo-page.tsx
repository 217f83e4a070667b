import type { ReactNode } from 'react';
import { PageHead } from '../parts/page-head.js';

export function RepoPage({ repo }: { repo: string }): ReactNode {
  return <PageHead title={repo} />;
}
