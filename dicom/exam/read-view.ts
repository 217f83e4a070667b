import { readFile } from 'node:fs/promises';
import type { Grey16Image } from '../../imaging/planes.js';
import type { View } from '../../pipeline/exam.js';
import { LARGEST_OBJECT } from '../../pipeline/exam-objects.js';
import { readObject, tooLarge } from '../data-set/read-object.js';
import { pixelFormatOf, spacingOf } from '../image/describe-image.js';
import { decodePixels } from '../pixels/decode-pixels.js';
import { hasRescale, toView, type ViewNotes } from '../pixels/to-view.js';
import type { PixelPolicy } from '../policies/pixel-policy.js';

/** A view made from a DICOM object, and how. */
export interface ReadView {
  readonly image: Grey16Image;
  readonly notes: ViewNotes;
  readonly transferSyntax: string;
  /** Millimetres between rows and between columns. */
  readonly spacing: readonly [number, number] | undefined;
  /** It has a modality transformation, which the model was not trained with and which is not applied. */
  readonly rescaleIgnored: boolean;
}

/**
 * Reads the picture of a view from a DICOM file. Run in a worker thread: it takes up to a second of a core, and some ten
 * bytes a pixel.
 *
 * @throws ExamError `invalid-dicom` or `unsupported-dicom`.
 */
export async function readView(path: string, view: View, policy: PixelPolicy, what: string): Promise<ReadView> {
  const bytes = await readFile(path);
  if (bytes.length > LARGEST_OBJECT) throw tooLarge(what, bytes.length);
  const object = readObject(bytes, { what });
  const format = pixelFormatOf(object, what);
  const stored = await decodePixels(object, format, what, bytes);
  const { image, notes } = toView(object, format, stored, policy, view, what);
  return {
    image,
    notes,
    transferSyntax: object.syntax.uid,
    spacing: spacingOf(object),
    rescaleIgnored: hasRescale(object),
  };
}
