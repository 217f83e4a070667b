/*
 * Where pixels are on the screen. Positions in a picture are continuous rows and columns of level 0 as they lie on disk:
 * pixel (r, c) covers [r, r + 1) × [c, c + 1). Positions in a viewport are device pixels from its upper left corner.
 */

/** What a viewport looks at: the position in its middle, and device pixels a pixel. */
export interface Camera {
  readonly row: number;
  readonly column: number;
  readonly scale: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A picture as it hangs. */
export interface Hung {
  readonly rows: number;
  readonly columns: number;
  /** Whether left and right are exchanged between disk and screen. */
  readonly mirrored: boolean;
  /** The side of the screen at which the chest wall is, where it lies when the picture is fitted. */
  readonly wall: 'left' | 'right' | 'none';
}

export interface Point {
  readonly x: number;
  readonly y: number;
}
export interface Position {
  readonly row: number;
  readonly column: number;
}

/** One pixel is never larger than this many device pixels. */
export const LARGEST_SCALE = 16;
/** Of the picture, at least so many device pixels stay in the viewport, or an eighth of a small one. */
const KEPT = 48;

const signOf = (hung: Pick<Hung, 'mirrored'>): 1 | -1 => (hung.mirrored ? -1 : 1);

export function toScreen(position: Position, camera: Camera, hung: Pick<Hung, 'mirrored'>, size: Size): Point {
  return {
    x: size.width / 2 + signOf(hung) * (position.column - camera.column) * camera.scale,
    y: size.height / 2 + (position.row - camera.row) * camera.scale,
  };
}

export function toPosition(point: Point, camera: Camera, hung: Pick<Hung, 'mirrored'>, size: Size): Position {
  return {
    row: camera.row + (point.y - size.height / 2) / camera.scale,
    column: camera.column + (signOf(hung) * (point.x - size.width / 2)) / camera.scale,
  };
}

/** Row and column of the pixel under a point. Undefined beside the picture. */
export function pixelAt(point: Point, camera: Camera, hung: Hung, size: Size): Position | undefined {
  const { row, column } = toPosition(point, camera, hung, size);
  const pixel = { row: Math.floor(row), column: Math.floor(column) };
  const inside = pixel.row >= 0 && pixel.column >= 0 && pixel.row < hung.rows && pixel.column < hung.columns;
  return inside ? pixel : undefined;
}

/** The scale at which all of the picture is seen. */
export const fittingScale = ({ rows, columns }: Pick<Hung, 'rows' | 'columns'>, { width, height }: Size): number =>
  Math.min(LARGEST_SCALE, width / columns, height / rows);

/** All of the picture, its chest wall at its edge of the viewport. */
export function fitted(hung: Hung, size: Size): Camera {
  const scale = fittingScale(hung, size);
  // Columns between the viewport's middle and the edge at which the wall lies.
  const half = size.width / 2 / scale;
  const wallAtFirstColumn = (hung.wall === 'left') !== hung.mirrored;
  const column = hung.wall === 'none' ? hung.columns / 2 : wallAtFirstColumn ? half : hung.columns - half;
  return { row: hung.rows / 2, column, scale };
}

/** Changes the scale by a factor, so that what lies under a point stays there. */
export function zoomedAt(camera: Camera, factor: number, point: Point, hung: Hung, size: Size): Camera {
  const least = Math.min(1, fittingScale(hung, size) / 2);
  const scale = Math.min(LARGEST_SCALE, Math.max(least, camera.scale * factor));
  const { row, column } = toPosition(point, camera, hung, size);
  const moved = {
    scale,
    row: row - (point.y - size.height / 2) / scale,
    column: column - (signOf(hung) * (point.x - size.width / 2)) / scale,
  };
  return kept(moved, hung, size);
}

/** Moves the picture with the pointer, by device pixels. */
export function panned(camera: Camera, by: Point, hung: Hung, size: Size): Camera {
  const moved = {
    ...camera,
    row: camera.row - by.y / camera.scale,
    column: camera.column - (signOf(hung) * by.x) / camera.scale,
  };
  return kept(moved, hung, size);
}

/**
 * One device pixel a pixel, what lies under a point staying there but for less than one pixel: pixels begin where device
 * pixels do, so that each is shown as it is and not as a mixture of neighbours.
 */
export function truePixelsAt(camera: Camera, point: Point, hung: Hung, size: Size): Camera {
  const { row, column } = zoomedAt(camera, 1 / camera.scale, point, hung, size);
  return { row: onGrid(row, size.height), column: onGrid(column, size.width), scale: 1 };
}

/** The camera of a loupe: true pixels around a position, as many as it is wide. */
export const loupeCamera = (position: Position, loupe: Size): Camera => ({
  row: onGrid(position.row, loupe.height),
  column: onGrid(position.column, loupe.width),
  scale: 1,
});

/** The middle of an odd number of device pixels is in the middle of one. */
const onGrid = (middle: number, extent: number): number => Math.floor(middle) + (extent % 2 === 0 ? 0 : 0.5);

/** Some of the picture stays in sight. */
function kept(camera: Camera, hung: Hung, size: Size): Camera {
  const within = (middle: number, extent: number, of: number): number => {
    const beyond = Math.max(0, extent / 2 - Math.min(KEPT, (of * camera.scale) / 8)) / camera.scale;
    return Math.min(of + beyond, Math.max(-beyond, middle));
  };
  return {
    ...camera,
    row: within(camera.row, size.height, hung.rows),
    column: within(camera.column, size.width, hung.columns),
  };
}

/**
 * What a linked viewport looks at when `camera` is what the other does: the same rows, as far from the chest wall, at the same
 * scale. Where the walls are at the same side, that is the same place; where they meet, it is the mirrored one.
 */
export function linkedCamera(camera: Camera, from: Hung, to: Hung): Camera {
  return { row: camera.row, column: fromWall(fromWall(camera.column, from), to), scale: camera.scale };
}

/** A column as its distance from the wall, and back: both are the same reflection, or none. */
function fromWall(column: number, hung: Hung): number {
  const wallAtFirstColumn = hung.wall === 'none' || (hung.wall === 'left') !== hung.mirrored;
  return wallAtFirstColumn ? column : hung.columns - column;
}

/** Screen position and extent of a box of rows and columns, whatever way round it hangs. */
export function boxOnScreen(
  box: { top: number; bottom: number; left: number; right: number },
  camera: Camera,
  hung: Pick<Hung, 'mirrored'>,
  size: Size,
): Point & Size {
  const a = toScreen({ row: box.top, column: box.left }, camera, hung, size);
  const b = toScreen({ row: box.bottom, column: box.right }, camera, hung, size);
  return { x: Math.min(a.x, b.x), y: Math.min(a.y, b.y), width: Math.abs(b.x - a.x), height: Math.abs(b.y - a.y) };
}
