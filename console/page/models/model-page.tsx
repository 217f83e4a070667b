import type { ReactNode } from 'react';
import { PageHead } from '../parts/page-head.js';

export function ModelPage({ bundle }: { bundle: string }): ReactNode {
  return <PageHead title={bundle} />;
}
