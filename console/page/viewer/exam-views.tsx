import './viewer.css';
import { type ReactNode, type RefObject, useCallback, useMemo, useRef, useState } from 'react';
import { VIEWS, type View } from '../../../pipeline/views.js';
import { LEVELS, type Level } from '../../contract/binary.js';
import type { ExamView } from '../../contract/exams.js';
import { PROBABILITY_MAPS } from './colour-map.js';
import { OverlayBar, PictureButtons, Toggle, WindowControls } from './controls.js';
import type { Hung } from './geometry.js';
import { HANGING, hungAs, partnerOf, READING_ORDER, spokenView, viewLabel } from './hanging.js';
import { ViewerHelp } from './help.js';
import type { Command } from './keys.js';
import { FIRST_LOOKS, inverted, type Look, type Looks, lookedAt, preset, windowed } from './looks.js';
import { FIRST_OVERLAY, type OverlaySettings, otherClass } from './overlay-settings.js';
import { probabilityText } from './probability-text.js';
import { savePicture } from './save-picture.js';
import type { Overlay, PainterPath } from './scene.js';
import { type HeatmapState, useHeatmaps, usePictures, type ViewState } from './use-views.js';
import { type Box, Viewport, type ViewportHandle, type ViewportRequests, windowText } from './viewport.js';
import { PRESET_LABELS, presetWindow, type Window } from './window-level.js';

/** Heatmaps at level 0 are twice the picture's bytes; a probability is the same over many pixels. */
const COARSEST_HEATMAP = 3;

interface Props {
  readonly exam: string;
  readonly views: readonly ExamView[];
  /** Written on what is saved: which state, which bundle. */
  readonly origin: readonly string[];
  readonly path?: PainterPath | undefined;
}

