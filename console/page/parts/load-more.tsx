import type { ReactNode } from 'react';

/** The end of a list that grows page by page. */
export function LoadMore({
  pages,
}: {
  pages: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
}): ReactNode {
  if (!pages.hasNextPage) return null;
  return (
    <button type="button" className="more" disabled={pages.isFetchingNextPage} onClick={() => pages.fetchNextPage()}>
      {pages.isFetchingNextPage ? 'Loading…' : 'Show more'}
    </button>
  );
}
