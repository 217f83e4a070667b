import {
  type PointerEvent,
  type ReactNode,
  type RefObject,
  useCallback,
  useEffect,
  useId,
  useImperativeHandle,
  useMemo,
  useRef,
  useState,
} from 'react';
import {
  boxOnScreen,
  type Camera,
  fitted,
  type Hung,
  loupeCamera,
  type Point,
  panned,
  pixelAt,
  type Size,
  toPosition,
  truePixelsAt,
  zoomedAt,
} from './geometry.js';
import { type Command, commandOf } from './keys.js';
import { openPainter, webgl2Works } from './open-painter.js';
import { levelForScale, type Pyramid } from './pyramid.js';
import type { Loupe, Overlay, Painter, PainterPath, Scene } from './scene.js';
import type { Trouble } from './trouble.js';
import { DRAG_EXTENT, edgesOf, type Window } from './window-level.js';

/** Rows and columns of level 0, drawn as an outline. */
export interface Box {
  readonly kind: 'crop' | 'centre';
  readonly label: string;
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** What a viewport shows. Its state is kept by whoever shows several of them, so that they can be linked. */
export interface Shown {
  readonly picture: Pyramid;
  readonly hung: Hung;
  /** Undefined: fitted. */
  readonly camera: Camera | undefined;
  readonly window: Window;
  readonly inverted: boolean;
  readonly overlay?: Overlay | undefined;
  readonly boxes?: readonly Box[];
}

/** What a viewport asks of whoever keeps its state. */
export interface ViewportRequests {
  camera(camera: Camera | undefined): void;
  /** A drag of the window begins, and goes on: by CSS pixels since it began. */
  dragWindow(dx: number, dy: number, begins: boolean): void;
  command(command: Command): void;
  /** It is the one that is worked with. */
  focus(): void;
  /** At which level values are seen singly: finer ones would not show. Always the same function. */
  readonly level: (level: number) => void;
}

/** For whoever draws what is seen into a file. */
export interface ViewportHandle {
  focus(): void;
  /** The canvas, just drawn, with what it shows. Undefined while there is nothing. */
  drawn(): { canvas: HTMLCanvasElement; scene: Scene } | undefined;
}

interface Props {
  /** Written in its corner. */
  readonly label: string;
  /** Said of it by screen readers. */
  readonly description: string;
  readonly shown: Shown | undefined;
  /** Instead of a picture. */
  readonly trouble?: Trouble | undefined;
  /** Beside it: the heatmap is not shown. */
  readonly note?: Trouble | undefined;
  readonly retry: () => void;
  readonly loupe: boolean;
  /** Draws on the processor even where WebGL2 is there. */
  readonly path?: PainterPath | undefined;
  readonly on: ViewportRequests;
  readonly handle?: RefObject<ViewportHandle | null>;
  /** What is said of the pixel under the pointer beside its place and value, e.g. its probability. */
  readonly saysOf?: (row: number, column: number) => string | undefined;
}

/** How far an arrow key moves, of what is seen. */
const PAN_SHARE = 0.1;
/** The loupe's width in CSS pixels. */
const LOUPE = 240;
/** A window moves by this many CSS pixels of a drag for each press of a key. */
const KEY_DRAG = DRAG_EXTENT / 16;

/** One picture that can be looked at: windowed, moved, zoomed, read, by pointer and by keys. */
export function Viewport(props: Props): ReactNode {
  const { label, description, shown, trouble, note, retry, loupe, path, on, handle, saysOf } = props;
  const place = useRef<HTMLDivElement>(null);
  const [size, ratio] = useDeviceSize(place);
  // Where the pointer is, in device pixels. Whoever uses keys looks at the middle.
  const [pointer, setPointer] = useState<Point>();
  const [focused, setFocused] = useState(false);
  const drag = useRef<{ kind: 'window' | 'pan'; x: number; y: number } | undefined>(undefined);
  const readout = useId();
  // What is drawn is drawn again only if one of these is another: all viewports of a page are asked whenever one changes.
  const { picture, hung: shownHung, camera: shownCamera, window, inverted = false, overlay } = shown ?? {};

  const at = pointer ?? (focused && size ? { x: size.width / 2, y: size.height / 2 } : undefined);
  const camera = useMemo(
    () => (shownHung && size ? (shownCamera ?? fitted(shownHung, size)) : undefined),
    [shownHung, shownCamera, size],
  );
  const pixel = shown && size && camera && at && pixelAt(at, camera, shown.hung, size);
  const nearer = loupe && at && shown && size && camera ? loupeAt(at, camera, shown.hung, size, ratio) : undefined;
  const mirrored = shownHung?.mirrored ?? false;
  const scene = useMemo<Scene | undefined>(() => {
    if (!picture || !window || !size || !camera) return undefined;
    return { size, picture, mirrored, camera, window, inverted, overlay, loupe: nearer };
  }, [picture, mirrored, window, inverted, overlay, size, camera, nearer]);
  const { canvas, canvasKey, painter, drawnPath } = usePainter(path, scene, size);

  const level = camera && levelForScale(camera.scale);
  const tellLevel = on.level;
  useEffect(() => {
    if (level !== undefined) tellLevel(level);
  }, [level, tellLevel]);

  useImperativeHandle(
    handle,
    () => ({
      focus: () => place.current?.focus(),
      drawn() {
        if (!painter.current || !canvas.current || scene === undefined) return undefined;
        const without = { ...scene, loupe: undefined };
        painter.current.draw(without);
        return { canvas: canvas.current, scene: without };
      },
    }),
    [scene, painter, canvas],
  );

  const pointOf = useCallback(
    (event: { clientX: number; clientY: number }): Point => {
      const box = place.current?.getBoundingClientRect();
      return { x: (event.clientX - (box?.left ?? 0)) * ratio, y: (event.clientY - (box?.top ?? 0)) * ratio };
    },
    [ratio],
  );

  function obey(command: Command): void {
    if (!shown || !size || !camera) {
      on.command(command);
      return;
    }
    const { hung } = shown;
    const middle = at ?? { x: size.width / 2, y: size.height / 2 };
    switch (command.kind) {
      case 'pan': {
        const by = { x: -command.x * PAN_SHARE * size.width, y: -command.y * PAN_SHARE * size.height };
        on.camera(panned(camera, by, hung, size));
        break;
      }
      case 'zoom':
        on.camera(zoomedAt(camera, command.factor, middle, hung, size));
        break;
      case 'true-pixels':
        on.camera(truePixelsAt(camera, middle, hung, size));
        break;
      case 'fit':
        on.camera(undefined);
        break;
      case 'window':
        on.dragWindow(0, 0, true);
        on.dragWindow(command.x * KEY_DRAG, command.y * KEY_DRAG, false);
        break;
      default:
        on.command(command);
    }
  }

  // React listens for wheels passively, and cannot keep the page from scrolling.
  const zoom = useRef<(event: WheelEvent) => void>(undefined);
  zoom.current = (event) => {
    if (!shown || !size || !camera) return;
    event.preventDefault();
    const lines = event.deltaMode === 0 ? event.deltaY / 100 : event.deltaY / 3;
    on.camera(zoomedAt(camera, 1.2 ** -Math.max(-3, Math.min(3, lines)), pointOf(event), shown.hung, size));
  };
  useEffect(() => {
    const { current } = place;
    const listen = (event: WheelEvent): void => zoom.current?.(event);
    current?.addEventListener('wheel', listen, { passive: false });
    return () => current?.removeEventListener('wheel', listen);
  }, []);

  const onPointerDown = (event: PointerEvent): void => {
    if (!shown || event.button > 2) return;
    place.current?.focus({ preventScroll: true });
    place.current?.setPointerCapture(event.pointerId);
    const kind = event.button === 0 && !event.shiftKey ? 'window' : 'pan';
    drag.current = { kind, x: event.clientX, y: event.clientY };
    if (kind === 'window') on.dragWindow(0, 0, true);
  };
  const onPointerMove = (event: PointerEvent): void => {
    setPointer(pointOf(event));
    const { current } = drag;
    if (!current || !shown || !size || !camera) return;
    const [dx, dy] = [event.clientX - current.x, event.clientY - current.y];
    if (current.kind === 'window') {
      on.dragWindow(dx, dy, false);
      return;
    }
    drag.current = { ...current, x: event.clientX, y: event.clientY };
    on.camera(panned(camera, { x: dx * ratio, y: dy * ratio }, shown.hung, size));
  };
  const onPointerEnd = (): void => {
    drag.current = undefined;
  };

  return (
    <div
      ref={place}
      className="viewport"
      role="application"
      aria-roledescription="picture"
      aria-label={description}
      aria-describedby={readout}
      tabIndex={0}
      data-path={drawnPath}
      data-level={shown?.picture.finest}
      onKeyDown={(event) => {
        if (event.target !== place.current) return;
        const command = commandOf(event);
        if (command === undefined) return;
        event.preventDefault();
        obey(command);
      }}
      onFocus={() => {
        on.focus();
        setFocused(place.current?.matches(':focus-visible') ?? false);
      }}
      onBlur={() => setFocused(false)}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerEnd}
      onPointerCancel={onPointerEnd}
      onPointerLeave={() => setPointer(undefined)}
      onDoubleClick={() => on.command({ kind: 'alone' })}
      onContextMenu={(event) => event.preventDefault()}
    >
      <canvas key={canvasKey} ref={canvas} />
      {shown && size && camera && (
        <Marks size={size} ratio={ratio} camera={camera} hung={shown.hung} boxes={shown.boxes ?? []} />
      )}
      {focused && pointer === undefined && shown && <span className="cross" aria-hidden="true" />}
      <span className="viewport-label">{label}</span>
      {shown && camera && (
        <span className="viewport-state">
          {windowText(shown.window)} · {scaleText(camera.scale)}
          {shown.picture.finest > 0 && ' · coarse, loading'}
        </span>
      )}
      <span className="viewport-readout" id={readout}>
        {pixel && shown && readoutOf(shown.picture, pixel, saysOf)}
      </span>
      {shown === undefined && trouble === undefined && <span className="viewport-waiting">Loading…</span>}
      {trouble && <TroubleBox trouble={trouble} retry={retry} />}
      {note && <TroubleBox trouble={note} retry={retry} small />}
    </div>
  );
}

