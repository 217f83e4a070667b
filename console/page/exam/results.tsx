import type { ReactNode } from 'react';
import { VARIANTS } from '../../../pipeline/labels.js';
import type { ExamRow, ExamView } from '../../contract/exams.js';
import { variantWord } from '../exams/words.js';
import { Probability } from '../parts/probability.js';
import { viewLabel } from '../viewer/hanging.js';

/** The right breast first: it hangs at the left. */
const BREASTS = ['right', 'left'] as const;
const CLASSES = ['malignant', 'benign'] as const;

/** The probabilities for each breast by each classifier, and what the checks of the pictures warn of. */
export function Results({ row, views }: { row: ExamRow; views: readonly ExamView[] }): ReactNode {
  const old = row.state === 'stale';
  const warnings = [...row.warnings, ...views.flatMap((view) => view.warnings)];
  const distinct = [
    ...new Map(warnings.map((one) => [`${one.code} ${one.view} ${one.message}`, one] as const)).values(),
  ];
  return (
    <>
      {row.image === null && row.imageheatmaps === null ? (
        <p>There are no results at this state.</p>
      ) : (
        BREASTS.map((breast) => (
          <table key={breast} className="breast">
            <caption>{breast} breast</caption>
            <thead>
              <tr>
                <th scope="col">Classifier</th>
                {CLASSES.map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {[...VARIANTS].reverse().map((variant) => (
                <tr key={variant}>
                  <th scope="row">{variantWord(variant)}</th>
                  {CLASSES.map((name) => (
                    <td key={name}>
                      <Probability value={row[variant]?.[`${breast}_${name}`]} old={old} />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        ))
      )}
      {distinct.length > 0 && (
        <section className="warnings">
          <h2>Warnings</h2>
          <ul>
            {distinct.map(({ code, view, message }) => (
              <li key={`${code} ${view} ${message}`}>
                {view && <strong>{viewLabel(view)} </strong>}
                {message} <code>{code}</code>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
