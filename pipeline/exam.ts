import { z } from 'zod';
import { lateralityOf, VIEWS, type View } from './views.js';

// Kept apart for the console's page, which does without zod.
export { type Laterality, lateralityOf, VIEWS, type View, type ViewPosition, viewPositionOf } from './views.js';

/** Whether an exam was stored mirrored (PIPELINE.md 1.3). `NO`: left-breast views point right on disk. */
export const horizontalFlipSchema = z.enum(['NO', 'YES']);
export type HorizontalFlip = z.infer<typeof horizontalFlipSchema>;

/** True where the image on disk must be mirrored to reach training orientation (breast points right). */
export function isMirroredOnDisk(view: View, horizontalFlip: HorizontalFlip): boolean {
  return (lateralityOf(view) === 'R') === (horizontalFlip === 'NO');
}

const EXAM_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** A pseudonymous exam id: the folder's name, safe in a path, an S3 key and a workflow id. */
export const examIdSchema = z
  .string()
  .regex(
    EXAM_ID,
    'an exam id is 1 to 128 letters, digits, ".", "_" or "-" and begins with a letter or a digit (no "/", spaces or other characters)',
  );
/** Also what a bundle, and a file in it, may be named. */
export const isExamId = (name: string): boolean => EXAM_ID.test(name);

/** The optional exam list beside the views, in the form NYU's program reads (PIPELINE.md 1.1). */
export const EXAM_LIST_FILE = 'gen_exam_list.pkl';

export const viewFile = (view: View): string => `${view}.png`;
export const VIEW_FILES: readonly string[] = VIEWS.map(viewFile);
/** Every name under which a file is committed in an exam, in the order in which people think of them. */
export const EXAM_FILES: readonly string[] = [...VIEW_FILES, EXAM_LIST_FILE];
