import './models.css';
import { type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import type { ModelRow } from '../../contract/models.js';
import { useApi } from '../api/queries.js';
import { count, When } from '../parts/figures.js';
import { Loaded } from '../parts/loaded.js';
import { Empty, NothingYet, useNothingYet } from '../parts/nothing-yet.js';
import { PageHead } from '../parts/page-head.js';
import { RefChoice } from '../parts/ref-choice.js';
import { RoleButton } from '../parts/role-button.js';
import { addressOf } from '../parts/use-address.js';
import { useBranchShown } from '../parts/use-branch-shown.js';
import { useFilter } from '../parts/use-filter.js';
import { BundleState, examsOf } from './bundle-state.js';
import { UseModel } from './use-model.js';
import { metricText, metricWord } from './words.js';

/** Metrics that have room in a row; the others are on the bundle's page. */
const METRICS_SHOWN = 3;

/** The bundles of a state: which are in use, since when and for how many exams, and how good they are. */
export function ModelsPage(): ReactNode {
  const [address] = useFilter();
  const ref = address.get('ref') ?? 'main';
  const models = useApi('models', { query: { ref } }, { keep: true });
  const nothing = useNothingYet(models.error);
  return (
    <>
      <PageHead title="Models">
        <div className="end">
          <RefChoice />
        </div>
      </PageHead>
      {nothing ? (
        <NothingYet />
      ) : (
        <Loaded of={models}>
          {({ items }) => (items.length === 0 ? <NoModels /> : <ModelTable models={items} />)}
        </Loaded>
      )}
    </>
  );
}

function ModelTable({ models }: { models: readonly ModelRow[] }): ReactNode {
  const [address] = useFilter();
  const ref = address.get('ref') ?? undefined;
  const branch = useBranchShown();
  const [asked, setAsked] = useState<string>();
  return (
    <div className="panel scrolls">
      <table className="models">
        <thead>
          <tr>
            <th>bundle</th>
            <th>in use</th>
            <th className="number">since</th>
            <th className="number">exams</th>
            <th>metrics, as its maker gives them</th>
            <th className="number">committed</th>
            <th>
              <span className="unseen">actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {models.map((model) => {
            const { bundle, state, current, uses, time, metrics, notice } = model;
            const exams = examsOf(model);
            return (
              <tr key={`${bundle} ${state}`}>
                <td>
                  <Link href={addressOf(`/models/${encodeURIComponent(bundle)}`, { ref })}>{bundle}</Link>
                  {notice !== undefined && <p className="warning">{notice}</p>}
                </td>
                <td>
                  <BundleState of={model} />
                </td>
                <td className="number">
                  <When time={uses.at(-1)?.since} />
                </td>
                <td className="number">
                  {exams === undefined || exams === 0 ? (
                    (exams ?? '–')
                  ) : (
                    <Link href={addressOf('/exams', { bundle, ref })}>{count(exams)}</Link>
                  )}
                </td>
                <td>
                  <Metrics of={metrics} />
                </td>
                <td className="number">
                  <When time={time} />
                </td>
                <td className="actions">
                  {state === 'present' && branch !== undefined && (!current || models.length > 1) && (
                    <RoleButton needs="administer" label={`Use ${bundle}`} onClick={() => setAsked(bundle)}>
                      Use…
                    </RoleButton>
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {asked !== undefined && branch !== undefined && (
        <UseModel bundle={asked} branch={branch} close={() => setAsked(undefined)} />
      )}
    </div>
  );
}

function Metrics({ of }: { of: ModelRow['metrics'] }): ReactNode {
  const all = Object.entries(of);
  if (all.length === 0) return <span className="faint">none given</span>;
  return (
    <>
      <dl className="metrics">
        {all.slice(0, METRICS_SHOWN).map(([name, value]) => (
          <div key={name}>
            <dt>{metricWord(name)}</dt>
            <dd>{metricText(value)}</dd>
          </div>
        ))}
      </dl>
      {all.length > METRICS_SHOWN && <span className="faint">and {all.length - METRICS_SHOWN} more</span>}
    </>
  );
}

const NoModels = (): ReactNode => (
  <Empty>
    <p>There is no model bundle at this state, so nothing can be computed.</p>
    <p>
      <code>mammoflow put models FOLDER</code> commits one, and <code>mammoflow models import nyu FOLDER</code> makes
      one of NYU's checkpoints.
    </p>
  </Empty>
);
