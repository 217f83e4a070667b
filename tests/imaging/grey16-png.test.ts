import assert from 'node:assert/strict';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { checkGrey16Png, readGrey16Png, writeGrey16Png } from '../../imaging/grey16-png.js';
import { pngChunk } from '../../imaging/png-chunks.js';
import { ExamError } from '../../pipeline/errors.js';
import { assemble, bigEndianLines, drawBreast, makePng } from './png-fixtures.js';

const gradient = {
  rows: 5,
  columns: 7,
  pixels: Uint16Array.from({ length: 35 }, (_, index) => (index * 1900 + (index % 3)) & 0xffff),
};
const gradientPng = makePng({ ...gradient, lines: bigEndianLines(gradient) });

const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

describe('16-bit greyscale PNGs', () => {
  it('come back as they were written, every value from 0 to 65535', async () => {
    const image = { rows: 256, columns: 256, pixels: Uint16Array.from({ length: 65536 }, (_, index) => index) };
    assert.deepEqual(await readGrey16Png(await writeGrey16Png(image)), image);
  });

  it('come back as they were written, whatever their size and content', async () => {
    const images = fc
      .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }))
      .chain(([rows, columns]) =>
        fc
          .array(fc.integer({ min: 0, max: 65535 }), { minLength: rows * columns, maxLength: rows * columns })
          .map((values) => ({ rows, columns, pixels: Uint16Array.from(values) })),
      );
    await fc.assert(
      fc.asyncProperty(images, async (image) => {
        const png = await writeGrey16Png(image);
        assert.deepEqual(await readGrey16Png(png), image);
        assert.deepEqual(await checkGrey16Png(png), { rows: image.rows, columns: image.columns });
      }),
      { numRuns: 30 },
    );
  });

  it('have the same bytes each time and say nothing but their pixels', async () => {
    const png = await writeGrey16Png(drawBreast(300, 280));
    assert.deepEqual(await writeGrey16Png(drawBreast(300, 280)), png);
    assert.ok(!png.includes('tIME') && !png.includes('tEXt') && !png.includes('eXIf'));
  });

  it('are read as they are although an ancillary chunk says otherwise', async () => {
    const ancillary = [
      pngChunk('gAMA', Buffer.from([0, 0, 0xb1, 0x8f])),
      pngChunk('sBIT', Buffer.from([12])),
      pngChunk('bKGD', Buffer.from([0x12, 0x34])),
      pngChunk('iCCP', Buffer.concat([Buffer.from('x\0\0', 'latin1'), deflateSync(Buffer.alloc(5000))])),
    ];
    const png = makePng({ ...gradient, lines: bigEndianLines(gradient), ancillary });
    assert.deepEqual(await readGrey16Png(png), gradient);
  });

  it('are read when interlaced, as they are', async () => {
    const header = Buffer.from(gradientPng.subarray(16, 29));
    header[12] = 1;
    const rows: Buffer[] = [];
    // Adam7 (PNG specification, 8.1): first column and row of each pass, and the steps between them.
    for (const [left, top, right, down] of ADAM7) {
      for (let row = top; row < gradient.rows; row += down) {
        const values: number[] = [];
        for (let column = left; column < gradient.columns; column += right) {
          values.push(gradient.pixels[row * gradient.columns + column] as number);
        }
        if (values.length > 0) rows.push(Buffer.from([0]), Buffer.from(Uint16Array.from(values).buffer).swap16());
      }
    }
    const png = assemble([pngChunk('IHDR', header), pngChunk('IDAT', deflateSync(Buffer.concat(rows)))]);
    assert.deepEqual(await readGrey16Png(png), gradient);
  });

  const wrong: readonly (readonly [title: string, bytes: Buffer, sentence: RegExp])[] = [
    ['empty', Buffer.alloc(0), /is empty \(zero bytes\)\. /],
    ['no PNG', Buffer.from('DICM and so on, not a picture'), /is not a PNG file\. /],
    [
      '8-bit',
      makePng({ rows: 4, columns: 4, depth: 8 }),
      /is an 8-bit greyscale PNG, not a 16-bit one\. Export .*more than 256 grey levels/,
    ],
    [
      '8-bit RGB',
      makePng({ rows: 4, columns: 4, depth: 8, colour: 2 }),
      /is an 8-bit RGB PNG, not 16-bit greyscale\. /,
    ],
    ['of one bit', makePng({ rows: 4, columns: 4, depth: 1 }), /is a 1-bit greyscale PNG.*more than 2 grey levels/],
    ['RGB', makePng({ rows: 4, columns: 4, colour: 2 }), /is a 16-bit RGB PNG, not 16-bit greyscale\. /],
    ['palette', makePng({ rows: 4, columns: 4, depth: 8, colour: 3 }), /is an 8-bit palette PNG/],
    ['transparent', makePng({ rows: 4, columns: 4, colour: 4 }), /is a 16-bit greyscale with transparency PNG/],
    [
      'with a transparent colour',
      makePng({ rows: 4, columns: 4, ancillary: [pngChunk('tRNS', Buffer.from([0, 0]))] }),
      /has a transparent colour\. /,
    ],
    ['cut short in the pixels', gradientPng.subarray(0, 60), /is cut short: its end is missing\. /],
    ['cut short at the last byte', gradientPng.subarray(0, -1), /is cut short/],
    ['cut short after the signature', gradientPng.subarray(0, 8), /is cut short/],
    ['with a flipped bit', flipped(gradientPng, 50), /is damaged: a checksum does not match\. /],
    ['without pixels', assemble([gradientPng.subarray(8, 33)]), /is damaged: it holds no pixels\. /],
    ['of no height', makePng({ rows: 0, columns: 4 }), /a side of 0 pixels\. /],
    ['with a side too long', bomb(20_000, 4), /is too large: 4 × 20000 pixels\. Use an image of at most 16384/],
    ['with too many pixels', bomb(16_384, 16_384), /is too large: 16384 × 16384 pixels/],
  ];
  for (const [title, bytes, sentence] of wrong) {
    it(`are refused in one sentence when ${title}, when put as well as when read`, async () => {
      for (const open of [readGrey16Png, checkGrey16Png]) {
        await assert.rejects(open(bytes, { exam: 'exam-1', view: 'L_CC' }), (error: unknown) => {
          assert.ok(error instanceof ExamError);
          assert.equal(error.code, 'invalid-image');
          assert.equal(error.view, 'L_CC');
          assert.match(error.sentence, sentence);
          assert.match(error.sentence, /^L_CC\.png of exam exam-1 /);
          return true;
        });
      }
    });
  }

  it('are refused when read if their checksums hold but their pixels do not', async () => {
    const header = gradientPng.subarray(8, 33);
    const noise = Buffer.from('no deflated data whatever');
    const half = deflateSync(Buffer.alloc(30));
    const cut = deflateSync(Buffer.from(gradientPng)).subarray(0, 20);
    for (const data of [noise, half, cut]) {
      const png = assemble([header, pngChunk('IDAT', data)]);
      assert.deepEqual(await checkGrey16Png(png), { rows: 5, columns: 7 });
      await assert.rejects(readGrey16Png(png, { what: 'scan.png' }), /^ExamError: scan\.png is damaged: its pixels/);
    }
  });

  function flipped(bytes: Buffer, place: number): Buffer {
    const copy = Buffer.from(bytes);
    copy[place] = (copy[place] as number) ^ 1;
    return copy;
  }

  /** A header that promises more pixels than the file holds. */
  function bomb(rows: number, columns: number): Buffer {
    const header = Buffer.from(gradientPng.subarray(16, 29));
    header.writeUInt32BE(columns, 0);
    header.writeUInt32BE(rows, 4);
    return assemble([pngChunk('IHDR', header), pngChunk('IDAT', deflateSync(Buffer.alloc(1000)))]);
  }
});
