import './compare.css';
import type { FormEvent, ReactNode } from 'react';
import { useSearch } from 'wouter';
import { LABELS, type Label, VARIANTS, type Variant } from '../../../pipeline/labels.js';
import type { ConsoleComparison } from '../../contract/compare.js';
import { useApi } from '../api/queries.js';
import { labelWord, variantWord } from '../exams/words.js';
import { count, Short, When } from '../parts/figures.js';
import { Loaded } from '../parts/loaded.js';
import { PageHead } from '../parts/page-head.js';
import { useFilter } from '../parts/use-filter.js';
import { ChangeHistogram } from './change-histogram.js';
import { MoveTable } from './move-table.js';
import { Scatter } from './scatter.js';

/** What is compared, as the address says it. */
interface Compared {
  readonly before: string;
  readonly after: string;
  readonly label?: Label;
  readonly variant?: Variant;
  readonly threshold?: number;
}

/** How predictions moved between two states: of all exams. */
export function ComparePage(): ReactNode {
  const query = queryOf(new URLSearchParams(useSearch()));
  return (
    <>
      <PageHead title="Compare" />
      <Choice query={query} />
      {query.before === '' || query.after === '' ? (
        <div className="panel empty">
          <p>
            Choose two states: a branch, a commit, <code>main~1</code>, a job that has ended, or{' '}
            <code>bundle:NAME</code> for the last state in which a bundle was in use.
          </p>
        </div>
      ) : (
        <Comparing query={query} />
      )}
    </>
  );
}

function queryOf(address: URLSearchParams): Compared {
  const label = LABELS.find((name) => name === address.get('label'));
  const variant = VARIANTS.find((name) => name === address.get('variant'));
  const threshold = address.get('threshold');
  return {
    before: address.get('before') ?? '',
    after: address.get('after') ?? (address.get('before') === null ? '' : 'main'),
    ...(label === undefined ? {} : { label }),
    ...(variant === undefined ? {} : { variant }),
    ...(threshold === null || !(Number(threshold) >= 0 && Number(threshold) <= 1)
      ? {}
      : { threshold: Number(threshold) }),
  };
}

function Choice({ query }: { query: Compared }): ReactNode {
  const [, set] = useFilter();
  const branches = useApi('branches');
  const models = useApi('models', {});
  const commits = useApi('commits', { query: { withoutResults: 'true', limit: 20 } });
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    set({ before: String(form.get('before') ?? '').trim(), after: String(form.get('after') ?? '').trim() });
  }
  return (
    <>
      <form className="compare-choice" onSubmit={submit} key={`${query.before} ${query.after}`}>
        <label>
          Before <input name="before" list="states" required defaultValue={query.before} placeholder="main~1" />
        </label>
        <label>
          After <input name="after" list="states" required defaultValue={query.after || 'main'} />
        </label>
        <button type="submit" className="primary">
          Compare
        </button>
        <datalist id="states">
          {branches.data?.items.map(({ branch }) => (
            <option key={branch} value={branch} />
          ))}
          {models.data?.items.map(({ bundle }) => (
            <option key={bundle} value={`bundle:${bundle}`} />
          ))}
          {commits.data?.items.map(({ commit, message }) => (
            <option key={commit} value={commit}>
              {message}
            </option>
          ))}
        </datalist>
      </form>
      <div className="toolbar">
        <label>
          Label{' '}
          <select value={query.label ?? 'left_malignant'} onChange={({ target: { value } }) => set({ label: value })}>
            {LABELS.map((label) => (
              <option key={label} value={label}>
                {labelWord(label)}
              </option>
            ))}
          </select>
        </label>
        <label>
          Classifier{' '}
          <select
            value={query.variant ?? 'imageheatmaps'}
            onChange={({ target: { value } }) => set({ variant: value })}
          >
            {VARIANTS.map((variant) => (
              <option key={variant} value={variant}>
                {variantWord(variant)}
              </option>
            ))}
          </select>
        </label>
        <label>
          Threshold{' '}
          <input
            type="number"
            min={0}
            max={1}
            step={0.05}
            defaultValue={query.threshold ?? 0.5}
            onChange={({ target: { value } }) => set({ threshold: value })}
          />
        </label>
      </div>
    </>
  );
}

