/*
 * The end of a zip file (PKWARE's APPNOTE, 4.3): a directory with a record for each entry, and behind it a record that
 * says where the directory begins. Where numbers do not fit their field, all its bits are set and a 64-bit record says it.
 */
const END = 0x06054b50;
const END_BYTES = 22;
const LONGEST_COMMENT = 0xffff;
const LOCATOR_64 = 0x07064b50;
const LOCATOR_64_BYTES = 20;
const END_64 = 0x06064b50;
const ENTRY = 0x02014b50;
const ENTRY_BYTES = 46;
const TOO_LARGE = 0xffffffff;

/**
 * The CRC-32 of each entry by name, from a zip file's directory.
 * @throws RangeError when there is none, or when it is damaged.
 */
export function zipChecksums(bytes: Uint8Array): Map<string, number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - END_BYTES;
  const least = Math.max(0, end - LONGEST_COMMENT);
  while (end >= least && view.getUint32(end, true) !== END) end -= 1;
  if (end < least) throw new RangeError('no end of directory');
  const checksums = new Map<string, number>();
  let offset = directoryStart(view, end);
  while (view.getUint32(offset, true) === ENTRY) {
    const [name, extra, comment] = [28, 30, 32].map((field) => view.getUint16(offset + field, true));
    const start = offset + ENTRY_BYTES;
    const text = Buffer.from(bytes.subarray(start, start + name!)).toString('utf8');
    checksums.set(text, view.getUint32(offset + 16, true));
    offset = start + name! + extra! + comment!;
  }
  return checksums;
}

function directoryStart(view: DataView, end: number): number {
  const start = view.getUint32(end + 16, true);
  if (start !== TOO_LARGE) return start;
  const locator = end - LOCATOR_64_BYTES;
  if (view.getUint32(locator, true) !== LOCATOR_64) throw new RangeError('no 64-bit directory');
  const end64 = Number(view.getBigUint64(locator + 8, true));
  if (view.getUint32(end64, true) !== END_64) throw new RangeError('no 64-bit directory');
  return Number(view.getBigUint64(end64 + 48, true));
}
