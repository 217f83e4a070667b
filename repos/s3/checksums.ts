/** A SHA-256 as S3 writes it. */
export const hexToBase64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');

/**
 * The SHA-256 of a whole object in lower-case hex, from what a server says of it. Undefined where it says nothing, and for
 * multipart uploads, whose checksums ("…-3") are of the parts and not of the file.
 */
export const wholeSha256 = (checksum: string | undefined): string | undefined =>
  checksum === undefined || checksum.includes('-') ? undefined : Buffer.from(checksum, 'base64').toString('hex');
