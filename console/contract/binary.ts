import type { View } from '../../pipeline/exam.js';
import type { HeatmapClass } from '../../pipeline/heatmaps.js';

/** A committed file as `exam` gives it. */
interface Version {
  readonly versionId: string;
  readonly sha256: string;
}

/** Levels of a picture: each halves rows and columns (rounded up), by the mean of what is there. 0 is full size. */
export const LEVELS = [0, 1, 2, 3, 4, 5] as const;
export type Level = (typeof LEVELS)[number];

/** Headers of pictures and heatmaps that say their size, and that at level 0. */
export const ROWS_HEADER = 'x-mammoflow-rows';
export const COLUMNS_HEADER = 'x-mammoflow-columns';
export const FULL_ROWS_HEADER = 'x-mammoflow-full-rows';
export const FULL_COLUMNS_HEADER = 'x-mammoflow-full-columns';

/** The repos that hold views: as they were put, as they were read from DICOM objects, and what was cut out of them. */
export const PICTURE_REPOS = ['exams', 'read_dicom', 'crop'] as const;
export type PictureRepo = (typeof PICTURE_REPOS)[number];

/** The repo that an exam's original view lies in. */
export const repoOfOriginal = ({ key }: { readonly key: string }): PictureRepo =>
  key.startsWith('read_dicom/') ? 'read_dicom' : 'exams';

/**
 * The address of a view's pixels: little-endian uint16, row after row, as they lie on disk. Never changes, so it is cached
 * for ever. `encoding`: `gzip` (unless said) and `raw` are undone by the browser, the answer's bytes are the pixels; `png` is
 * the committed 16-bit PNG itself (level 0 only).
 */
export const pixelsUrl = (
  repo: PictureRepo,
  exam: string,
  view: View,
  { versionId, sha256 }: Version,
  { level = 0, encoding = 'gzip' }: { level?: Level; encoding?: 'gzip' | 'raw' | 'png' } = {},
): string =>
  `/api/pixels/${repo}/${encodeURIComponent(exam)}/${view}/${encodeURIComponent(versionId)}?${new URLSearchParams({
    sha256,
    level: String(level),
    encoding,
  })}`;

/** The address of one plane of a heatmap: little-endian float32, probability 0 to 1, in the cropped view's size. */
export const heatmapUrl = (
  exam: string,
  view: View,
  { versionId, sha256 }: Version,
  { class: name, level = 0 }: { class: HeatmapClass; level?: Level },
): string =>
  `/api/heatmaps/${encodeURIComponent(exam)}/${view}/${encodeURIComponent(versionId)}?${new URLSearchParams({
    sha256,
    class: name,
    level: String(level),
  })}`;

/** The address under which a file is downloaded as it was at a state. */
export const fileUrl = (repo: string, item: string, file: string, ref = 'main'): string =>
  `/api/files/${encodeURIComponent(repo)}/${encodeURIComponent(item)}?${new URLSearchParams({ file, ref })}`;

/**
 * Where a piece of an upload goes: PATCH with `content-type: application/octet-stream` and at most `UPLOAD_LIMITS.pieceBytes`
 * bytes. Answers `{"received": n}`; 409 `offset-mismatch` with `{"received": n}` beside the error when `offset` is not where
 * the file ends, and then goes on from there.
 */
export const sendFileUrl = (upload: string, exam: string, file: string, offset: number): string =>
  `/api/uploads/${upload}/files/${encodeURIComponent(exam)}/${encodeURIComponent(file)}?offset=${offset}`;
