import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { checkGrey16Png } from '../../imaging/grey16-png.js';
import { ExamError } from '../../pipeline/errors.js';
import { makePng } from './png-fixtures.js';

const latin = (text: string): Buffer => Buffer.from(text, 'latin1');
/** A DICOM file: preamble, prefix, and the first element of its header. */
const DICOM = Buffer.concat([Buffer.alloc(128), latin('DICM\x02\0\0\0UL\x04\0\xc0\0\0\0')]);
const png = makePng({ rows: 4, columns: 4 });
const asText = (from: RegExp, to: string): Buffer => latin(png.toString('latin1').replace(from, to));
const padded = (text: string, length = 64): Buffer => Buffer.concat([latin(text), Buffer.alloc(length)]);

/** What lies under a view's name, and what is said of it. */
const FILES: readonly (readonly [Buffer, RegExp])[] = [
  [padded('\xff\xd8\xff\xe0\0\x10JFIF'), /is a JPEG picture, not a PNG file\. Export .*does not come back/],
  [padded('\xff\xd8\xff\xf7'), /is a JPEG picture/],
  [padded('\0\0\0\x0cjP  \r\n\x87\n'), /is a JPEG 2000 picture, not a PNG file\. Export it as a single-channel/],
  [padded('II*\0\x08'), /is a TIFF picture, not a PNG file\. Convert it/],
  [padded('MM\0*\0'), /is a TIFF picture/],
  [padded('II+\0'), /is a TIFF picture/],
  [DICOM, /is a DICOM file, not a PNG file\. Export its picture/],
  [padded('\x08\0\x05\0CS\x0a\0ISO_IR 100'), /is a DICOM file/],
  [padded('\x08\0\x16\0\x1a\0\0\x001.2.840'), /is a DICOM file/],
  [
    latin('version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 9\n'),
    /is a Git LFS pointer.*`git lfs pull`/,
  ],
  [latin('/annex/objects/MD5E-s9--ab.png\n'), /is a git-annex pointer.*`git annex get`/],
  [gzipSync(png), /is a gzip archive, not a PNG file\. Unpack it/],
  [padded('PK\x03\x04'), /is a ZIP archive/],
  [padded('BZh9'), /is a bzip2 archive/],
  [padded('\xfd7zXZ\0'), /is an xz archive/],
  [Buffer.concat([padded('L_CC.png', 249), latin('ustar\0'), Buffer.alloc(200)]), /is a tar archive/],
  [padded('%PDF-1.7\n'), /is a PDF document/],
  [padded('\x89HDF\r\n\x1a\n'), /is an HDF5 file/],
  [Buffer.concat([Buffer.alloc(512), padded('\x89HDF\r\n\x1a\n')]), /is an HDF5 file/],
  [padded('\x93NUMPY\x01\0'), /is a numpy array/],
  [padded('BM\x36\x10\0\0\0\0\0\0'), /is a BMP picture/],
  [padded('GIF89a'), /is a GIF picture/],
  [padded('RIFF\x10\0\0\0WEBPVP8 '), /is a WebP picture/],
  [latin('P5\n4 4\n65535\n'), /is a PNM picture/],
  [padded('\0\x05\x16\x07\0\x02'), /is a file that macOS puts beside the real one/],
  [latin('<!DOCTYPE html><html>Sign in'), /is a web page, not a PNG file\. Download the file again/],
  [
    latin('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'),
    /is an XML document.*what a server answered/,
  ],
  [latin('{"error": "no"}'), /is a JSON text/],
  [Buffer.alloc(5000), /is nothing but zeros, as a copy that broke off leaves it/],
  [asText(/\r\n/g, '\n'), /is a PNG file that was changed as if it were text.*in binary mode/],
  [asText(/\n/g, '\r\n'), /is a PNG file that was changed as if it were text/],
  [Buffer.from(png.toString('utf8')), /is a PNG file that was changed as if it were text/],
  [latin('a text of no kind'), /is not a PNG file\. Export it/],
];

describe("a file under a view's name", () => {
  for (const [bytes, sentence] of FILES) {
    it(`is said to be what it is, and what to do with it: ${String(sentence).slice(1, 40)}`, async () => {
      await assert.rejects(checkGrey16Png(bytes, { exam: 'exam-1', view: 'L_CC' }), (error: unknown) => {
        assert.ok(error instanceof ExamError);
        assert.equal(error.code, 'invalid-image');
        assert.match(error.sentence, /^L_CC\.png of exam exam-1 is [^\n]*\.$/);
        assert.match(error.sentence, sentence);
        return true;
      });
    });
  }
});