function Comparing({ query }: { query: Compared }): ReactNode {
  const comparison = useApi('compare', { query }, { keep: true });
  const sides = new URLSearchParams({ before: query.before, after: query.after }).toString();
  return <Loaded of={comparison}>{(data) => <Comparison of={data} query={query} sides={sides} />}</Loaded>;
}

function Comparison({ of, query, sides }: { of: ConsoleComparison; query: Compared; sides: string }): ReactNode {
  const { label = 'left_malignant', variant = 'imageheatmaps', threshold = 0.5 } = query;
  const chosen = of.distributions.find((one) => one.label === label && one.variant === variant);
  return (
    <>
      <dl className="figures">
        <Figure word="before">
          <Short id={of.before.commit} />, <When time={of.before.time} />
        </Figure>
        <Figure word="after">
          <Short id={of.after.commit} />, <When time={of.after.time} />
        </Figure>
        <Figure word="differ">{count(of.differ)}</Figure>
        <Figure word="equal">{count(of.equal)}</Figure>
        <Figure word="only before">{count(of.onlyBefore)}</Figure>
        <Figure word="only after">{count(of.onlyAfter)}</Figure>
        <Figure word="without predictions on a side">{count(of.uncompared.count)}</Figure>
      </dl>
      {of.bundles.length > 0 && (
        <p className="faint">
          {of.bundles.map(({ before, after, exams }) => `${count(exams)} from ${before} to ${after}`).join(' · ')}
        </p>
      )}
      {of.differ === 0 ? (
        <div className="panel empty">
          <p>
            {of.equal === 0
              ? 'The two states have no exam in common that has predictions in both.'
              : 'Every prediction that both states have is the same.'}
          </p>
        </div>
      ) : (
        <>
          <div className="charts">
            <section className="panel">
              <h2>{labelWord(label)}, before and after</h2>
              <Scatter points={of.points} threshold={threshold} sides={sides} />
              {of.points.of > of.points.exams.length && (
                <p className="chart-note">
                  {count(of.points.exams.length)} of {count(of.points.of)} are drawn, the greatest movers among them.
                </p>
              )}
            </section>
            <section className="panel">
              <h2>How far it moved</h2>
              {chosen && <ChangeHistogram signed={chosen.signed} />}
              {chosen && (
                <dl className="figures">
                  <Figure word="mean change">{figure(chosen.mean)}</Figure>
                  <Figure word="median">{figure(chosen.median)}</Figure>
                  <Figure word="90 % between">
                    {figure(chosen.p5)} and {figure(chosen.p95)}
                  </Figure>
                  <Figure word="greatest">{figure(chosen.greatest)}</Figure>
                  <Figure word={`crossed ${threshold} upwards`}>{count(chosen.crossing.up)}</Figure>
                  <Figure word="downwards">{count(chosen.crossing.down)}</Figure>
                </dl>
              )}
            </section>
          </div>
          <div className="columns">
            <section className="panel">
              <h2>Greatest movers</h2>
              <MoveTable moves={of.movers} sides={sides} none="Nothing moved." />
            </section>
            <section className="panel">
              <h2>Crossed {threshold}</h2>
              <MoveTable moves={of.crossings} sides={sides} none={`No exam crossed ${threshold}.`} />
            </section>
          </div>
        </>
      )}
      {of.uncompared.count > 0 && <Uncompared of={of.uncompared} />}
    </>
  );
}

const figure = (value: number | undefined): string => (value === undefined ? '–' : value.toFixed(4));

const Figure = ({ word, children }: { word: string; children: ReactNode }): ReactNode => (
  <div>
    <dt>{word}</dt>
    <dd>{children}</dd>
  </div>
);

function Uncompared({ of: { count: all, items } }: { of: ConsoleComparison['uncompared'] }): ReactNode {
  return (
    <section className="panel">
      <h2>Without predictions on a side</h2>
      <table>
        <thead>
          <tr>
            <th>exam</th>
            <th>before</th>
            <th>after</th>
          </tr>
        </thead>
        <tbody>
          {items.map(({ exam, before = 'has predictions', after = 'has predictions' }) => (
            <tr key={exam}>
              <td>{exam}</td>
              <td>{before}</td>
              <td>{after}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {all > items.length && <p className="faint">and {count(all - items.length)} more</p>}
    </section>
  );
}
