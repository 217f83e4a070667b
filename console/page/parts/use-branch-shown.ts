import { useApi } from '../api/queries.js';
import { useFilter } from './use-filter.js';

/** The branch that a page shows; undefined where it shows a commit, which nothing can change. */
export function useBranchShown(): string | undefined {
  const [address] = useFilter();
  const branches = useApi('branches');
  const shown = address.get('ref') ?? 'main';
  return shown === 'main' ? shown : branches.data?.items.find(({ branch }) => branch === shown)?.branch;
}
