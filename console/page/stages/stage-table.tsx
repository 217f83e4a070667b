import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { StageRow } from '../../contract/stages.js';
import { count } from '../parts/figures.js';
import { Badge } from '../parts/state-badge.js';
import { useAddress } from '../parts/use-address.js';
import { asText, type Value } from './schema.js';
import { servedBy } from './served-by.js';

/** The stages in the order in which they run, with their parameters and who serves them. */
export function StageTable({ stages, chosen }: { stages: readonly StageRow[]; chosen: string | undefined }): ReactNode {
  const addressWith = useAddress();
  return (
    <section className="panel scrolls">
      <table className="stage-table">
        <thead>
          <tr>
            <th>stage</th>
            <th>version</th>
            <th>task queue</th>
            <th>served by</th>
            <th className="number">waits there</th>
            <th>parameters</th>
          </tr>
        </thead>
        <tbody>
          {stages.map((row) => {
            const { stage, version, queue, backlog, parameters, departs } = row;
            const { words, look } = servedBy(row);
            return (
              <tr key={stage}>
                <td>
                  <Link href={addressWith({ stage })} aria-current={stage === chosen ? 'true' : undefined}>
                    {stage}
                  </Link>
                </td>
                <td>
                  {version} {departs.version !== undefined && <Badge look="waiting">default {departs.version}</Badge>}
                </td>
                <td>
                  <code>{queue}</code>{' '}
                  {departs.queue !== undefined && <Badge look="waiting">default {departs.queue}</Badge>}
                </td>
                <td className={look === 'bad' ? 'ill' : undefined}>{words}</td>
                <td className="number">{backlog === null ? '–' : count(backlog)}</td>
                <td>
                  <ul className="parameters">
                    {Object.entries(parameters).map(([name, value]) => (
                      <li key={name}>
                        <span className="faint">{name}</span> {asText(value as Value)}
                        {Object.hasOwn(departs.parameters, name) && (
                          <>
                            {' '}
                            <Badge look="waiting">default {asText(departs.parameters[name] as Value)}</Badge>
                          </>
                        )}
                      </li>
                    ))}
                  </ul>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
