/** How a frame is compressed. */
export type Compression =
  | 'none'
  | 'rle'
  | 'jpeg-baseline'
  | 'jpeg-extended'
  | 'jpeg-lossless'
  | 'jpeg-ls'
  | 'jpeg-2000'
  | 'htj2k';

/** A transfer syntax (PS3.5, annex A): how elements are written, and how the pixels are. */
export interface TransferSyntax {
  readonly uid: string;
  readonly name: string;
  readonly explicit: boolean;
  readonly bigEndian: boolean;
  readonly deflated: boolean;
  readonly compression: Compression;
}

const native = (
  uid: string,
  name: string,
  { explicit = true, bigEndian = false, deflated = false } = {},
): TransferSyntax => ({ uid, name, explicit, bigEndian, deflated, compression: 'none' });

const compressed = (uid: string, name: string, compression: Compression): TransferSyntax => ({
  uid,
  name,
  explicit: true,
  bigEndian: false,
  deflated: false,
  compression,
});

export const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';

/** Every transfer syntax that is read. */
export const TRANSFER_SYNTAXES: readonly TransferSyntax[] = [
  native('1.2.840.10008.1.2', 'Implicit VR Little Endian', { explicit: false }),
  native(EXPLICIT_LITTLE_ENDIAN, 'Explicit VR Little Endian'),
  native('1.2.840.10008.1.2.1.99', 'Deflated Explicit VR Little Endian', { deflated: true }),
  native('1.2.840.10008.1.2.2', 'Explicit VR Big Endian', { bigEndian: true }),
  compressed('1.2.840.10008.1.2.5', 'RLE Lossless', 'rle'),
  compressed('1.2.840.10008.1.2.4.50', 'JPEG Baseline (Process 1)', 'jpeg-baseline'),
  compressed('1.2.840.10008.1.2.4.51', 'JPEG Extended (Process 2 and 4)', 'jpeg-extended'),
  compressed('1.2.840.10008.1.2.4.57', 'JPEG Lossless (Process 14)', 'jpeg-lossless'),
  compressed('1.2.840.10008.1.2.4.70', 'JPEG Lossless (Process 14, Selection Value 1)', 'jpeg-lossless'),
  compressed('1.2.840.10008.1.2.4.80', 'JPEG-LS Lossless', 'jpeg-ls'),
  compressed('1.2.840.10008.1.2.4.81', 'JPEG-LS Near-Lossless', 'jpeg-ls'),
  compressed('1.2.840.10008.1.2.4.90', 'JPEG 2000 (Lossless Only)', 'jpeg-2000'),
  compressed('1.2.840.10008.1.2.4.91', 'JPEG 2000', 'jpeg-2000'),
  compressed('1.2.840.10008.1.2.4.201', 'High-Throughput JPEG 2000 (Lossless Only)', 'htj2k'),
  compressed('1.2.840.10008.1.2.4.202', 'High-Throughput JPEG 2000 with RPCL (Lossless Only)', 'htj2k'),
  compressed('1.2.840.10008.1.2.4.203', 'High-Throughput JPEG 2000', 'htj2k'),
];

/** Undefined for one that is not read. */
export const transferSyntaxOf = (uid: string): TransferSyntax | undefined =>
  TRANSFER_SYNTAXES.find((syntax) => syntax.uid === uid);

/** How files begin: the meta information is always written so. */
export const META_SYNTAX = transferSyntaxOf(EXPLICIT_LITTLE_ENDIAN) as TransferSyntax;
