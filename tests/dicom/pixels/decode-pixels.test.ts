import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import codecs from 'dcmjs-codecs';
import { readObject } from '../../../dicom/data-set/read-object.js';
import { TAGS } from '../../../dicom/data-set/tags.js';
import { type NewElement, textElement, wordElement, writeObject } from '../../../dicom/data-set/write-object.js';
import { pixelFormatOf } from '../../../dicom/image/describe-image.js';
import { decodePixels, type StoredValues } from '../../../dicom/pixels/decode-pixels.js';
import { execute } from '../../../infra/dev/tool-cache.js';
import { ExamError } from '../../../pipeline/errors.js';
import { runDicomScript } from '../../support/dicom/packages.js';
import { itWithTools, type Peer } from '../../support/dicom/peers.js';

const decode = (bytes: Buffer): Promise<StoredValues> => {
  const object = readObject(bytes, { what: 'It' });
  return decodePixels(object, pixelFormatOf(object, 'It'), 'It', bytes);
};
const bytesOf = (values: StoredValues): Buffer => Buffer.from(values.buffer, values.byteOffset, values.byteLength);
const refusal = (pattern: RegExp) => (error: unknown) =>
  error instanceof ExamError && error.code === 'invalid-dicom' && pattern.test(error.message);

describe('decoding pixels', () => {
  let folder: string;
  let names: readonly string[];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mammoflow-pixels-'));
    await runDicomScript('write-pixels.py', folder);
    await writeHighThroughput(folder);
    await runDicomScript('read-pixels.py', folder);
    names = (await readdir(folder)).filter((name) => name.endsWith('.dcm')).map((name) => name.slice(0, -4));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const FORMS: readonly (readonly [string, Peer?])[] = [
    ['implicit'],
    ['explicit'],
    ['big'],
    ['deflated'],
    ['masked'],
    ['masked-big'],
    ['fragments'],
    ['extended-table'],
    ['pydicom-rle'],
    ['pydicom-j2k'],
    ['pydicom-jpegls'],
    ['openjph-htj2k'],
    ['gdcm-rle', 'gdcmconv'],
    ['gdcm-lossless-sv1', 'gdcmconv'],
    ['gdcm-jpegls', 'gdcmconv'],
    ['gdcm-j2k', 'gdcmconv'],
    ['dcmtk-rle', 'dcmcrle'],
    ['dcmtk-lossless-sv1', 'dcmcjpeg'],
    ...[1, 2, 3, 4, 5, 6, 7].map((predictor): readonly [string, Peer] => [`dcmtk-lossless-${predictor}`, 'dcmcjpeg']),
    ['dcmtk-fragments', 'dcmcjpeg'],
    ['dcmtk-jpegls', 'dcmcjpls'],
  ];
  for (const [form, command] of FORMS) {
    const tools = command === undefined ? [] : [command];
    itWithTools(tools, `gives what was encoded, and what pydicom gives, for ${form} of every depth`, async () => {
      const found = names.filter((name) => new RegExp(`^${form}-\\d+[us]$`).test(name));
      assert.ok(found.length > 0, `nothing was written for ${form}`);
      for (const name of found) {
        const [bytes, encoded, pydicom] = await Promise.all(
          ['.dcm', '.raw', '.pydicom'].map((end) => readFile(join(folder, name + end))),
        );
        const decoded = bytesOf(await decode(bytes as Buffer));
        assert.ok(decoded.equals(encoded as Buffer), `${name} differs from what was encoded`);
        assert.ok(decoded.equals(pydicom as Buffer), `${name} differs from pydicom`);
      }
    });
  }

  itWithTools(['dcmcjpeg'], 'gives what DCMTK gives for lossy JPEG of 8 and 12 bits', async () => {
    for (const [source, process] of [
      ['explicit-8u', '--encode-baseline'],
      ['explicit-8u', '--encode-extended'],
      ['explicit-12u', '--encode-extended'],
    ] as const) {
      const [lossy, plain] = [join(folder, 'lossy.jpg.dcm'), join(folder, 'lossy.plain.dcm')];
      await execute('dcmcjpeg', [process, '--quality', '90', join(folder, `${source}.dcm`), lossy]);
      await execute('dcmdjpeg', [lossy, plain]);
      const bytes = await readFile(lossy);
      assert.notEqual(readObject(bytes, { what: 'It' }).syntax.compression, 'none');
      assert.ok(
        bytesOf(await decode(bytes)).equals(bytesOf(await decode(await readFile(plain)))),
        `${source} ${process}`,
      );
    }
  });

  it('refuses compressed pixels that are cut short or have a gap, in every syntax', async () => {
    const forms = FORMS.map(([form]) => form).filter((form) => !/^(implicit|explicit|big|deflated|masked)/.test(form));
    for (const form of forms) {
      const name = names.find((candidate) => new RegExp(`^${form}-12u$`).test(candidate));
      if (name === undefined) continue;
      const bytes = await readFile(join(folder, `${name}.dcm`));
      const object = readObject(bytes, { what: 'It' });
      const whole = Buffer.concat(object.dataSet.elements.get(TAGS.PixelData)?.fragments ?? []);
      const third = Math.floor(whole.length / 6) * 2;
      for (const [what, frame] of [
        ['cut short', whole.subarray(0, 2 * third)],
        ['with a gap', Buffer.concat([whole.subarray(0, third), whole.subarray(2 * third)])],
        ['cut short, with its last bytes', Buffer.concat([whole.subarray(0, 2 * third), whole.subarray(-2)])],
      ] as const) {
        const damaged = withFrame(object.syntax.uid, 12, 0, [62, 48], frame);
        await assert.rejects(decode(damaged), refusal(/damaged|cut short/), `${name} ${what}`);
      }
    }
  });

  it('refuses pixels that are not what the object says of them', async () => {
    const native = await readFile(join(folder, 'explicit-12u.dcm'));
    const { dataSet } = readObject(native, { what: 'It' });
    const pixels = dataSet.elements.get(TAGS.PixelData);
    const value = dataSet.bytes.subarray(pixels?.offset, (pixels?.offset ?? 0) + (pixels?.length ?? 0));
    const plain = (size: readonly [number, number], bytes: Buffer) =>
      withPixels('1.2.840.10008.1.2.1', 12, 0, size, { tag: TAGS.PixelData, vr: 'OW', value: bytes });
    await assert.rejects(decode(plain([62, 48], value.subarray(2))), refusal(/bytes of pixels, and its size asks for/));
    await assert.rejects(decode(plain([62, 47], value)), refusal(/bytes of pixels/));
    const whole = readObject(await readFile(join(folder, 'pydicom-j2k-12u.dcm')), { what: 'It' });
    const frame = Buffer.concat(whole.dataSet.elements.get(TAGS.PixelData)?.fragments ?? []);
    await assert.rejects(decode(withFrame(whole.syntax.uid, 12, 0, [48, 62], frame)), refusal(/48 × 62 pixels/));
    await assert.rejects(decode(withFrame(whole.syntax.uid, 12, 1, [62, 48], frame)), refusal(/signed/));
    await assert.rejects(decode(withFrame(whole.syntax.uid, 10, 0, [62, 48], frame)), refusal(/more than the 10 bits/));
    await assert.rejects(
      decode(withPixels('1.2.840.10008.1.2.4.90', 12, 0, [62, 48], { tag: TAGS.PixelData, vr: 'OW', value })),
      refusal(/uncompressed pixels in JPEG 2000/),
    );
  });
});

