import './models.css';
import { type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import type { ModelDetail } from '../../contract/models.js';
import { useApi } from '../api/queries.js';
import { count, Short, When } from '../parts/figures.js';
import { Loaded } from '../parts/loaded.js';
import { PageHead } from '../parts/page-head.js';
import { RefChoice } from '../parts/ref-choice.js';
import { RoleButton } from '../parts/role-button.js';
import { addressOf } from '../parts/use-address.js';
import { useBranchShown } from '../parts/use-branch-shown.js';
import { useFilter } from '../parts/use-filter.js';
import { BundleState } from './bundle-state.js';
import { Networks } from './networks.js';
import { Reference } from './reference.js';
import { UseModel } from './use-model.js';
import { metricText, metricWord } from './words.js';

/** One bundle: what it says of itself, how good it is, and which exams use it. */
export function ModelPage({ bundle }: { bundle: string }): ReactNode {
  const [address] = useFilter();
  const ref = address.get('ref') ?? undefined;
  const model = useApi('model', { params: { bundle }, query: ref === undefined ? {} : { ref } });
  const branch = useBranchShown();
  const [asked, setAsked] = useState(false);
  return (
    <>
      <PageHead title={bundle}>
        {model.data && (
          <span>
            <BundleState of={model.data} />
          </span>
        )}
        <Link href={addressOf('/models', { ref })}>All models</Link>
        <div className="end">
          <RefChoice />
          {branch !== undefined && model.data && (
            <RoleButton needs="administer" onClick={() => setAsked(true)}>
              Use…
            </RoleButton>
          )}
        </div>
      </PageHead>
      <Loaded of={model}>
        {(detail) => (
          <>
            <Card of={detail} at={ref} />
            <div className="model-columns">
              <Metrics of={detail} />
              <Uses of={detail} at={ref} />
            </div>
            <Networks card={detail.card} />
            <Reference card={detail.card} />
          </>
        )}
      </Loaded>
      {asked && branch !== undefined && <UseModel bundle={bundle} branch={branch} close={() => setAsked(false)} />}
    </>
  );
}

function Card({
  of: { bundle, card, commit, sequence, time },
  at,
}: {
  of: ModelDetail;
  at: string | undefined;
}): ReactNode {
  return (
    <section className="panel">
      {card.notice !== undefined && <p className="warning">{card.notice}</p>}
      <p>{card.description}</p>
      <dl className="facts">
        <dt>Intended use</dt>
        <dd>{card.intendedUse}</dd>
        <dt>Licence</dt>
        <dd>{card.licence}</dd>
        <dt>Committed</dt>
        <dd>
          {commit === null ? (
            <span className="faint">not known</span>
          ) : (
            <>
              <When time={time} /> in commit {sequence} <Short id={commit} />
            </>
          )}
        </dd>
        <dt>Files</dt>
        <dd>
          <Link href={addressOf('/repos/models', { item: bundle, ref: at })}>Browse and download</Link>
        </dd>
      </dl>
    </section>
  );
}

function Metrics({ of: { metrics } }: { of: ModelDetail }): ReactNode {
  const all = Object.entries(metrics);
  return (
    <section className="panel">
      <h2>Metrics</h2>
      {all.length === 0 ? (
        <p className="faint">
          Its card gives none. They are what whoever made it measured, on exams that the card names.
        </p>
      ) : (
        <table>
          <thead>
            <tr>
              <th>metric, as its maker gives it</th>
              <th className="number">value</th>
            </tr>
          </thead>
          <tbody>
            {all.map(([name, value]) => (
              <tr key={name}>
                <td>{metricWord(name)}</td>
                <td className="number">{metricText(value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Uses({ of: { bundle, uses }, at }: { of: ModelDetail; at: string | undefined }): ReactNode {
  return (
    <section className="panel">
      <h2>In use</h2>
      {uses.length === 0 ? (
        <p className="faint">No exam of this state uses it. “Use…” says what that would compute, and asks.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th>for exams that changed in commits</th>
              <th className="number">since</th>
              <th className="number">exams</th>
            </tr>
          </thead>
          <tbody>
            {uses.map(({ fromSequence, untilSequence, since, exams }) => (
              <tr key={fromSequence}>
                <td>
                  {untilSequence === undefined
                    ? `${fromSequence} and later`
                    : `${fromSequence} to ${untilSequence - 1}`}
                </td>
                <td className="number">
                  <When time={since} />
                </td>
                <td className="number">
                  {exams === null ? '–' : <Link href={addressOf('/exams', { bundle, ref: at })}>{count(exams)}</Link>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
