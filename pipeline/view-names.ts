import { EXAM_LIST_FILE, type View, viewFile } from './exam.js';

/*
 * What a file of an exam is, by its name alone. Nobody else in the product decides that.
 *
 *   L_CC.png                                    the view, under its own name
 *   L-CC.png, l_cc.PNG, LCC.png, "L CC.png"     the view: the same letters with another sign, or none, and in any case
 *   0_L_CC.png, 3-R-MLO.png                     the view, in an exam whose four views all have that number: NYU's form
 *   gen_exam_list.pkl                           the exam list, also as gen_exam_list_before_cropping.pkl, in any case
 *   any other .pkl, .pickle                     refused: a list may be meant, and left out it would turn the pictures
 *   L_CC_2.png, scan-left-cc.tif, L_CC.dcm      no part of the exam; what it looks like can be told
 *
 * Files are committed under the view's own name and the list's own name.
 */

/** Laterality and view position, joined by one sign or none. */
const VIEW_WORDS = /^([LR])[ ._-]?(CC|MLO)$/i;
/** The same behind a number. */
const NUMBERED = /^(\d+)[ ._-]([LR])[ ._-]?(CC|MLO)$/i;
/** Names of the exam list: the product's, and that in Pachyderm's example. */
const LIST_NAMES: readonly string[] = [EXAM_LIST_FILE, 'gen_exam_list_before_cropping.pkl'];
const PICKLE = /\.(pkl|pickle)$/i;
const PNG = /\.png$/i;

/** What a file's name says that it is. */
export type NamedFile =
  | { readonly kind: 'view'; readonly view: View; readonly number?: string }
  | { readonly kind: 'list' }
  /** A pickle of another name, which may be meant as the list. */
  | { readonly kind: 'pickle' };

const viewOf = (laterality: string, position: string): View =>
  `${laterality.toUpperCase()}_${position.toUpperCase()}` as View;

/** Undefined for a file that is no part of an exam. */
export function namedFile(name: string): NamedFile | undefined {
  if (LIST_NAMES.includes(name.toLowerCase())) return { kind: 'list' };
  if (PICKLE.test(name)) return { kind: 'pickle' };
  if (!PNG.test(name)) return undefined;
  const stem = name.slice(0, -'.png'.length);
  const plain = VIEW_WORDS.exec(stem);
  if (plain !== null) return { kind: 'view', view: viewOf(plain[1] as string, plain[2] as string) };
  const numbered = NUMBERED.exec(stem);
  if (numbered === null) return undefined;
  const [, number, laterality, position] = numbered as unknown as [string, string, string, string];
  return { kind: 'view', view: viewOf(laterality, position), number };
}

/** The name under which a file is committed. Undefined for one that is not. */
export function committedName(name: string): string | undefined {
  const named = namedFile(name);
  if (named?.kind === 'view') return viewFile(named.view);
  return named?.kind === 'list' ? EXAM_LIST_FILE : undefined;
}

/**
 * The view that a text speaks of somewhere, as `scan_3-L-CC_raw` does of the left craniocaudal one. Undefined where it
 * speaks of none, or of several.
 */
export function viewMentioned(text: string): View | undefined {
  const told = new Set<View>();
  for (const [, laterality, position] of text.matchAll(/(?<![a-z])(L|R|left|right)[ ._-]?(CC|MLO)(?![a-z])/gi)) {
    told.add(viewOf((laterality as string).slice(0, 1), position as string));
  }
  return told.size === 1 ? ([...told][0] as View) : undefined;
}

/** Kinds of files that may hold a view and are not taken, by their names' ends. */
const OTHER_PICTURES: readonly (readonly [RegExp, string])[] = [
  [/\.(dcm|dicom|dic|ima)$/i, 'a DICOM file'],
  // As scanners, CDs and archives name them: IM0001, MG.1.2.840…, the bare UID.
  [/^(IM[A-Z]*_?\d+|(MG|DX|CR)[._]?\d[\d.]*|\d+(\.\d+){5,})$/i, 'a DICOM file'],
  [/\.tiff?$/i, 'a TIFF picture'],
  [/\.(jpe?g|jfif)$/i, 'a JPEG picture'],
  [/\.(jp2|j2k|jpx)$/i, 'a JPEG 2000 picture'],
  [/\.bmp$/i, 'a BMP picture'],
  [/\.(pgm|pnm|pbm|ppm)$/i, 'a PNM picture'],
  [/\.(nii|nrrd|mha|mhd)$/i, 'a volume'],
  [/\.(h5|hdf5?)$/i, 'an HDF5 file'],
  [/\.(npy|npz)$/i, 'a numpy file'],
  [/\.pdf$/i, 'a PDF document'],
  [/\.(zip|7z|rar|tar|t?gz|bz2|xz|zst)$/i, 'an archive'],
  [PNG, 'a picture'],
];

/** What a file seems to be that is no part of an exam, and what to do. */
export interface Likeness {
  readonly what: string;
  readonly view?: View;
  readonly next: string;
}

/** Undefined for a file that looks like nothing of an exam. */
export function likenessOf(name: string): Likeness | undefined {
  const what = OTHER_PICTURES.find(([ending]) => ending.test(name))?.[1];
  if (what === undefined || leftoverReason(name) !== undefined) return undefined;
  const view = viewMentioned(name.replace(/\.[^.]*$/, ''));
  const meant = view === undefined ? {} : { view };
  const file = view === undefined ? 'L_CC.png, R_CC.png, L_MLO.png or R_MLO.png' : viewFile(view);
  if (what === 'an archive') return { what, ...meant, next: 'Unpack it.' };
  if (what === 'a picture') return { what, ...meant, next: `Name it ${file} if it is that view.` };
  return { what, ...meant, next: `Export its picture as a 16-bit greyscale PNG and name it ${file}.` };
}

/** `looks like a DICOM file of L_CC`. */
export const likenessText = ({ what, view }: Likeness): string =>
  `looks like ${what}${view === undefined ? '' : ` of ${view}`}`;

/** Names that operating systems, archivers and storage boxes leave beside what people copy. */
const LEFTOVERS: readonly (readonly [RegExp, string])[] = [
  [/^__MACOSX$/, 'made by macOS when it packs an archive'],
  [/^\._/, 'made by macOS beside files on other file systems'],
  [/^\.(DS_Store|Spotlight-V100|Trashes|fseventsd|TemporaryItems|AppleDouble)$/, 'made by macOS'],
  [/^(Thumbs\.db|desktop\.ini|\$RECYCLE\.BIN|System Volume Information)$/i, 'made by Windows'],
  [/^(@eaDir|@tmp|#recycle|#snapshot)$/, 'made by a storage box'],
  [/^lost\+found$/, 'made by the file system'],
];

/** Why a file or folder is nobody's exam, by its name. Undefined for every other name. */
export function leftoverReason(name: string): string | undefined {
  const known = LEFTOVERS.find(([pattern]) => pattern.test(name))?.[1];
  return known ?? (name.startsWith('.') ? 'hidden' : undefined);
}
