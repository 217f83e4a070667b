import type { HeatmapClass } from '../../../pipeline/heatmaps.js';
import type { View } from '../../../pipeline/views.js';
import {
  COLUMNS_HEADER,
  FULL_COLUMNS_HEADER,
  FULL_ROWS_HEADER,
  heatmapUrl,
  type Level,
  type PictureRepo,
  pixelsUrl,
  ROWS_HEADER,
} from '../../contract/binary.js';
import { ApiError, readAnswer } from '../../contract/client.js';
import { type GreyPlane, type Plane, type ProbabilityPlane, sizeAtLevel } from './plane.js';

/** A committed file, as `exam` gives it. */
export interface Version {
  readonly versionId: string;
  readonly sha256: string;
}

/** Rows and columns. */
export type Extent = readonly [rows: number, columns: number];

export interface Asked {
  readonly exam: string;
  readonly view: View;
  readonly level: Level;
  /** What the plane must measure at level 0, where it is known. */
  readonly expected?: Extent | undefined;
}

export interface Loading {
  readonly signal: AbortSignal;
  readonly fetch?: typeof globalThis.fetch;
  /** Where the console is; the page's own address unless said. */
  readonly base?: string;
}

/** Packing costs the console more time than it saves on the way, if there is no way. */
const isHere = (): boolean =>
  ['localhost', '127.0.0.1', '[::1]'].includes(
    (globalThis as { location?: { hostname: string } }).location?.hostname ?? '',
  );

/**
 * A view's pixels at a level.
 *
 * @throws ApiError as the console's own, `offline` (0) where it does not answer, `wrong-size` (0) where the bytes or the size are
 *   not what they must be.
 */
export async function loadPixels(
  { repo, version, ...asked }: Asked & { readonly repo: PictureRepo; readonly version: Version },
  loading: Loading,
): Promise<GreyPlane> {
  const url = pixelsUrl(repo, asked.exam, asked.view, version, {
    level: asked.level,
    encoding: isHere() ? 'raw' : 'gzip',
  });
  const { buffer, ...size } = await read(url, asked, Uint16Array.BYTES_PER_ELEMENT, 'picture', loading);
  return { ...size, values: new Uint16Array(buffer) };
}

/** One class of a view's heatmap at a level. @throws ApiError as {@link loadPixels} does. */
export async function loadHeatmap(
  { version, class: name, ...asked }: Asked & { readonly version: Version; readonly class: HeatmapClass },
  loading: Loading,
): Promise<ProbabilityPlane> {
  const url = heatmapUrl(asked.exam, asked.view, version, { class: name, level: asked.level });
  const { buffer, ...size } = await read(url, asked, Float32Array.BYTES_PER_ELEMENT, 'heatmap', loading);
  return { ...size, values: new Float32Array(buffer) };
}

async function read(
  url: string,
  { view, level, expected }: Asked,
  bytesEach: number,
  what: 'picture' | 'heatmap',
  { signal, fetch = globalThis.fetch.bind(globalThis), base = '' }: Loading,
): Promise<Omit<Plane<never>, 'values'> & { buffer: ArrayBuffer }> {
  let response: Response;
  let buffer: ArrayBuffer;
  try {
    response = await fetch(base + url, { signal, credentials: 'same-origin' });
    if (!response.ok) await readAnswer(response);
    buffer = await response.arrayBuffer();
  } catch (cause) {
    if (cause instanceof ApiError || (cause as Error).name === 'AbortError') throw cause;
    throw new ApiError(0, 'offline', 'The console does not answer.', 'Check that it is running and try again.', {
      cause,
    });
  }
  const header = (name: string): number => Number(response.headers.get(name));
  const [rows, columns] = [header(ROWS_HEADER), header(COLUMNS_HEADER)];
  const full = { rows: header(FULL_ROWS_HEADER), columns: header(FULL_COLUMNS_HEADER) };
  const wrong = (found: string, wanted: string): ApiError =>
    new ApiError(
      0,
      'wrong-size',
      `The ${what} of ${view} has ${found} and should have ${wanted}. It is not shown.`,
      what === 'heatmap'
        ? 'It was made from another picture: have this exam processed again.'
        : 'Load the page again. If it stays so, `mammoflow verify` says what is damaged.',
    );
  if (![rows, columns, full.rows, full.columns].every((size) => Number.isInteger(size) && size > 0)) {
    throw wrong('no size', 'one');
  }
  if (buffer.byteLength !== rows * columns * bytesEach) {
    throw wrong(`${buffer.byteLength} bytes`, `${rows * columns * bytesEach} for ${rows} × ${columns}`);
  }
  const [wholeRows, wholeColumns] = expected ?? [full.rows, full.columns];
  if (full.rows !== wholeRows || full.columns !== wholeColumns) {
    throw wrong(`${full.rows} × ${full.columns} pixels`, `${wholeRows} × ${wholeColumns}`);
  }
  if (rows !== sizeAtLevel(wholeRows, level) || columns !== sizeAtLevel(wholeColumns, level)) {
    throw wrong(
      `${rows} × ${columns} values`,
      `${sizeAtLevel(wholeRows, level)} × ${sizeAtLevel(wholeColumns, level)}`,
    );
  }
  return { level, rows, columns, full, buffer };
}
