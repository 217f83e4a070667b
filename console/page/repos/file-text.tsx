import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { readAnswer } from '../../contract/client.js';
import { Loaded } from '../parts/loaded.js';

/** Longer files are for an editor. */
const LONGEST_BYTES = 256_000;

/** Whether a file can be read on the page. */
export const isText = (path: string, size: number): boolean =>
  /\.(json|txt|md|csv)$/.test(path) && size <= LONGEST_BYTES;

/** A text file as it was committed. */
export function FileText({ path, address, id }: { path: string; address: string; id: string }): ReactNode {
  const text = useQuery({
    queryKey: ['file', address, id],
    queryFn: async ({ signal }) => {
      const response = await fetch(address, { credentials: 'same-origin', signal });
      if (!response.ok) await readAnswer(response);
      return response.text();
    },
  });
  return (
    <Loaded of={text}>
      {(content) => (
        <pre className="file-text" tabIndex={0} role="region" aria-label={path}>
          {content}
        </pre>
      )}
    </Loaded>
  );
}
