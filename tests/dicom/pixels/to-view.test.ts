import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readObject } from '../../../dicom/data-set/read-object.js';
import { TAGS } from '../../../dicom/data-set/tags.js';
import { textElement, wordElement } from '../../../dicom/data-set/write-object.js';
import { pixelFormatOf } from '../../../dicom/image/describe-image.js';
import { decodePixels } from '../../../dicom/pixels/decode-pixels.js';
import { toView } from '../../../dicom/pixels/to-view.js';
import { deviceName, type PixelPolicy } from '../../../dicom/policies/pixel-policy.js';
import { policyFor } from '../../../dicom/policies/policy-table.js';
import { readGrey16Png } from '../../../imaging/grey16-png.js';
import type { View } from '../../../pipeline/exam.js';
import { type MammogramSettings, mammogram } from '../../support/dicom/objects.js';
import { runDicomScript } from '../../support/dicom/packages.js';

const STANDARD = policyFor('hologic').policy;

async function view(settings: MammogramSettings, policy: Partial<PixelPolicy> = {}, of: View = 'L_CC') {
  const bytes = mammogram({ rows: 1, columns: 4, ...settings });
  const object = readObject(bytes, { what: 'It' });
  const format = pixelFormatOf(object, 'It');
  const stored = await decodePixels(object, format, 'It', bytes);
  return toView(object, format, stored, { ...STANDARD, ...policy }, of, 'It');
}
const pixels = async (...args: Parameters<typeof view>): Promise<number[]> => [...(await view(...args)).image.pixels];
const four = (...values: number[]): Uint16Array => Uint16Array.from(values);

