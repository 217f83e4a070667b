import './viewer.css';
import { type ReactNode, useCallback, useMemo, useRef, useState } from 'react';
import { VIEWS, type View } from '../../../pipeline/views.js';
import { LEVELS, type Level } from '../../contract/binary.js';
import type { ExamView } from '../../contract/exams.js';
import { DIFFERENCE_MAP, PROBABILITY_MAPS } from './colour-map.js';
import { Legend, OverlayBar, PictureButtons, Toggle, WindowControls } from './controls.js';
import { differenceOf } from './difference.js';
import type { Hung } from './geometry.js';
import { hungAs, READING_ORDER, spokenView, viewLabel } from './hanging.js';
import { ViewerHelp } from './help.js';
import type { Command } from './keys.js';
import { FIRST_LOOKS, inverted, type Looks, lookedAt, preset, windowed } from './looks.js';
import { FIRST_OVERLAY, type OverlaySettings, otherClass } from './overlay-settings.js';
import { probabilityText } from './probability-text.js';
import { type Caption, savePicture } from './save-picture.js';
import type { Overlay, PainterPath } from './scene.js';
import type { Trouble } from './trouble.js';
import { useHeatmaps, usePictures } from './use-views.js';
import { Viewport, type ViewportHandle, type ViewportRequests, windowText } from './viewport.js';
import { presetWindow, type Window } from './window-level.js';

/** The three viewports: two states, and what is between them. */
const PANES = ['before', 'after', 'difference'] as const;
type Pane = (typeof PANES)[number];

const TITLES: Readonly<Record<Pane, string>> = { before: 'before', after: 'after', difference: 'change' };

/** Differences smaller than this share of the scale's limit are not drawn. */
const LEAST = 1 / 20;
/** Heatmaps are compared at this level or a finer one, so that both have the same. */
const COARSEST_HEATMAP = 3;

interface Props {
  readonly exam: string;
  /** The views at both states; none where the state has no such exam. */
  readonly before: readonly ExamView[];
  readonly after: readonly ExamView[];
  /** The scale of differences goes from minus this to this: the same for all views and both classes. */
  readonly limit: number;
  /** Why heatmaps cannot be compared, for views where they cannot. */
  readonly reasons: ReadonlyMap<View, string>;
  /** Written on what is saved. */
  readonly origin: readonly string[];
  readonly path?: PainterPath | undefined;
}

