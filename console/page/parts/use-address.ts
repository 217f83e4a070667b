import { useLocation, useSearch } from 'wouter';

type Values = Readonly<Record<string, string | undefined>>;

/**
 * Addresses of the page that is open with some of its values changed, for links: going back leads to what was before.
 *
 * @returns a function that gives such an address; undefined takes a value out, and `path` leads to another page.
 */
export function useAddress(): (values: Values, path?: string) => string {
  const [here] = useLocation();
  const search = useSearch();
  return (values, path = here) => addressOf(path, values, search);
}

/** An address with values, without those that are undefined. */
export function addressOf(path: string, values: Values, search = ''): string {
  const all = new URLSearchParams(search);
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) all.delete(name);
    else all.set(name, value);
  }
  return all.size === 0 ? path : `${path}?${all}`;
}
