import { z } from 'zod';

/**
 * The four standard screening views in the order in which every stage walks them (PIPELINE.md, conventions): random
 * streams are drawn in this order, so it is part of the result. Laterality (L, R) and view position (CC, MLO) are
 * DICOM's terms (0020,0062 and 0018,5101).
 */
export const VIEWS = ['L_CC', 'R_CC', 'L_MLO', 'R_MLO'] as const;
export type View = (typeof VIEWS)[number];
export type Laterality = 'L' | 'R';
export type ViewPosition = 'CC' | 'MLO';

export const lateralityOf = (view: View): Laterality => (view.startsWith('L') ? 'L' : 'R');
export const viewPositionOf = (view: View): ViewPosition => (view.endsWith('MLO') ? 'MLO' : 'CC');

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
