import type { ReactNode } from 'react';
import type { ModelRow } from '../../contract/models.js';
import { Badge } from '../parts/state-badge.js';

/** Whether exams use a bundle, and whether the state still has it. */
export function BundleState({ of: { state, current, uses } }: { of: ModelRow }): ReactNode {
  return (
    <>
      {current ? (
        <Badge look="good">for new exams</Badge>
      ) : uses.length > 0 ? (
        <Badge look="busy">for earlier exams</Badge>
      ) : (
        <Badge look="gone">not in use</Badge>
      )}
      {state !== 'present' && (
        <>
          {' '}
          <Badge look="waiting">{state}</Badge>
        </>
      )}
    </>
  );
}

/** How many exams use a bundle; undefined where that is not known. */
export const examsOf = ({ uses }: ModelRow): number | undefined =>
  uses.some(({ exams }) => exams === null) ? undefined : uses.reduce((sum, { exams }) => sum + (exams ?? 0), 0);