/** The four views of an exam, hung as they are read, with their heatmaps. */
export function ExamViews({ exam, views, origin, path }: Props): ReactNode {
  const [looks, setLooks] = useState<Looks>(FIRST_LOOKS);
  const [overlay, setOverlay] = useState<OverlaySettings>(FIRST_OVERLAY);
  const [linked, setLinked] = useState(true);
  const [alone, setAlone] = useState<View>();
  const [loupe, setLoupe] = useState(false);
  const [marks, setMarks] = useState<ReadonlySet<Box['kind']>>(new Set());
  const [help, setHelp] = useState(false);
  const [said, setSaid] = useState('');
  const [levels, setLevels] = useState<Readonly<Partial<Record<View, Level>>>>({});
  const [pictures, loadAgain] = usePictures(exam, views);
  const [heatmaps, loadHeatmapsAgain] = useHeatmaps(exam, views, overlay.on ? overlay.class : undefined, levels);
  const active = useRef<View>(READING_ORDER[0] as View);
  const starts = useRef<Readonly<Record<string, Window>>>({});
  const handles = useRef(
    Object.fromEntries(VIEWS.map((view) => [view, { current: null }])) as Record<
      View,
      RefObject<ViewportHandle | null>
    >,
  ).current;
  const byView = new Map(views.map((one) => [one.view, one] as const));

  const groupOf = (view: View): readonly View[] => (linked ? [view, partnerOf(view)] : [view]);
  const hungOf = (view: View): Hung | undefined => {
    const picture = pictures[view]?.loaded?.picture;
    return picture && hungAs(view, picture, byView.get(view)?.mirror ?? false);
  };
  const windowOf = (view: View): Window | undefined => {
    const histogram = pictures[view]?.loaded?.histogram;
    return looks.each[view]?.window ?? (histogram && presetWindow(looks.preset, histogram));
  };
  const mark = (kind: Box['kind']): void =>
    setMarks((before) => {
      const after = new Set(before);
      if (!after.delete(kind)) after.add(kind);
      return after;
    });

  function ask(command: Command, view = active.current): void {
    switch (command.kind) {
      case 'preset':
        setLooks((before) => preset(before, command.preset));
        setSaid(PRESET_LABELS[command.preset]);
        break;
      case 'invert':
        setLooks(inverted);
        setSaid(looks.inverted ? 'not inverted' : 'inverted');
        break;
      case 'overlay':
        setOverlay((before) => ({ ...before, on: !before.on }));
        setSaid(overlay.on ? 'heatmap off' : `heatmap of ${overlay.class}`);
        break;
      case 'class':
        setOverlay((before) => ({ ...before, on: true, class: otherClass(before.class) }));
        setSaid(`heatmap of ${otherClass(overlay.class)}`);
        break;
      case 'loupe':
        setLoupe((before) => !before);
        break;
      case 'crop':
      case 'centre':
        mark(command.kind);
        break;
      case 'link':
        setLinked((before) => !before);
        setSaid(linked ? 'views not linked' : 'views linked');
        break;
      case 'alone':
        setAlone((before) => (before === undefined ? view : undefined));
        break;
      case 'reset':
        setLooks(FIRST_LOOKS);
        setOverlay((before) => ({ ...FIRST_OVERLAY, class: before.class }));
        setMarks(new Set());
        setLoupe(false);
        setAlone(undefined);
        break;
      case 'save':
        save(view);
        break;
      case 'help':
        setHelp(true);
        break;
      default:
    }
  }

  function save(view: View): void {
    const drawn = handles[view].current?.drawn();
    const one = byView.get(view);
    if (drawn === undefined || one === undefined) return;
    const lines = [...origin, `window ${windowText(drawn.scene.window)}${drawn.scene.inverted ? ', inverted' : ''}`];
    const legend = `probability ${overlay.class}, 0 to 1, shown from ${overlay.threshold.toFixed(2)} up`;
    savePicture(`${exam}-${view}.png`, drawn, boxesOf(one, marks), {
      title: `${exam} ${viewLabel(view)}`,
      lines,
      legend,
    }).then(
      () => setSaid('saved'),
      (error: unknown) => setSaid(`Not saved: ${(error as Error).message}`),
    );
  }

  const requestsOf = (view: View): Omit<ViewportRequests, 'level'> => ({
    camera: (camera) =>
      setLooks((before) =>
        lookedAt(before, view, camera, groupOf(view), Object.fromEntries(VIEWS.map((one) => [one, hungOf(one)]))),
      ),
    dragWindow: (dx, dy, begins) => {
      if (begins) {
        starts.current = Object.fromEntries(
          groupOf(view).flatMap((one) => {
            const window = windowOf(one);
            return window === undefined ? [] : [[one, window]];
          }),
        );
      }
      const { current } = starts;
      if (!begins) setLooks((before) => windowed(before, current, dx, dy));
    },
    command: (command) => ask(command, view),
    focus: () => {
      active.current = view;
    },
  });
  const tellLevel = useCallback((view: View, level: number) => {
    const found = LEVELS.find((one) => one === Math.min(COARSEST_HEATMAP, level)) ?? 0;
    setLevels((before) => (before[view] === found ? before : { ...before, [view]: found }));
  }, []);

  return (
    <section className="viewer" aria-label="Views">
      <div className="viewer-bar">
        <WindowControls preset={looks.preset} inverted={looks.inverted} ask={ask} />
        <span className="gap" />
        <Toggle pressed={linked} letter="K" onClick={() => ask({ kind: 'link' })}>
          Link
        </Toggle>
        <Toggle pressed={loupe} letter="L" onClick={() => ask({ kind: 'loupe' })}>
          Loupe
        </Toggle>
        <Toggle pressed={marks.has('crop')} letter="C" onClick={() => ask({ kind: 'crop' })}>
          Crop
        </Toggle>
        <Toggle pressed={marks.has('centre')} letter="B" onClick={() => ask({ kind: 'centre' })}>
          Centre
        </Toggle>
        <Toggle pressed={alone !== undefined} letter="Enter" onClick={() => ask({ kind: 'alone' })}>
          Alone
        </Toggle>
        <PictureButtons ask={ask} />
      </div>
      <OverlayBar word="Heatmap" settings={overlay} set={setOverlay} ask={ask} />
      <div className={alone === undefined ? 'hanging' : 'hanging alone'}>
        {HANGING.flat()
          .filter((view) => alone === undefined || alone === view)
          .map((view) => (
            <div key={view} className="hung">
              <ExamViewport
                one={byView.get(view)}
                view={view}
                state={pictures[view]}
                heat={overlay.on ? heatmaps[view] : undefined}
                look={looks.each[view]}
                looks={looks}
                overlay={overlay}
                marks={marks}
                loupe={loupe}
                path={path}
                requests={requestsOf(view)}
                tellLevel={tellLevel}
                retry={() => {
                  loadAgain();
                  loadHeatmapsAgain();
                }}
                handle={handles[view]}
              />
            </div>
          ))}
      </div>
      <p className="said" role="status">
        {said}
      </p>
      {help && <ViewerHelp close={() => setHelp(false)} />}
    </section>
  );
}

