import { type ReactNode, useId } from 'react';
import { useApi } from '../api/queries.js';
import { useFilter } from './use-filter.js';

/**
 * Chooses the state that a page shows, in its address: a branch from the list, or a commit, `main~3` or a job that is typed.
 */
export function RefChoice({
  name = 'ref',
  label = 'State',
  usual = 'main',
}: {
  name?: string;
  label?: string;
  /** What is shown where nothing is chosen. */
  usual?: string;
}): ReactNode {
  const [address, set] = useFilter();
  const branches = useApi('branches');
  const list = useId();
  const value = address.get(name) ?? '';
  return (
    <form
      key={value}
      className="ref-choice"
      onSubmit={(event) => {
        event.preventDefault();
        const chosen = String(new FormData(event.currentTarget).get('ref') ?? '').trim();
        set({ [name]: chosen === '' || chosen === usual ? undefined : chosen });
      }}
    >
      <label>
        {label}{' '}
        <input
          name="ref"
          list={list}
          defaultValue={value}
          placeholder={usual}
          title="A branch, a commit, main~3, or a job that has ended. Enter shows it."
          onBlur={(event) => event.currentTarget.form?.requestSubmit()}
        />
      </label>
      <datalist id={list}>
        {branches.data?.items.map(({ branch }) => (
          <option key={branch} value={branch} />
        ))}
      </datalist>
    </form>
  );
}
