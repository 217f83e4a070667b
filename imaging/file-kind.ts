/*
 * What a file is by its first bytes, for people who find it under another kind's name. The signatures are those of the
 * formats' specifications; what begins like none of them is not named.
 */

export interface FileKind {
  /** With its article, e.g. `a JPEG picture`. */
  readonly what: string;
  /** What to do with it, whatever was expected in its place. */
  readonly next?: string;
  /** What to do with it in place of a view's PNG, where that is more than to export it again. */
  readonly asView?: string;
}

const UNPACK = 'Unpack it, and take what is in it.';
const FETCH = 'Put the file itself there, which this one only stands for.';
const SAVE_AGAIN = 'Download the file again: this is what a server answered instead of it.';

const latin = (text: string): Buffer => Buffer.from(text, 'latin1');
const starts = (text: string, at = 0) => {
  const wanted = latin(text);
  return (bytes: Buffer): boolean => bytes.subarray(at, at + wanted.length).equals(wanted);
};
/** The beginning as text, for formats that are text. */
const startsAsText =
  (pattern: RegExp) =>
  (bytes: Buffer): boolean =>
    pattern.test(bytes.subarray(0, 512).toString('latin1'));

/** The signature of PNG without its carriage returns, with more of them, with 7 bits, and through UTF-8. */
const MANGLED_PNGS = [
  '\x89PNG\n\x1a\n',
  '\x89PNG\r\r\n\x1a\r\n',
  '\x09PNG\r\n\x1a\n',
  '\xc2\x89PNG',
  '\xef\xbf\xbdPNG',
].map((text) => starts(text));

const KINDS: readonly (readonly [(bytes: Buffer) => boolean, FileKind])[] = [
  [
    starts('\xff\xd8\xff'),
    {
      what: 'a JPEG picture',
      asView:
        'Export the view from its source as a single-channel 16-bit greyscale PNG; what the JPEG has lost does not come back by converting it.',
    },
  ],
  [(bytes) => starts('\0\0\0\x0cjP  ')(bytes) || starts('\xff\x4f\xff\x51')(bytes), { what: 'a JPEG 2000 picture' }],
  [(bytes) => starts('\0\0\0\x0cJXL ')(bytes) || starts('\xff\x0a')(bytes), { what: 'a JPEG XL picture' }],
  [
    (bytes) => ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].some((text) => starts(text)(bytes)),
    {
      what: 'a TIFF picture',
      asView:
        'Convert it to a single-channel 16-bit greyscale PNG with its values as they are; the name alone does not.',
    },
  ],
  [
    (bytes) => starts('DICM', 128)(bytes) || startsAsDataSet(bytes),
    {
      what: 'a DICOM file',
      asView: 'Export its picture as a single-channel 16-bit greyscale PNG; the name alone does not.',
    },
  ],
  [
    starts('version https://git-lfs.github.com/spec/'),
    { what: 'a Git LFS pointer', next: 'Fetch the file itself with `git lfs pull`.' },
  ],
  [
    startsAsText(/^(\.\.\/)*\.?\/?(\.git\/)?annex\/objects\//),
    { what: 'a git-annex pointer', next: 'Fetch the file itself with `git annex get`.' },
  ],
  [starts('\x1f\x8b'), { what: 'a gzip archive', next: UNPACK }],
  [
    (bytes) => ['PK\x03\x04', 'PK\x05\x06', 'PK\x07\x08'].some((text) => starts(text)(bytes)),
    { what: 'a ZIP archive', next: UNPACK },
  ],
  [starts('BZh'), { what: 'a bzip2 archive', next: UNPACK }],
  [starts('\xfd7zXZ\0'), { what: 'an xz archive', next: UNPACK }],
  [starts('\x28\xb5\x2f\xfd'), { what: 'a Zstandard archive', next: UNPACK }],
  [starts('7z\xbc\xaf\x27\x1c'), { what: 'a 7z archive', next: UNPACK }],
  [starts('Rar!\x1a\x07'), { what: 'a RAR archive', next: UNPACK }],
  [starts('ustar', 257), { what: 'a tar archive', next: UNPACK }],
  [starts('%PDF-'), { what: 'a PDF document' }],
  [
    // Its superblock may lie at 0, 512, 1024, …
    (bytes) => [0, 512, 1024, 2048].some((at) => starts('\x89HDF\r\n\x1a\n', at)(bytes)),
    { what: 'an HDF5 file' },
  ],
  [starts('\x93NUMPY'), { what: 'a numpy array' }],
  [(bytes) => starts('BM')(bytes) && bytes.length >= 26 && bytes.readUInt32LE(6) === 0, { what: 'a BMP picture' }],
  [(bytes) => starts('GIF87a')(bytes) || starts('GIF89a')(bytes), { what: 'a GIF picture' }],
  [(bytes) => starts('RIFF')(bytes) && starts('WEBP', 8)(bytes), { what: 'a WebP picture' }],
  [(bytes) => starts('ftyphei', 4)(bytes) || starts('ftypavif', 4)(bytes), { what: 'a HEIC or AVIF picture' }],
  [startsAsText(/^P[1-7][\s#]/), { what: 'a PNM picture' }],
  [(bytes) => starts('n+1\0', 344)(bytes) || starts('NRRD0')(bytes), { what: 'a volume (NIfTI or NRRD)' }],
  [starts('\0\x05\x16\x07'), { what: 'a file that macOS puts beside the real one', next: FETCH }],
  [starts('L\0\0\0\x01\x14\x02\0'), { what: 'a Windows shortcut', next: FETCH }],
  [startsAsText(/^\s*<(!doctype html|html)/i), { what: 'a web page', next: SAVE_AGAIN }],
  [startsAsText(/^\s*<\?xml/i), { what: 'an XML document', next: SAVE_AGAIN }],
  [startsAsText(/^\s*[[{]["\s\d{[]/), { what: 'a JSON text' }],
  [
    (bytes) => MANGLED_PNGS.some((is) => is(bytes)),
    {
      what: 'a PNG file that was changed as if it were text, as by a transfer in text mode',
      next: 'Copy it again from its source, in binary mode.',
    },
  ],
  [
    (bytes) => bytes.length > 0 && bytes.every((byte) => byte === 0),
    {
      what: 'nothing but zeros, as a copy that broke off leaves it',
      next: 'Copy it again from its source.',
    },
  ],
];

/**
 * A DICOM data set without its file header, as old archives keep it: it begins with group 0008, or with the group length of
 * 0002 (PS3.5, 7.1), in little-endian byte order.
 */
function startsAsDataSet(bytes: Buffer): boolean {
  if (bytes.length < 16) return false;
  const [group, element, length] = [bytes.readUInt16LE(0), bytes.readUInt16LE(2), bytes.readUInt32LE(4)];
  if (group !== 0x0008 && group !== 0x0002) return false;
  const isExplicit = /^(UL|UI|CS|SH|OB)$/.test(bytes.toString('latin1', 4, 6));
  return [0x0000, 0x0001, 0x0005, 0x0008, 0x0012, 0x0016].includes(element) && (isExplicit || length <= 256);
}

/** What a file is that is no PNG. Undefined where nothing tells. */
export const fileKind = (bytes: Buffer): FileKind | undefined => KINDS.find(([is]) => is(bytes))?.[1];
