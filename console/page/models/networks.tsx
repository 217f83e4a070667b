import type { ReactNode } from 'react';
import type { ModelDetail } from '../../contract/models.js';
import { Short } from '../parts/figures.js';

type Card = ModelDetail['card'];
type Tensor = Card['files']['image']['inputs'][number];

const ROLES = {
  patch: 'heatmaps: a patch at a time',
  image: 'classifier: image only',
  imageheatmaps: 'classifier: image and heatmaps',
} as const;

/** The networks of a bundle: what goes in, and what comes out. */
export function Networks({ card: { files, sources } }: { card: Card }): ReactNode {
  return (
    <section className="panel scrolls">
      <h2>Networks</h2>
      <table>
        <thead>
          <tr>
            <th>network</th>
            <th>file</th>
            <th>SHA-256</th>
            <th>standardised over</th>
            <th>in</th>
            <th>out</th>
          </tr>
        </thead>
        <tbody>
          {(Object.keys(ROLES) as (keyof typeof ROLES)[]).map((role) => {
            const { path, sha256, inputs, outputs, preprocessing } = files[role];
            return (
              <tr key={role}>
                <td>
                  {role} <span className="faint">{ROLES[role]}</span>
                </td>
                <td>{path}</td>
                <td>
                  <Short id={sha256} />
                </td>
                <td>{preprocessing.standardise === 'whole-image' ? 'the whole view' : 'the window'}</td>
                <td>
                  <Tensors of={inputs} />
                </td>
                <td>
                  <Tensors of={outputs} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {sources !== undefined && (
        <>
          <h3>Converted from</h3>
          <ul>
            {sources.map(({ role, file, sha256 }) => (
              <li key={`${role} ${file}`}>
                {role}: {file} <Short id={sha256} />
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

const Tensors = ({ of }: { of: readonly Tensor[] }): ReactNode => (
  <ul className="tensors">
    {of.map(({ name, shape }) => (
      <li key={name}>
        {name} <span className="faint">{shape.map((size) => size ?? 'n').join(' × ')}</span>
      </li>
    ))}
  </ul>
);