/** One view of an exam at two states, and how its heatmap differs; all three are looked at in the same place. */
export function DifferenceViews({ exam, before, after, limit, reasons, origin, path }: Props): ReactNode {
  const [view, setView] = useState<View>(READING_ORDER[0] as View);
  const [looks, setLooks] = useState<Looks>(FIRST_LOOKS);
  const [overlay, setOverlay] = useState<OverlaySettings>({ ...FIRST_OVERLAY, on: true });
  const [alone, setAlone] = useState<Pane>();
  const [loupe, setLoupe] = useState(false);
  const [help, setHelp] = useState(false);
  const [said, setSaid] = useState('');
  const [level, setLevel] = useState<Level>(COARSEST_HEATMAP);
  const levels = useMemo(() => ({ [view]: level }), [view, level]);
  const chosenBefore = useMemo(() => before.filter((one) => one.view === view), [before, view]);
  const chosenAfter = useMemo(() => after.filter((one) => one.view === view), [after, view]);
  const [picturesBefore, againBefore] = usePictures(exam, chosenBefore);
  const [picturesAfter, againAfter] = usePictures(exam, chosenAfter);
  const [heatBefore, heatAgainBefore] = useHeatmaps(exam, chosenBefore, overlay.class, levels);
  const [heatAfter, heatAgainAfter] = useHeatmaps(exam, chosenAfter, overlay.class, levels);
  const active = useRef<Pane>('after');
  const starts = useRef<Readonly<Record<string, Window>>>({});
  const handles = useRef({
    before: { current: null as ViewportHandle | null },
    after: { current: null as ViewportHandle | null },
    difference: { current: null as ViewportHandle | null },
  }).current;
  const sides = { before: chosenBefore[0], after: chosenAfter[0], difference: chosenAfter[0] };
  const states = { before: picturesBefore[view], after: picturesAfter[view], difference: picturesAfter[view] };
  const planes = { before: heatBefore[view]?.plane, after: heatAfter[view]?.plane };

  const difference = useMemo(
    () => (planes.before && planes.after ? differenceOf(planes.before, planes.after) : undefined),
    [planes.before, planes.after],
  );
  const overlays: Readonly<Record<Pane, Overlay | undefined>> = {
    before: useOverlay(overlay.on ? planes.before : undefined, sides.before?.crop, overlay),
    after: useOverlay(overlay.on ? planes.after : undefined, sides.after?.crop, overlay),
    difference: useDifferenceOverlay(
      overlay.on ? difference : undefined,
      sides.after?.crop,
      overlay.opacity,
      limit,
      LEAST * limit,
    ),
  };
  const hung: Readonly<Record<Pane, Hung | undefined>> = {
    before: useHung(view, states.before?.loaded?.picture, sides.before?.mirror),
    after: useHung(view, states.after?.loaded?.picture, sides.after?.mirror),
    difference: useHung(view, states.after?.loaded?.picture, sides.after?.mirror),
  };
  // The newer state's window for all three: what looks brighter is brighter.
  const histogram = (states.after?.loaded ?? states.before?.loaded)?.histogram;
  const ofPreset = useMemo(() => histogram && presetWindow(looks.preset, histogram), [looks.preset, histogram]);
  const windowOf = (pane: Pane): Window | undefined => looks.each[pane]?.window ?? ofPreset;

  const notes: Readonly<Record<Pane, Trouble | undefined>> = {
    before: heatBefore[view]?.trouble,
    after: heatAfter[view]?.trouble,
    difference: differenceTrouble(reasons.get(view), planes.before && planes.after && !difference),
  };

  function ask(command: Command, pane = active.current): void {
    switch (command.kind) {
      case 'preset':
        setLooks((now) => preset(now, command.preset));
        break;
      case 'invert':
        setLooks(inverted);
        break;
      case 'overlay':
        setOverlay((now) => ({ ...now, on: !now.on }));
        setSaid(overlay.on ? 'heatmaps off' : 'heatmaps on');
        break;
      case 'class':
        setOverlay((now) => ({ ...now, on: true, class: otherClass(now.class) }));
        setSaid(`heatmaps of ${otherClass(overlay.class)}`);
        break;
      case 'loupe':
        setLoupe((now) => !now);
        break;
      case 'alone':
        setAlone((now) => (now === undefined ? pane : undefined));
        break;
      case 'reset':
        setLooks(FIRST_LOOKS);
        setOverlay((now) => ({ ...FIRST_OVERLAY, on: true, class: now.class }));
        setLoupe(false);
        setAlone(undefined);
        break;
      case 'save':
        save(pane);
        break;
      case 'help':
        setHelp(true);
        break;
      default:
    }
  }

  function save(pane: Pane): void {
    const drawn = handles[pane].current?.drawn();
    if (drawn === undefined) return;
    const caption: Caption = {
      title: `${exam} ${viewLabel(view)}: ${TITLES[pane]}`,
      lines: [...origin, `window ${windowText(drawn.scene.window)}`],
      legend:
        pane === 'difference'
          ? `change of the probability ${overlay.class}, −${limit} to +${limit}`
          : `probability ${overlay.class}, 0 to 1, shown from ${overlay.threshold.toFixed(2)} up`,
    };
    savePicture(`${exam}-${view}-${pane}.png`, drawn, [], caption).then(
      () => setSaid('saved'),
      (error: unknown) => setSaid(`Not saved: ${(error as Error).message}`),
    );
  }

  const tellLevel = useCallback((found: number) => {
    setLevel(LEVELS.find((one) => one === Math.min(COARSEST_HEATMAP, found)) ?? 0);
  }, []);
  const requestsOf = (pane: Pane): ViewportRequests => ({
    camera: (camera) => setLooks((now) => lookedAt(now, pane, camera, PANES, hung)),
    dragWindow: (dx, dy, begins) => {
      if (begins) {
        starts.current = Object.fromEntries(
          PANES.flatMap((one) => {
            const window = windowOf(one);
            return window === undefined ? [] : [[one, window]];
          }),
        );
        return;
      }
      const { current } = starts;
      setLooks((now) => windowed(now, current, dx, dy));
    },
    command: (command) => ask(command, pane),
    level: tellLevel,
    focus: () => {
      active.current = pane;
    },
  });
  const retry = (): void => {
    for (const again of [againBefore, againAfter, heatAgainBefore, heatAgainAfter]) again();
  };

  return (
    <section className="viewer" aria-label="Views at both states">
      <div className="viewer-bar">
        <label>
          View{' '}
          <select
            value={view}
            onChange={({ target: { value } }) => {
              setView(VIEWS.find((one) => one === value) ?? view);
              setLooks((now) => ({ ...now, each: {} }));
            }}
          >
            {READING_ORDER.map((one) => (
              <option key={one} value={one}>
                {viewLabel(one)}
              </option>
            ))}
          </select>
        </label>
        <WindowControls preset={looks.preset} inverted={looks.inverted} ask={ask} />
        <span className="gap" />
        <Toggle pressed={loupe} letter="L" onClick={() => ask({ kind: 'loupe' })}>
          Loupe
        </Toggle>
        <Toggle pressed={alone !== undefined} letter="Enter" onClick={() => ask({ kind: 'alone' })}>
          Alone
        </Toggle>
        <PictureButtons ask={ask} />
      </div>
      <OverlayBar word="Heatmaps" settings={overlay} set={setOverlay} ask={ask}>
        <Legend map={DIFFERENCE_MAP} low={-limit} high={limit} threshold={LEAST * limit} title="Change" />
      </OverlayBar>
      <div className={alone === undefined ? 'hanging three' : 'hanging alone'}>
        {PANES.filter((pane) => alone === undefined || alone === pane).map((pane) => {
          const loaded = states[pane]?.loaded;
          const shownHung = hung[pane];
          const window = windowOf(pane);
          const laid = overlays[pane];
          return (
            <div key={pane} className="hung">
              <Viewport
                label={`${viewLabel(view)} ${TITLES[pane]}`}
                description={`${TITLES[pane]}. ${viewLabel(view)}: ${spokenView(view)}. ${
                  laid ? `Heatmap of ${overlay.class} shown.` : 'No heatmap shown.'
                } Question mark for keys.`}
                shown={
                  loaded && shownHung && window
                    ? {
                        picture: loaded.picture,
                        hung: shownHung,
                        camera: looks.each[pane]?.camera,
                        window,
                        inverted: looks.inverted,
                        overlay: laid,
                      }
                    : undefined
                }
                trouble={loaded ? undefined : sides[pane] === undefined ? noExam(pane) : states[pane]?.trouble}
                note={notes[pane]}
                retry={retry}
                loupe={loupe}
                path={path}
                on={requestsOf(pane)}
                handle={handles[pane]}
                saysOf={(row, column) =>
                  laid && probabilityText(laid, pane === 'difference' ? 'change' : overlay.class, row, column)
                }
              />
            </div>
          );
        })}
      </div>
      <p className="said" role="status">
        {said}
      </p>
      {help && <ViewerHelp close={() => setHelp(false)} />}
    </section>
  );
}