const MAMMOGRAM = '1.2.840.10008.5.1.4.1.1.1.2';

function withPixels(
  syntax: string,
  bits: number,
  signed: 0 | 1,
  [rows, columns]: readonly [number, number],
  pixels: NewElement,
): Buffer {
  const elements = [
    textElement(TAGS.SOPClassUID, 'UI', MAMMOGRAM),
    textElement(TAGS.SOPInstanceUID, 'UI', '1.2.3'),
    textElement(TAGS.StudyInstanceUID, 'UI', '1.2.3.1'),
    textElement(TAGS.SeriesInstanceUID, 'UI', '1.2.3.2'),
    textElement(TAGS.Modality, 'CS', 'MG'),
    textElement(TAGS.PhotometricInterpretation, 'CS', 'MONOCHROME2'),
    wordElement(TAGS.SamplesPerPixel, 1),
    wordElement(TAGS.Rows, rows),
    wordElement(TAGS.Columns, columns),
    wordElement(TAGS.BitsAllocated, bits > 8 ? 16 : 8),
    wordElement(TAGS.BitsStored, bits),
    wordElement(TAGS.HighBit, bits - 1),
    wordElement(TAGS.PixelRepresentation, signed),
    pixels,
  ];
  return writeObject(elements, { transferSyntax: syntax, sopClass: MAMMOGRAM, sopInstance: '1.2.3' });
}

const withFrame = (syntax: string, bits: number, signed: 0 | 1, size: readonly [number, number], frame: Buffer) =>
  withPixels(syntax, bits, signed, size, { tag: TAGS.PixelData, vr: 'OB', fragments: [frame] });

/** No encoder of Python's writes HTJ2K; OpenJPH does, and OpenJPEG in pydicom reads it. */
async function writeHighThroughput(folder: string): Promise<void> {
  const { NativeCodecs, Context } = codecs;
  await NativeCodecs.initializeAsync();
  for (const [bits, signed] of [8, 10, 12, 14, 16].flatMap((bits) => [
    [bits, 0],
    [bits, 1],
  ]) as [number, 0 | 1][]) {
    if (bits === 8 && signed === 1) continue;
    const label = `${bits}${signed === 1 ? 's' : 'u'}`;
    const raw = await readFile(join(folder, `explicit-${label}.raw`));
    const samples = bits === 8 ? raw.filter((_, index) => index % 2 === 0) : raw;
    const context = new Context({
      ...{ width: 48, height: 62, bitsAllocated: bits > 8 ? 16 : 8, bitsStored: bits, samplesPerPixel: 1 },
      ...{ pixelRepresentation: signed, planarConfiguration: 0, photometricInterpretation: 'MONOCHROME2' },
      decodedBuffer: samples,
    });
    const frame = NativeCodecs.encodeHtJpeg2000(context, {}).getEncodedBuffer();
    const bytes = withFrame('1.2.840.10008.1.2.4.201', bits, signed, [62, 48], Buffer.from(frame ?? []));
    await writeFile(join(folder, `openjph-htj2k-${label}.dcm`), bytes);
    await writeFile(join(folder, `openjph-htj2k-${label}.raw`), raw);
  }
  NativeCodecs.release();
}
