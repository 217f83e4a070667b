import { useEffect, useMemo, useRef, useState } from 'react';
import type { HeatmapClass } from '../../../pipeline/heatmaps.js';
import type { View } from '../../../pipeline/views.js';
import type { Level } from '../../contract/binary.js';
import type { ExamView } from '../../contract/exams.js';
import { heatmapOf, type LoadedPicture, loadPicture } from './loaded-view.js';
import type { ProbabilityPlane } from './plane.js';
import { missingView, type Trouble, troubleOf } from './trouble.js';

export interface ViewState {
  readonly loaded?: LoadedPicture | undefined;
  readonly trouble?: Trouble | undefined;
}
export type Views = Readonly<Partial<Record<View, ViewState>>>;

/** What identifies what a view is made of: answers of the console are other objects each time. */
const filesOf = (exam: string, views: readonly ExamView[]): string =>
  JSON.stringify([
    exam,
    ...views.map(({ view, original, size }) => [view, original?.sha256, original?.versionId, size]),
  ]);

/** The pictures of an exam's views, each as it comes; and a function that asks again for what did not. */
export function usePictures(exam: string, views: readonly ExamView[]): [Views, () => void] {
  const [states, setStates] = useState<Views>({});
  const [round, setRound] = useState(0);
  const key = filesOf(exam, views);
  const latest = useRef(views);
  latest.current = views;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` and `round` say when to load; the views come by `latest`.
  useEffect(() => {
    const controller = new AbortController();
    setStates({});
    for (const one of latest.current) {
      const set = (state: ViewState): void => setStates((before) => ({ ...before, [one.view]: state }));
      if (one.original === null) {
        set({ trouble: missingView(one.view) });
        continue;
      }
      loadPicture(exam, one, { signal: controller.signal }, (loaded) => set({ loaded })).catch((error: unknown) => {
        if (!controller.signal.aborted) set({ trouble: troubleOf(error, 'picture', one.view) });
      });
    }
    return () => controller.abort();
  }, [key, round, exam]);
  return [states, () => setRound((before) => before + 1)];
}

export interface HeatmapState {
  readonly plane?: ProbabilityPlane | undefined;
  readonly trouble?: Trouble | undefined;
}
export type Heatmaps = Readonly<Partial<Record<View, HeatmapState>>>;

/**
 * The heatmaps of a class over an exam's views, at a level for each: while a finer one comes, the coarser stays.
 *
 * @param wanted undefined: none is shown.
 */
export function useHeatmaps(
  exam: string,
  views: readonly ExamView[],
  wanted: HeatmapClass | undefined,
  levels: Readonly<Partial<Record<View, Level>>>,
): [Heatmaps, () => void] {
  const [states, setStates] = useState<{ of: string; by: Heatmaps }>({ of: '', by: {} });
  const [round, setRound] = useState(0);
  const key = JSON.stringify([exam, wanted, ...views.map(({ view, heatmap }) => [view, heatmap?.sha256])]);
  const levelsKey = JSON.stringify(levels);
  const latest = useRef({ views, levels });
  latest.current = { views, levels };
  // biome-ignore lint/correctness/useExhaustiveDependencies: the keys say when to load; what to load comes by `latest`.
  useEffect(() => {
    if (wanted === undefined) return;
    const controller = new AbortController();
    for (const one of latest.current.views) {
      const level = latest.current.levels[one.view];
      if (level === undefined) continue;
      const set = (state: HeatmapState): void =>
        setStates(({ of, by }) => ({ of: key, by: { ...(of === key ? by : {}), [one.view]: state } }));
      if (one.heatmap === null) {
        set({ trouble: { title: 'No heatmap', message: 'There is none of this view at this state.', again: false } });
        continue;
      }
      if (one.crop === null) {
        const message = 'It is not known which part of the view it lies over: crop.json is missing or damaged.';
        set({ trouble: { title: 'Heatmap not shown', message, again: false } });
        continue;
      }
      heatmapOf(exam, one, wanted, level, { signal: controller.signal }).then(
        (plane) => set({ plane }),
        (error: unknown) => {
          if (!controller.signal.aborted) set({ trouble: troubleOf(error, 'heatmap', one.view) });
        },
      );
    }
    return () => controller.abort();
  }, [key, levelsKey, round, exam]);
  const shown = useMemo(() => (states.of === key ? states.by : {}), [states, key]);
  return [shown, () => setRound((before) => before + 1)];
}
