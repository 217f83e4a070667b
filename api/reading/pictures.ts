import { readGrey16Png } from '../../imaging/grey16-png.js';
import { readNpz } from '../../imaging/npz.js';
import type { FloatPlane, Grey16Image } from '../../imaging/planes.js';
import { shrink } from '../../imaging/shrink.js';
import type { FileEntry } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { type View, viewFile } from '../../pipeline/exam.js';
import type { READ_STAGE } from '../../pipeline/exam-objects.js';
import { HEATMAP_CLASSES, type HeatmapClass, heatmapFile } from '../../pipeline/heatmaps.js';
import { missingVersion, readFileEntry } from '../../repos/committed-files.js';
import { erasedOn, isErased, readErasure } from '../../repos/erasures.js';
import { fileKey } from '../../repos/layout.js';
import type { Session } from '../session.js';
import { decodedOnce } from './decoded-pictures.js';

/** One version of a view's file, as `exam` names it. */
export interface ViewVersion {
  readonly exam: string;
  readonly view: View;
  readonly versionId: string;
  /** The SHA-256 that it was committed with: what is read is held against it. */
  readonly sha256: string;
}

export interface PictureOptions extends ViewVersion {
  /** `exams` for a view as it was put, `read_dicom` for one read from a DICOM object, `crop` for what was cut out of either. */
  readonly repo: 'exams' | typeof READ_STAGE | 'crop';
  /** Rows and columns are halved so often, by means of blocks; 0 unless said. */
  readonly level?: number;
}

/** Rows and columns at level 0, of what may be coarser. */
export interface FullSize {
  readonly full: { readonly rows: number; readonly columns: number };
}

/**
 * A view's pixels, verified.
 *
 * @throws MammoflowError `missing-object` when that version is not there or was erased, `corrupt-data` when it has other bytes
 *   or no 16-bit picture.
 * @example
 * const { rows, columns, pixels } = await mammoflow.picture({ repo: 'exams', exam, view: 'L_CC', versionId, sha256, level: 3 });
 */
export async function picture(
  session: Session,
  { repo, level = 0, ...version }: PictureOptions,
): Promise<Grey16Image & FullSize> {
  const { exam, view } = version;
  await requireNotErased(session, version);
  const whole = await decodedOnce(
    session.repository,
    keyOf(repo, version),
    async () => readGrey16Png(await readVersion(session, repo, viewFile(view), version), { exam, view }),
    ({ pixels }) => pixels.byteLength,
  );
  return { ...shrink(whole, level), full: { rows: whole.rows, columns: whole.columns } };
}

/**
 * A view's file as it was committed, verified: a 16-bit PNG.
 *
 * @throws MammoflowError as {@link picture} does.
 * @example
 * const png = await mammoflow.pictureFile({ repo: 'exams', exam, view: 'L_CC', versionId, sha256 });
 */
export async function pictureFile(session: Session, { repo, ...version }: PictureOptions): Promise<Buffer> {
  await requireNotErased(session, version);
  return readVersion(session, repo, viewFile(version.view), version);
}

/**
 * One plane of a view's heatmaps, verified: the probability of the class, in the cropped view's size and orientation.
 *
 * @throws MammoflowError as {@link picture} does.
 * @example
 * const { rows, columns, pixels } = await mammoflow.heatmap({ exam, view: 'L_CC', versionId, sha256, class: 'malignant' });
 */
export async function heatmap(
  session: Session,
  { class: name, level = 0, ...version }: ViewVersion & { readonly class: HeatmapClass; readonly level?: number },
): Promise<FloatPlane & FullSize> {
  const file = heatmapFile(version.view);
  const repo = 'generate_heatmaps';
  await requireNotErased(session, version);
  const planes = await decodedOnce(
    session.repository,
    keyOf(repo, version),
    async () => {
      const bytes = await readVersion(session, repo, file, version);
      return readNpz(bytes, HEATMAP_CLASSES, `The heatmap ${version.exam}/${file}`);
    },
    (all) => HEATMAP_CLASSES.reduce((sum, one) => sum + all[one].pixels.byteLength, 0),
  );
  const { rows, columns } = planes[name];
  return { ...shrink(planes[name], level), full: { rows, columns } };
}

/**
 * Refuses what was erased, wherever a copy may still lie.
 *
 * @throws MammoflowError `missing-object`.
 */
export async function requireNotErased(
  { repository }: Session,
  { exam, versionId }: Pick<ViewVersion, 'exam' | 'versionId'>,
): Promise<void> {
  const erasure = await readErasure(repository.store, exam);
  if (erasure === undefined || !isErased(erasure, [{ versionId }])) return;
  throw new MammoflowError('missing-object', `Exam ${exam}: ${erasedOn(erasure)}`);
}

const keyOf = (repo: string, { exam, view, versionId, sha256 }: ViewVersion): string =>
  [repo, exam, view, versionId, sha256].join('/');

/** The caller has looked whether it was erased. */
async function readVersion(session: Session, repo: string, path: string, version: ViewVersion): Promise<Buffer> {
  const { exam, versionId, sha256 } = version;
  // The size is not known here, and reading asks for none.
  const entry: FileEntry = { path, key: fileKey(repo, exam, path), versionId, sha256, size: 0, etag: '-' };
  const bytes = await readFileEntry(session.repository.store, entry).catch((error) => {
    // What is no version id of this server's at all is no version that is there.
    throw (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode === 400
      ? missingVersion(entry)
      : error;
  });
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
