import { COLOURS } from './colour-map.js';
import type { Camera, Size } from './geometry.js';
import { LOUPE_EDGE, type Overlay, type Scene, SURROUND } from './scene.js';

const OPAQUE = 0xff000000;
/** As pixels lie in memory on every platform with browsers: alpha, blue, green, red from the highest byte down. */
const packed = ([red, green, blue]: readonly [number, number, number]): number =>
  (OPAQUE | (blue << 16) | (green << 8) | red) >>> 0;
const SURROUND_PIXEL = packed(SURROUND);
const EDGE_PIXEL = packed(LOUPE_EDGE);

interface Region {
  readonly x: number;
  readonly y: number;
  readonly size: Size;
}

/**
 * Draws a scene into RGBA pixels, one a 32-bit number, as `paint-with-webgl.ts` does on the graphics processor.
 *
 * @param target `size.width * size.height` long.
 */
export function paintScene(scene: Scene, target: Uint32Array): void {
  const { size, loupe } = scene;
  paintRegion(scene, scene.camera, { x: 0, y: 0, size }, target);
  if (loupe === undefined) return;
  const edge = { x: loupe.x - 1, y: loupe.y - 1, size: { width: loupe.size.width + 2, height: loupe.size.height + 2 } };
  fill(target, size, edge, EDGE_PIXEL);
  paintRegion(scene, loupe.camera, loupe, target);
}

/** Nothing but the surround. */
export const paintSurround = (target: Uint32Array): void => void target.fill(SURROUND_PIXEL);

function fill(target: Uint32Array, { width, height }: Size, region: Region, pixel: number): void {
  const from = Math.max(0, region.x);
  const to = Math.min(width, region.x + region.size.width);
  for (let y = Math.max(0, region.y); y < Math.min(height, region.y + region.size.height); y += 1) {
    if (to > from) target.fill(pixel, y * width + from, y * width + to);
  }
}

function paintRegion(scene: Scene, camera: Camera, region: Region, target: Uint32Array): void {
  const { picture, window, inverted, overlay, mirrored, size } = scene;
  const { scale } = camera;
  const plane = picture.planeFor(scale);
  const { width, height } = region.size;
  const sign = mirrored ? -1 : 1;
  const columnAt = (x: number): number => camera.column + (sign * (x + 0.5 - width / 2)) / scale;
  const rowAt = (y: number): number => camera.row + (y + 0.5 - height / 2) / scale;
  const across = samplesOf(width, columnAt, 0, picture.columns, plane.columns, plane.level);
  const down = samplesOf(height, rowAt, 0, picture.rows, plane.rows, plane.level);
  const acrossOverlay =
    overlay && samplesOf(width, columnAt, overlay.left, overlay.columns, overlay.plane.columns, overlay.plane.level);
  const downOverlay =
    overlay && samplesOf(height, rowAt, overlay.top, overlay.rows, overlay.plane.rows, overlay.plane.level);
  // grey = gain * value + bias, before it is held between 0 and 255.
  const black = window.centre - window.width / 2;
  const gain = (inverted ? -255 : 255) / window.width;
  const bias = (inverted ? 255 : 0) - gain * black;
  const { values } = plane;
  const fromX = Math.max(0, -region.x);
  const toX = Math.min(width, size.width - region.x);
  const toY = Math.min(height, size.height - region.y);
  for (let y = Math.max(0, -region.y); y < toY; y += 1) {
    const line = (region.y + y) * size.width + region.x;
    const above = (down.first[y] as number) * plane.columns;
    const below = (down.second[y] as number) * plane.columns;
    const v = down.share[y] as number;
    const outside = down.first[y] === OUTSIDE;
    const overlaid = downOverlay !== undefined && downOverlay.first[y] !== OUTSIDE;
    for (let x = fromX; x < toX; x += 1) {
      const first = across.first[x] as number;
      if (outside || first === OUTSIDE) {
        target[line + x] = SURROUND_PIXEL;
        continue;
      }
      const second = across.second[x] as number;
      const u = across.share[x] as number;
      const top = mix(values[above + first] as number, values[above + second] as number, u);
      const bottom = mix(values[below + first] as number, values[below + second] as number, u);
      const exact = gain * mix(top, bottom, v) + bias;
      const grey = exact < 0 ? 0 : exact > 255 ? 255 : exact;
      if (overlaid && acrossOverlay !== undefined && acrossOverlay.first[x] !== OUTSIDE) {
        target[line + x] = overlaidPixel(overlay as Overlay, acrossOverlay, x, downOverlay as Samples, y, grey);
      } else {
        const byte = (grey + 0.5) | 0;
        target[line + x] = (OPAQUE | (byte * 0x010101)) >>> 0;
      }
    }
  }
}

function overlaidPixel(overlay: Overlay, across: Samples, x: number, down: Samples, y: number, grey: number): number {
  const { plane, map, low, high, threshold, opacity } = overlay;
  const { values, columns } = plane;
  const above = (down.first[y] as number) * columns;
  const below = (down.second[y] as number) * columns;
  const [first, second, u] = [across.first[x] as number, across.second[x] as number, across.share[x] as number];
  const top = mix(values[above + first] as number, values[above + second] as number, u);
  const bottom = mix(values[below + first] as number, values[below + second] as number, u);
  const value = mix(top, bottom, down.share[y] as number);
  // Not `<`, so that what is no number is not drawn.
  if (!(Math.abs(value) >= threshold)) {
    const byte = (grey + 0.5) | 0;
    return (OPAQUE | (byte * 0x010101)) >>> 0;
  }
  const share = (value - low) / (high - low);
  const place = (COLOURS - 1) * (share < 0 ? 0 : share > 1 ? 1 : share);
  const entry = Math.min(COLOURS - 2, Math.floor(place));
  const part = place - entry;
  const at = 3 * entry;
  const channel = (offset: number): number => {
    const colour = mix(map[at + offset] as number, map[at + 3 + offset] as number, part);
    return (mix(grey, colour, opacity) + 0.5) | 0;
  };
  return (OPAQUE | (channel(2) << 16) | (channel(1) << 8) | channel(0)) >>> 0;
}

const mix = (a: number, b: number, share: number): number => a + (b - a) * share;

const OUTSIDE = -1;

/** For each device pixel of a row or column: between which two values it lies, and how far from the first. */
interface Samples {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly share: Float64Array;
}

/** @param start where the plane begins, and `extent` how far it goes, in rows or columns of level 0. */
function samplesOf(
  count: number,
  positionAt: (pixel: number) => number,
  start: number,
  extent: number,
  values: number,
  level: number,
): Samples {
  const first = new Int32Array(count);
  const second = new Int32Array(count);
  const share = new Float64Array(count);
  for (let pixel = 0; pixel < count; pixel += 1) {
    const position = positionAt(pixel) - start;
    if (position < 0 || position >= extent) {
      first[pixel] = OUTSIDE;
      continue;
    }
    const place = Math.min(values - 1, Math.max(0, position / 2 ** level - 0.5));
    const before = Math.floor(place);
    first[pixel] = before;
    second[pixel] = Math.min(values - 1, before + 1);
    share[pixel] = place - before;
  }
  return { first, second, share };
}
