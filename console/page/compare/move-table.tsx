import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { Move } from '../../contract/compare.js';

/** Exams whose probability moved, each opened in both states. */
export function MoveTable({ moves, sides, none }: { moves: readonly Move[]; sides: string; none: string }): ReactNode {
  if (moves.length === 0) return <p className="faint">{none}</p>;
  return (
    <table>
      <thead>
        <tr>
          <th>exam</th>
          <th className="number">before</th>
          <th className="number">after</th>
          <th className="number">change</th>
        </tr>
      </thead>
      <tbody>
        {moves.map(({ exam, before, after, change }) => (
          <tr key={exam}>
            <td>
              <Link href={`/compare/${encodeURIComponent(exam)}?${sides}`}>{exam}</Link>
            </td>
            <td className="number">{before.toFixed(4)}</td>
            <td className="number">{after.toFixed(4)}</td>
            <td className={`number ${change > 0 ? 'change-up' : 'change-down'}`}>
              {change > 0 ? '+' : '−'}
              {Math.abs(change).toFixed(4)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