describe('from stored values to the picture that the model knows', () => {
  it('is what pydicom and pypng make of the same file, for every depth and syntax', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mammoflow-nyu-'));
    try {
      await runDicomScript('write-pixels.py', folder);
      await runDicomScript('write-nyu-png.py', folder);
      const names = (await readdir(folder)).filter((name) => /-(10|12|14|16)u\.png$/.test(name));
      assert.ok(names.length > 20);
      for (const name of names) {
        const bytes = await readFile(join(folder, name.replace('.png', '.dcm')));
        const object = readObject(bytes, { what: name });
        const format = pixelFormatOf(object, name);
        const stored = await decodePixels(object, format, name, bytes);
        const { image } = toView(object, format, stored, STANDARD, 'L_CC', name);
        const peer = await readGrey16Png(join(folder, name));
        assert.deepEqual([image.rows, image.columns], [peer.rows, peer.columns]);
        assert.ok(equal(image.pixels, peer.pixels), name);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('scales from stored bits to 16, to the nearest', async () => {
    assert.deepEqual(await pixels({ pixels: four(0, 1, 2048, 4095) }), [0, 16, 32776, 65535]);
    assert.deepEqual(await pixels({ bits: 14, pixels: four(0, 1, 8191, 16383) }), [0, 4, 32765, 65535]);
    assert.deepEqual(await pixels({ bits: 16, pixels: four(0, 1, 32768, 65535) }), [0, 1, 32768, 65535]);
  });

  it('inverts MONOCHROME1 exactly once', async () => {
    const first = {
      PhotometricInterpretation: ['CS', 'MONOCHROME1'],
      PresentationLUTShape: ['CS', 'INVERSE'],
    } as const;
    assert.deepEqual(await pixels({ pixels: four(4095, 4094, 1, 0), with: first }), [0, 16, 65519, 65535]);
  });

  it('does not guess black and white where the object contradicts itself, unless the device is known for it', async () => {
    const odd = { PresentationLUTShape: ['CS', 'INVERSE'] } as const;
    await assert.rejects(view({ with: odd }), /MONOCHROME2 with the Presentation LUT Shape INVERSE/);
    assert.deepEqual(
      await pixels({ pixels: four(0, 1, 2, 4095), with: odd }, { inversion: 'photometric-only' }),
      [0, 16, 32, 65535],
    );
    assert.deepEqual(
      await pixels({ pixels: four(0, 1, 2, 4095), with: odd }, { inversion: 'always' }),
      [65535, 65519, 65503, 0],
    );
  });

  it('makes padding and a background that is not 0 into background, after the inversion', async () => {
    const elements = [wordElement(TAGS.PixelPaddingValue, 4000), wordElement(TAGS.PixelPaddingRangeLimit, 4095)];
    assert.deepEqual(await pixels({ pixels: four(3999, 4000, 4095, 1), elements }), [63999, 0, 0, 16]);
    assert.deepEqual(
      await pixels({ pixels: four(3999, 4000, 4095, 1), elements }, { padding: 'keep' }),
      [63999, 64015, 65535, 16],
    );
    const first = { PhotometricInterpretation: ['CS', 'MONOCHROME1'] } as const;
    assert.deepEqual(await pixels({ pixels: four(4095, 3999, 4000, 0), elements, with: first }), [0, 1536, 0, 65535]);
    assert.deepEqual(await pixels({ pixels: four(0, 7, 8, 4095) }, { backgroundUpTo: 7 }), [0, 0, 128, 65535]);
  });

  it('takes signed values that are not negative, and others only where a policy says what they mean', async () => {
    const signed = (...values: number[]) => ({ signed: true, pixels: Int16Array.from(values) });
    assert.deepEqual(await pixels(signed(0, 1, 2, 2047)), [0, 16, 32, 32759]);
    await assert.rejects(view(signed(-1, 0, 1, 2)), /negative value -1/);
    assert.deepEqual(await pixels(signed(-2048, -2047, 0, 2047), { signed: 'offset' }), [0, 16, 32776, 65535]);
  });

  it('turns pictures as Patient Orientation says, and refuses one that lies on its side', async () => {
    const lying = { rows: 2, columns: 2, bits: 16, pixels: four(1, 2, 3, 4) };
    const turned = (row: string, column: string, of: View) =>
      pixels({ ...lying, with: { PatientOrientation: ['CS', `${row}\\${column}`] } }, {}, of);
    assert.deepEqual(await turned('A', 'R', 'L_CC'), [1, 2, 3, 4]);
    assert.deepEqual(await turned('P', 'R', 'L_CC'), [2, 1, 4, 3]);
    assert.deepEqual(await turned('P', 'L', 'L_CC'), [4, 3, 2, 1]);
    assert.deepEqual(await turned('P', 'L', 'R_CC'), [1, 2, 3, 4]);
    assert.deepEqual(await turned('A', 'FR', 'L_MLO'), [1, 2, 3, 4]);
    assert.deepEqual(await turned('A', 'H', 'R_MLO'), [4, 3, 2, 1]);
    await assert.rejects(turned('F', 'A', 'L_MLO'), /Patient Orientation F\\A/);
    await assert.rejects(turned('DOE', 'JANE', 'L_CC'), (error: Error) => !/DOE|JANE/.test(error.message));
  });

  it('applies the VOI of the object where the device keeps its picture there', async () => {
    const table = {
      tag: TAGS.VOILUTSequence,
      vr: 'SQ',
      items: [[wordElement(TAGS.LUTDescriptor, 3, 10, 12), { ...wordElement(TAGS.LUTData, 0, 100, 4095), vr: 'OW' }]],
    };
    const stored = four(9, 10, 11, 500);
    assert.deepEqual(await pixels({ pixels: stored, elements: [table] }, { voi: 'table' }), [0, 0, 1600, 65535]);
    await assert.rejects(view({}, { voi: 'table' }), /no VOI LUT/);
    const window = [textElement(TAGS.WindowCenter, 'DS', '100.5'), textElement(TAGS.WindowWidth, 'DS', '101')];
    const windowed = await pixels({ pixels: four(49, 50, 100, 150), elements: window }, { voi: 'window' });
    assert.deepEqual(windowed, [0, 0, 32776, 65535]);
  });

  it('knows a device by a name that tells nothing else', () => {
    assert.equal(deviceName('HOLOGIC, Inc.', 'Selenia Dimensions'), 'hologic-selenia-dimensions');
    assert.equal(deviceName('FUJIFILM Corporation', 'FDR-3000AWS'), 'fujifilm-fdr-3000aws');
    assert.equal(deviceName('GE MEDICAL SYSTEMS', 'Senographe Pristina'), 'ge-senographe-pristina');
    assert.equal(deviceName(undefined, undefined), 'unknown');
    assert.equal(policyFor('acme-mammo').unknown, true);
    assert.equal(policyFor('ge-senographe-pristina').id, 'ge');
    assert.equal(policyFor('geneva-mammo').id, 'unknown');
  });
});

const equal = (a: Uint16Array, b: Uint16Array): boolean =>
  a.length === b.length && a.every((value, at) => value === b[at]);