function useHung(view: View, picture: { rows: number; columns: number } | undefined, mirror = false): Hung | undefined {
  return useMemo(() => picture && hungAs(view, picture, mirror), [view, picture, mirror]);
}

function useOverlay(
  plane: Overlay['plane'] | undefined,
  crop: ExamView['crop'] | undefined,
  { class: name, threshold, opacity }: OverlaySettings,
): Overlay | undefined {
  return useMemo(
    () =>
      plane && crop
        ? { ...placeOf(crop), plane, map: PROBABILITY_MAPS[name], low: 0, high: 1, threshold, opacity }
        : undefined,
    [plane, crop, name, threshold, opacity],
  );
}

function useDifferenceOverlay(
  plane: Overlay['plane'] | undefined,
  crop: ExamView['crop'] | undefined,
  opacity: number,
  limit: number,
  threshold: number,
): Overlay | undefined {
  return useMemo(
    () =>
      plane && crop
        ? { ...placeOf(crop), plane, map: DIFFERENCE_MAP, low: -limit, high: limit, threshold, opacity }
        : undefined,
    [plane, crop, opacity, limit, threshold],
  );
}

const placeOf = ({ top, bottom, left, right }: NonNullable<ExamView['crop']>) => ({
  top,
  left,
  rows: bottom - top,
  columns: right - left,
});

const noExam = (pane: Pane): Trouble => ({
  title: 'No such exam',
  message: `The state ${pane === 'before' ? 'before' : 'after'} has no exam of this name.`,
  again: false,
});

function differenceTrouble(reason: string | undefined, sizesDiffer: boolean | undefined): Trouble | undefined {
  const message =
    reason ?? (sizesDiffer ? 'The heatmaps have different sizes: the view was cropped otherwise.' : undefined);
  return message === undefined ? undefined : { title: 'Not compared', message, again: false };
}
