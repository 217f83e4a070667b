import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { useAddress } from './use-address.js';
import { useFilter } from './use-filter.js';

/** Which of a page's sections is shown, in its address as `show`. The first is shown unless said. */
export function useSection<Name extends string>(names: readonly [Name, ...Name[]]): Name {
  const [address] = useFilter();
  return names.find((name) => name === address.get('show')) ?? names[0];
}

/** Links to the sections of a page. */
export function Sections<Name extends string>({
  of,
  words,
}: {
  of: readonly [Name, ...Name[]];
  words: Readonly<Record<Name, string>>;
}): ReactNode {
  const shown = useSection(of);
  const addressWith = useAddress();
  return (
    <nav className="sections" aria-label="Sections">
      {of.map((name) => (
        <Link
          key={name}
          href={addressWith({ show: name === of[0] ? undefined : name })}
          aria-current={name === shown ? 'page' : undefined}
        >
          {words[name]}
        </Link>
      ))}
    </nav>
  );
}
