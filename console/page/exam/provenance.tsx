import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { StageExplanation } from '../../contract/exams.js';
import { bytes, duration, Short, When } from '../parts/figures.js';
import { Badge } from '../parts/state-badge.js';

const LOOKS: Readonly<Record<StageExplanation['status'], string>> = {
  computed: 'good',
  skipped: 'gone',
  failed: 'bad',
  blocked: 'waiting',
};

/** What `explain` says: of each stage whether it ran, why, and from which bytes, model, parameters, code and worker. */
export const Provenance = ({ stages }: { stages: readonly StageExplanation[] }): ReactNode => (
  <section className="panel">
    <h2>How it came about</h2>
    {stages.length === 0 && <p>No stage has run for this state.</p>}
    {stages.map((stage) => (
      <details key={stage.stage} className="stage">
        <summary>
          <strong>{stage.stage}</strong> <Badge look={LOOKS[stage.status]}>{stage.status}</Badge>{' '}
          <span className="faint">
            {stage.why.join('; ')}
            {stage.seconds !== undefined && ` · ${duration(stage.seconds)}`}
          </span>
        </summary>
        <StageFacts stage={stage} />
      </details>
    ))}
  </section>
);

function StageFacts({ stage }: { stage: StageExplanation }): ReactNode {
  const facts: [string, ReactNode][] = [];
  if (stage.version !== undefined) facts.push(['Version', stage.version]);
  if (stage.datum !== undefined) facts.push(['Datum', <Short key="datum" id={stage.datum} />]);
  if (stage.finishedAt !== undefined) facts.push(['Finished', <When key="finished" time={stage.finishedAt} />]);
  if (stage.job !== undefined) {
    facts.push([
      'Job',
      <Link key="job" href={`/jobs/${encodeURIComponent(stage.job)}`}>
        <code>{stage.job}</code>
      </Link>,
    ]);
  }
  if (stage.temporal !== undefined) {
    facts.push([
      'Run',
      <a key="run" href={stage.temporal} target="_blank" rel="noreferrer">
        in Temporal
      </a>,
    ]);
  }
  if (stage.parameters !== undefined && Object.keys(stage.parameters).length > 0) {
    facts.push(['Parameters', <Named key="parameters" values={stage.parameters} />]);
  }
  if (stage.provenance !== undefined) facts.push(['Made by', <Named key="by" values={stage.provenance} />]);
  return (
    <>
      <dl className="facts">
        {facts.map(([word, what]) => (
          <Fact key={word} word={word}>
            {what}
          </Fact>
        ))}
      </dl>
      {stage.inputs.length > 0 && (
        <Bytes
          title="From"
          rows={stage.inputs.map(({ repo, path, sha256, versionId }) => ({
            what: `${repo}/${path}`,
            sha256,
            versionId,
          }))}
        />
      )}
      {stage.models.length > 0 && (
        <Bytes
          title="Model files"
          rows={stage.models.map(({ role, bundle, path, sha256, versionId }) => ({
            what: `${role}: ${bundle === undefined ? '' : `${bundle}/`}${path ?? ''}`,
            sha256,
            versionId,
          }))}
        />
      )}
      {stage.files.length > 0 && (
        <Bytes
          title="Files made"
          rows={stage.files.map(({ path, sha256, versionId, size }) => ({
            what: `${path}, ${bytes(size)}`,
            sha256,
            versionId,
          }))}
        />
      )}
    </>
  );
}

const Fact = ({ word, children }: { word: string; children: ReactNode }): ReactNode => (
  <>
    <dt>{word}</dt>
    <dd>{children}</dd>
  </>
);

/** Values by name, those of values too. */
function Named({ values }: { values: Readonly<Record<string, unknown>> }): ReactNode {
  return (
    <ul className="named">
      {Object.entries(values).map(([name, value]) => (
        <li key={name}>
          {name} <code>{typeof value === 'string' ? value : JSON.stringify(value)}</code>
        </li>
      ))}
    </ul>
  );
}

function Bytes({
  title,
  rows,
}: {
  title: string;
  rows: readonly { what: string; sha256: string; versionId?: string | undefined }[];
}): ReactNode {
  return (
    <>
      <h3>{title}</h3>
      <ul className="bytes">
        {rows.map(({ what, sha256, versionId }) => (
          <li key={`${what} ${sha256}`}>
            {what} <Short id={sha256} />
            {versionId !== undefined && (
              <span className="faint">
                {' '}
                version <code>{versionId}</code>
              </span>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