function readoutOf(
  picture: Pyramid,
  { row, column }: { row: number; column: number },
  saysOf: Props['saysOf'],
): string {
  const value = picture.valueAt(row, column);
  const more = saysOf?.(row, column);
  return `row ${row}, column ${column} · ${value ?? 'loading'}${more === undefined ? '' : ` · ${more}`}`;
}

export const windowText = (window: Window): string => {
  const [black, white] = edgesOf(window);
  return `${Math.round(black)} to ${Math.round(white)}`;
};
const scaleText = (scale: number): string =>
  scale === 1 ? 'true pixels' : `${(100 * scale).toFixed(scale < 1 ? 1 : 0)} %`;

/** The loupe's place: around the point, at what lies there. */
function loupeAt(at: Point, camera: Camera, hung: Hung, size: Size, ratio: number): Loupe {
  const width = Math.min(Math.round(LOUPE * ratio), size.width, size.height);
  const loupe = { width, height: width };
  return {
    x: Math.round(at.x - width / 2),
    y: Math.round(at.y - width / 2),
    size: loupe,
    camera: loupeCamera(toPosition(at, camera, hung, size), loupe),
  };
}

function Marks({
  size,
  ratio,
  camera,
  hung,
  boxes,
}: {
  size: Size;
  ratio: number;
  camera: Camera;
  hung: Hung;
  boxes: readonly Box[];
}): ReactNode {
  return (
    <svg className="marks" viewBox={`0 0 ${size.width / ratio} ${size.height / ratio}`} aria-hidden="true">
      {boxes.map((box) => {
        const { x, y, width, height } = boxOnScreen(box, camera, hung, size);
        return (
          <g key={box.kind} className={box.kind}>
            <rect x={x / ratio} y={y / ratio} width={width / ratio} height={height / ratio} className="under" />
            <rect x={x / ratio} y={y / ratio} width={width / ratio} height={height / ratio} />
            <text
              x={Math.max(4, x / ratio + 4)}
              y={
                box.kind === 'crop'
                  ? Math.max(34, y / ratio + 14)
                  : Math.min(size.height / ratio - 30, (y + height) / ratio - 5)
              }
            >
              {box.label}
            </text>
          </g>
        );
      })}
    </svg>
  );
}