/** What was cut out, and where the classifiers look, in rows and columns of the view as it was put. */
function boxesOf({ crop, bestCenter }: ExamView, marks: ReadonlySet<Box['kind']>): Box[] {
  const boxes: Box[] = [];
  if (crop === null) return boxes;
  if (marks.has('crop')) boxes.push({ kind: 'crop', label: 'cut out', ...crop });
  if (marks.has('centre') && bestCenter !== null) {
    const top = crop.top + bestCenter.top;
    const left = crop.left + bestCenter.left;
    const [rows, columns] = bestCenter.window;
    boxes.push({
      kind: 'centre',
      label: 'classifiers look here',
      top,
      left,
      bottom: top + rows,
      right: left + columns,
    });
  }
  return boxes;
}

function ExamViewport({
  one,
  view,
  state,
  heat,
  look,
  looks,
  overlay: settings,
  marks,
  loupe,
  path,
  requests,
  tellLevel,
  retry,
  handle,
}: {
  one: ExamView | undefined;
  view: View;
  state: ViewState | undefined;
  heat: HeatmapState | undefined;
  look: Look | undefined;
  looks: Looks;
  overlay: OverlaySettings;
  marks: ReadonlySet<Box['kind']>;
  loupe: boolean;
  path: PainterPath | undefined;
  requests: Omit<ViewportRequests, 'level'>;
  tellLevel: (view: View, level: number) => void;
  retry: () => void;
  handle: RefObject<ViewportHandle | null>;
}): ReactNode {
  const loaded = state?.loaded;
  const mirror = one?.mirror ?? false;
  const hung = useMemo(() => loaded && hungAs(view, loaded.picture, mirror), [view, loaded, mirror]);
  const ofPreset = useMemo(() => loaded && presetWindow(looks.preset, loaded.histogram), [looks.preset, loaded]);
  const window = look?.window ?? ofPreset;
  const crop = one?.crop;
  const plane = settings.on ? heat?.plane : undefined;
  const overlay = useMemo<Overlay | undefined>(
    () =>
      plane && crop
        ? {
            plane,
            top: crop.top,
            left: crop.left,
            rows: crop.bottom - crop.top,
            columns: crop.right - crop.left,
            map: PROBABILITY_MAPS[settings.class],
            low: 0,
            high: 1,
            threshold: settings.threshold,
            opacity: settings.opacity,
          }
        : undefined,
    [plane, crop, settings],
  );
  const boxes = useMemo(() => (one ? boxesOf(one, marks) : []), [one, marks]);
  const level = useCallback((found: number) => tellLevel(view, found), [tellLevel, view]);

  return (
    <Viewport
      label={viewLabel(view)}
      description={descriptionOf(view, state, settings, overlay !== undefined, looks)}
      shown={
        loaded && hung && window
          ? { picture: loaded.picture, hung, camera: look?.camera, window, inverted: looks.inverted, overlay, boxes }
          : undefined
      }
      trouble={state?.trouble && !loaded ? state.trouble : undefined}
      note={(loaded && state?.trouble) ?? heat?.trouble}
      retry={retry}
      loupe={loupe}
      path={path}
      on={{ ...requests, level }}
      handle={handle}
      saysOf={(row, column) => (overlay ? probabilityText(overlay, settings.class, row, column) : undefined)}
    />
  );
}

function descriptionOf(
  view: View,
  state: ViewState | undefined,
  { class: name }: OverlaySettings,
  overlaid: boolean,
  looks: Looks,
): string {
  const what = `${viewLabel(view)}: ${spokenView(view)}`;
  if (state?.trouble) return `${what}. ${state.trouble.message}`;
  if (!state?.loaded) return `${what}. Loading.`;
  const heatmap = overlaid ? `Heatmap of ${name} shown.` : 'No heatmap shown.';
  return `${what}. ${PRESET_LABELS[looks.preset]}${looks.inverted ? ', inverted' : ''}. ${heatmap} Question mark for keys.`;
}
