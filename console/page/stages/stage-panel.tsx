import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { StageRow } from '../../contract/stages.js';
import { count, When } from '../parts/figures.js';
import { addressOf } from '../parts/use-address.js';
import { useFilter } from '../parts/use-filter.js';
import { StageForm } from './stage-form.js';

/** One stage: what it reads, who serves it, and its settings. */
export function StagePanel({ of, branch }: { of: StageRow; branch: string | undefined }): ReactNode {
  const { stage, version, class: resource, queue, upstream, modelRoles, workers, backlog } = of;
  const [address] = useFilter();
  return (
    <section className="panel stage-panel" aria-label={stage}>
      <div>
        <h2>{stage}</h2>
        <dl className="facts">
          <dt>Reads</dt>
          <dd>{[...upstream, ...modelRoles.map((role) => `the network ${role}`)].join(', ')}</dd>
          <dt>Version</dt>
          <dd>{version}</dd>
          <dt>Runs on</dt>
          <dd>{resource}</dd>
          <dt>Task queue</dt>
          <dd>
            <code>{queue}</code>
          </dd>
          <dt>Waits there</dt>
          <dd>{backlog === null ? 'not known' : `${count(backlog)} ${backlog === 1 ? 'task' : 'tasks'}`}</dd>
          <dt>Output</dt>
          <dd>
            <Link href={addressOf(`/repos/${encodeURIComponent(stage)}`, { ref: address.get('ref') ?? undefined })}>
              Browse and download
            </Link>
          </dd>
        </dl>
        <h3>Workers</h3>
        {workers === null ? (
          <p className="faint">Temporal does not say who serves it.</p>
        ) : workers.length === 0 ? (
          <p className="trouble">
            No worker serves it. Its exams wait until one does: <code>mammoflow worker --role {resource}</code> starts
            one.
          </p>
        ) : (
          <ul className="workers">
            {workers.map(({ identity, lastSeen }) => (
              <li key={identity}>
                <code>{identity}</code>{' '}
                <span className="faint">
                  asked for work <When time={lastSeen} />
                </span>
              </li>
            ))}
          </ul>
        )}
      </div>
      <div>
        <h2>Settings</h2>
        <StageForm key={`${stage} ${JSON.stringify([of.parameters, queue, version])}`} of={of} branch={branch} />
      </div>
    </section>
  );
}