function TroubleBox({
  trouble: { title, message, next, again },
  retry,
  small = false,
}: {
  trouble: Trouble;
  retry: () => void;
  small?: boolean;
}): ReactNode {
  return (
    <div className={small ? 'viewport-trouble small' : 'viewport-trouble'} role="status">
      <strong>{title}</strong>
      <p>{message}</p>
      {next && <p>{next}</p>}
      {again && (
        <button
          type="button"
          onClick={retry}
          onPointerDown={(event) => event.stopPropagation()}
          onDoubleClick={(event) => event.stopPropagation()}
        >
          Try again
        </button>
      )}
    </div>
  );
}

/** The size in device pixels, exact where the browser tells it, and how many there are to a CSS pixel. */
function useDeviceSize(place: RefObject<HTMLElement | null>): [Size | undefined, number] {
  const [measured, setMeasured] = useState<{ size: Size; ratio: number }>();
  useEffect(() => {
    const { current } = place;
    if (current === null) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry === undefined) return;
      const exact = entry.devicePixelContentBoxSize?.[0];
      const ratio = globalThis.devicePixelRatio;
      const width = exact?.inlineSize ?? Math.round(entry.contentRect.width * ratio);
      const height = exact?.blockSize ?? Math.round(entry.contentRect.height * ratio);
      if (width > 0 && height > 0) setMeasured({ size: { width, height }, ratio: width / entry.contentRect.width });
    });
    observer.observe(current);
    return () => observer.disconnect();
  }, [place]);
  return [measured?.size, measured?.ratio ?? 1];
}

