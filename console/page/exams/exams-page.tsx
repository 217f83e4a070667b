import './exams.css';
import type { ReactNode } from 'react';
import { useSearch } from 'wouter';
import { LABELS, VARIANTS } from '../../../pipeline/labels.js';
import type { ExamState, ExamsQuery } from '../../contract/exams.js';
import { EXAM_SORTS, EXAM_STATES } from '../../contract/words.js';
import { useApi } from '../api/queries.js';
import { count } from '../parts/figures.js';
import { Loaded } from '../parts/loaded.js';
import { PageHead } from '../parts/page-head.js';
import { RefChoice } from '../parts/ref-choice.js';
import { stateWord } from '../parts/state-badge.js';
import { useFilter } from '../parts/use-filter.js';
import { ExamList } from './exam-list.js';
import { labelWord, SORT_WORDS, variantWord } from './words.js';

/** All exams of a state: filtered, sorted, and live. */
export function ExamsPage(): ReactNode {
  const filter = filterOf(new URLSearchParams(useSearch()));
  // The first rows also say how many there are, and of which states.
  const first = useApi('exams', { query: { ...filter, limit: 1 } }, { keep: true });
  return (
    <>
      <PageHead title="Exams">
        {first.data && <span className="faint">{count(first.data.total)}</span>}
        <div className="end">
          <RefChoice />
        </div>
      </PageHead>
      <Filter counts={first.data?.counts ?? {}} bundles={first.data?.bundles ?? []} />
      <Loaded of={first}>
        {({ total }) => (total === 0 ? <Nothing /> : <ExamList filter={filter} total={total} />)}
      </Loaded>
    </>
  );
}

/** The part of the exams' query that is in the address. What is no filter is left out. */
export function filterOf(address: URLSearchParams): ExamsQuery {
  const text = (name: string): string | undefined => address.get(name) ?? undefined;
  const oneOf = <T extends string>(words: readonly T[], name: string): T | undefined =>
    words.find((word) => word === address.get(name));
  const threshold = Number(address.get('threshold') ?? Number.NaN);
  const filter = {
    ref: text('ref'),
    job: text('job'),
    search: text('search'),
    bundle: text('bundle'),
    state: EXAM_STATES.filter((state) => address.getAll('state').includes(state)),
    threshold: threshold >= 0 && threshold <= 1 ? threshold : undefined,
    label: oneOf(LABELS, 'label'),
    variant: oneOf(VARIANTS, 'variant'),
    sort: oneOf(EXAM_SORTS, 'sort'),
  };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)) as ExamsQuery;
}

function Filter({
  counts,
  bundles,
}: {
  counts: Partial<Record<ExamState, number>>;
  bundles: readonly string[];
}): ReactNode {
  const [address, set] = useFilter();
  const chosen = address.getAll('state');
  const states = EXAM_STATES.filter((state) => (counts[state] ?? 0) > 0 || chosen.includes(state));
  return (
    <search>
      <div className="toolbar">
        <label>
          Search{' '}
          <input
            type="search"
            placeholder="part of an exam's id"
            defaultValue={address.get('search') ?? ''}
            onChange={({ target: { value } }) => set({ search: value })}
          />
        </label>
        <Choice name="sort" label="Sort" words={SORT_WORDS} usual="newest" />
        <Choice name="bundle" label="Bundle" words={Object.fromEntries([['', 'any'], ...bundles.map((b) => [b, b])])} />
        <Choice
          name="label"
          label="Label"
          words={Object.fromEntries([['', 'any'], ...LABELS.map((l) => [l, labelWord(l)])])}
        />
        <Choice
          name="variant"
          label="Classifier"
          words={Object.fromEntries(VARIANTS.map((v) => [v, variantWord(v)]))}
          usual="imageheatmaps"
        />
        <label>
          At least{' '}
          <input
            type="number"
            min={0}
            max={1}
            step={0.05}
            placeholder="0 to 1"
            defaultValue={address.get('threshold') ?? ''}
            onChange={({ target: { value } }) => set({ threshold: value })}
          />
        </label>
        {address.get('job') !== null && (
          <button type="button" onClick={() => set({ job: undefined })}>
            of job {address.get('job')} ×
          </button>
        )}
      </div>
      <div className="toolbar choices" role="group" aria-label="States">
        {states.map((state) => (
          <button
            key={state}
            type="button"
            aria-pressed={chosen.includes(state)}
            onClick={() =>
              set({ state: chosen.includes(state) ? chosen.filter((one) => one !== state) : [...chosen, state] })
            }
          >
            {stateWord(state)} {count(counts[state] ?? 0)}
          </button>
        ))}
      </div>
    </search>
  );
}

function Choice({
  name,
  label,
  words,
  usual = '',
}: {
  name: string;
  label: string;
  words: Readonly<Record<string, string>>;
  usual?: string;
}): ReactNode {
  const [address, set] = useFilter();
  return (
    <label>
      {label}{' '}
      <select
        value={address.get(name) ?? usual}
        onChange={({ target: { value } }) => set({ [name]: value === usual ? undefined : value })}
      >
        {Object.entries(words).map(([value, word]) => (
          <option key={value} value={value}>
            {word}
          </option>
        ))}
      </select>
    </label>
  );
}

function Nothing(): ReactNode {
  const filtered = useSearch() !== '';
  return (
    <div className="panel empty">
      {filtered ? (
        <p>No exam is like that.</p>
      ) : (
        <p>
          There are no exams yet. Drop a folder on the <a href="/inbox">inbox</a>, or use{' '}
          <code>mammoflow put exams FOLDER</code>.
        </p>
      )}
    </div>
  );
}
