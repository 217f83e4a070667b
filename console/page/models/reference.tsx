import type { ReactNode } from 'react';
import type { ModelDetail } from '../../contract/models.js';
import { count } from '../parts/figures.js';
import { metricText } from './words.js';

const POSITIONS = ['CC', 'MLO'] as const;

/** What the pictures were like that a model was made or accepted on. Pictures that are not are warned of. */
export function Reference({ card: { reference } }: { card: ModelDetail['card'] }): ReactNode {
  if (reference === undefined) return null;
  const names = Object.keys(reference.pixels.CC);
  return (
    <section className="panel scrolls">
      <h2>What its pictures were like</h2>
      <p className="faint">
        Of {count(reference.exams)} exams: {reference.description}. Mean and standard deviation over their views, inside
        the breast; pictures that are far from this are warned of.
      </p>
      <table>
        <thead>
          <tr>
            <th>views</th>
            {names.map((name) => (
              <th key={name} className="number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {POSITIONS.map((position) => (
            <tr key={position}>
              <td>{position}</td>
              {Object.entries(reference.pixels[position]).map(([name, { mean, deviation }]) => (
                <td key={name} className="number">
                  {metricText(mean)} ± {metricText(deviation)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