interface PaintedCanvas {
  readonly canvas: RefObject<HTMLCanvasElement | null>;
  /** Another canvas where the first can only do what does not work. */
  readonly canvasKey: string;
  readonly painter: RefObject<Painter | undefined>;
  readonly drawnPath: PainterPath;
}

/** Draws a scene whenever it differs, at most once a frame. */
function usePainter(wanted: PainterPath | undefined, scene: Scene | undefined, size: Size | undefined): PaintedCanvas {
  const [failed, setFailed] = useState(false);
  const path: PainterPath = failed ? 'cpu' : (wanted ?? (webgl2Works() ? 'webgl2' : 'cpu'));
  const canvas = useRef<HTMLCanvasElement>(null);
  const painter = useRef<Painter | undefined>(undefined);
  const latest = useRef({ scene, size });
  latest.current = { scene, size };
  const frame = useRef(0);

  const draw = useCallback(() => {
    frame.current = 0;
    const { scene: now, size: extent } = latest.current;
    if (now !== undefined) painter.current?.draw(now);
    else if (extent !== undefined) painter.current?.clear(extent);
  }, []);
  useEffect(() => {
    const { current } = canvas;
    if (current === null) return;
    painter.current = openPainter(current, path, () => setFailed(true));
    if (painter.current === undefined && path === 'webgl2') setFailed(true);
    draw();
    return () => {
      cancelAnimationFrame(frame.current);
      frame.current = 0;
      painter.current?.dispose();
      painter.current = undefined;
    };
  }, [path, draw]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: they are what is drawn, by way of `latest`.
  useEffect(() => {
    if (frame.current === 0) frame.current = requestAnimationFrame(draw);
  }, [scene, size, draw]);

  return { canvas, canvasKey: path, painter, drawnPath: path };
}
