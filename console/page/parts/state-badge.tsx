import type { ReactNode } from 'react';
import type { ExamState } from '../../contract/exams.js';

/** How states of exams are called, and how they look: `good`, `busy`, `waiting`, `bad` or `gone`. */
const STATES: Readonly<Record<ExamState, readonly [word: string, look: string]>> = {
  incomplete: ['waiting for a view', 'waiting'],
  arriving: ['arriving', 'busy'],
  refused: ['refused', 'bad'],
  queued: ['queued', 'waiting'],
  running: ['running', 'busy'],
  done: ['done', 'good'],
  failed: ['failed', 'bad'],
  stale: ['stale', 'waiting'],
  damaged: ['damaged', 'bad'],
  erased: ['erased', 'gone'],
};

export const stateWord = (state: ExamState): string => STATES[state][0];

/** The state of an exam, with the stage where one is known. */
export function StateBadge({ state, stage }: { state: ExamState; stage?: string | undefined }): ReactNode {
  const [word, look] = STATES[state];
  const where = stage === undefined ? '' : state === 'failed' ? ` at ${stage}` : `: ${stage}`;
  return (
    <Badge look={look}>
      {word}
      {where}
    </Badge>
  );
}

/** A word in a coloured frame. The word says it; the colour only helps to find it. */
export const Badge = ({ look, children }: { look: string; children: ReactNode }): ReactNode => (
  <span className={`badge ${look}`}>{children}</span>
);
