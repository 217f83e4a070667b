import { type ReactNode, useEffect } from 'react';

/** The title of a page, in the window's title as well, and what belongs beside it. */
export function PageHead({ title, children }: { title: string; children?: ReactNode }): ReactNode {
  useEffect(() => {
    document.title = `${title} · mammoflow`;
  }, [title]);
  return (
    <header className="page-head">
      <h1>{title}</h1>
      {children}
    </header>
  );
}
