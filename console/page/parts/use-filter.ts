import { useSearchParams } from 'wouter';

/**
 * What a page's filter is: in its address, so that a link shows what its sender saw.
 *
 * @returns the address's values, and a function that sets some of them; undefined takes one out.
 */
export function useFilter(): [
  URLSearchParams,
  (values: Readonly<Record<string, string | readonly string[] | undefined>>) => void,
] {
  const [values, setValues] = useSearchParams();
  return [
    values,
    (changed) =>
      setValues(
        (before) => {
          const after = new URLSearchParams(before);
          for (const [name, value] of Object.entries(changed)) {
            after.delete(name);
            for (const one of typeof value === 'string' ? [value] : (value ?? []))
              if (one !== '') after.append(name, one);
          }
          return after;
        },
        { replace: true },
      ),
  ];
}
