import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { ConsoleEvent } from '../../contract/events.js';
import { BINARY_PATHS, type RouteName } from '../../contract/paths.js';
import { EVENT_TYPES } from '../../contract/words.js';

/** Routes whose answers may be others after an event. */
const AFTER: Readonly<Record<Exclude<ConsoleEvent['type'], 'reset' | 'service'>, readonly RouteName[]>> = {
  branch: ['branches', 'commits', 'repos', 'items', 'item', 'diff', 'models', 'model', 'stages', 'exams'],
  results: ['exams', 'exam', 'examHistory', 'compare', 'compareExam', 'models'],
  job: ['jobs', 'job', 'jobExams', 'exams', 'status'],
  inbox: ['inbox', 'exams'],
};

/** Events that come in quick succession are one change. */
const GATHER_MS = 400;

export interface Live {
  /** Services that do not answer, and why. */
  readonly problems: ReadonlyMap<string, string>;
  /** Whether the console tells what changes. */
  readonly connected: boolean;
}

/** Follows what the console tells, and has answers asked for again that may have changed. */
export function useLive(): Live {
  const queries = useQueryClient();
  const [problems, setProblems] = useState<ReadonlyMap<string, string>>(new Map());
  const [connected, setConnected] = useState(true);

  useEffect(() => {
    const source = new EventSource(BINARY_PATHS.events[1]);
    let gathered = new Set<RouteName>();
    let everything = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tell = (): void => {
      timer = undefined;
      const [names, all] = [gathered, everything];
      gathered = new Set();
      everything = false;
      void queries.invalidateQueries({
        predicate: ({ queryKey: [name] }) => (all ? name !== 'session' : names.has(name as RouteName)),
      });
    };
    const heard = (message: MessageEvent<string>): void => {
      const event = { type: message.type, ...(JSON.parse(message.data) as object) } as ConsoleEvent;
      setConnected(true);
      if (event.type === 'service') {
        setProblems((before) => {
          const after = new Map(before);
          if (event.problem === null) after.delete(event.service);
          else after.set(event.service, event.problem);
          return after;
        });
        return;
      }
      if (event.type === 'reset') everything = true;
      else for (const name of AFTER[event.type]) gathered.add(name);
      timer ??= setTimeout(tell, GATHER_MS);
    };
    for (const type of EVENT_TYPES) source.addEventListener(type, heard);
    source.onopen = () => setConnected(true);
    source.onerror = () => {
      setConnected(false);
      // It may be that nobody is signed in any more: the session's answer tells.
      void queries.invalidateQueries({ queryKey: ['session'] });
    };
    return () => {
      source.close();
      clearTimeout(timer);
    };
  }, [queries]);

  return { problems, connected };
}
