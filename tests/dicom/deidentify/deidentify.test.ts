import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readObject } from '../../../dicom/data-set/read-object.js';
import { TAGS } from '../../../dicom/data-set/tags.js';
import { text } from '../../../dicom/data-set/values.js';
import { textElement } from '../../../dicom/data-set/write-object.js';
import { deidentify } from '../../../dicom/deidentify/deidentify.js';
import { openPseudonyms, shiftedDate } from '../../../dicom/deidentify/pseudonyms.js';
import { pixelFormatOf } from '../../../dicom/image/describe-image.js';
import { decodePixels } from '../../../dicom/pixels/decode-pixels.js';
import { type MammogramSettings, mammogram, viewCode } from '../../support/dicom/objects.js';
import { runDicomScript } from '../../support/dicom/packages.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';

const pseudonyms = openPseudonyms(Buffer.alloc(32, 7));
const clean = (settings: MammogramSettings = {}) =>
  deidentify(readObject(mammogram(settings), { what: 'It' }), pseudonyms, 'It');

describe('taking the identity from an object', () => {
  it('keeps what a picture needs, and nothing that tells whose it is', () => {
    const { bytes, instance } = clean({
      with: {
        PatientID: ['LO', 'MRN-1'],
        PatientName: ['PN', 'Zyx^Quint'],
        StudyDate: ['DA', '20240229'],
        AccessionNumber: ['SH', 'ACC-1'],
        InstitutionName: ['LO', 'Saint Nowhere'],
      },
      elements: [
        viewCode('399162004'),
        textElement(0x00190010, 'LO', 'A VENDOR'),
        textElement(0x00191001, 'LO', 'PRIVATE-TEXT'),
        textElement(0x00204000, 'LT', 'FREE-TEXT'),
        { tag: 0x60003000, vr: 'OW', value: Buffer.from('OVERLAY!') },
      ],
    });
    const found = bytes.toString('latin1');
    for (const secret of [
      'MRN-1',
      'Zyx',
      'Quint',
      '20240229',
      'ACC-1',
      'Nowhere',
      'VENDOR',
      'PRIVATE',
      'FREE',
      'OVERLAY',
      '1.2.3.1',
    ]) {
      assert.ok(!found.includes(secret), secret);
    }
    const { dataSet } = readObject(bytes, { what: 'It' });
    assert.equal(text(dataSet, 'PatientID'), pseudonyms.patient('MRN-1'));
    assert.equal(text(dataSet, 'SOPInstanceUID'), instance);
    assert.equal(text(dataSet, 'StudyInstanceUID'), pseudonyms.uid('1.2.3.1'));
    assert.equal(text(dataSet, 'ImageLaterality'), 'L');
    assert.equal(text(dataSet, 'StudyDate'), shiftedDate('20240229', pseudonyms.daysBack('MRN-1')));
    assert.equal(
      [...dataSet.elements.keys()].some((tag) => (tag >>> 16) % 2 === 1),
      false,
    );
  });

  it('gives the same bytes for the same object and key, and others for another key', () => {
    assert.ok(clean().bytes.equals(clean().bytes));
    const other = deidentify(readObject(mammogram(), { what: 'It' }), openPseudonyms(Buffer.alloc(32, 8)), 'It');
    assert.notEqual(other.instance, clean().instance);
  });

  it('refuses text that is burned in, and an object that does not say whose it is', () => {
    assert.throws(() => clean({ with: { BurnedInAnnotation: ['CS', 'YES'] } }), /text or a face in its pixels/);
    assert.throws(() => clean({ with: { PatientID: null } }), /no Patient ID/);
  });

  it('keeps every pixel of every depth and syntax, and not what lies above the bits of a value', async () => {
    await withTemporaryFolder(async (folder) => {
      await runDicomScript('write-pixels.py', folder);
      const names = (await readdir(folder)).filter((name) => name.endsWith('.dcm') && !/lossless-[2-6]-/.test(name));
      assert.ok(names.length > 60);
      for (const name of names) {
        const source = readObject(await readFile(join(folder, name)), { what: name });
        const { bytes } = deidentify(source, pseudonyms, name);
        const object = readObject(bytes, { what: name });
        const values = await decodePixels(object, pixelFormatOf(object, name), name, bytes);
        const encoded = await readFile(join(folder, name.replace('.dcm', '.raw')));
        assert.ok(Buffer.from(values.buffer, values.byteOffset, values.byteLength).equals(encoded), name);
        if (name.startsWith('masked-') && name.endsWith('12u.dcm')) {
          const pixels = object.dataSet.elements.get(TAGS.PixelData);
          const stored = bytes.subarray(pixels?.offset, (pixels?.offset ?? 0) + (pixels?.length ?? 0));
          assert.ok(
            stored.every((byte, at) => at % 2 === 0 || byte < 16),
            name,
          );
        }
      }
    });
  });

  it('shifts dates by days, and drops what is none', () => {
    assert.equal(shiftedDate('20240301', 1), '20240229');
    assert.equal(shiftedDate('20240101101500.5+0100', 1), '20231231101500.5');
    assert.equal(shiftedDate('20240230', 1), undefined);
    assert.equal(shiftedDate('yesterday', 1), undefined);
  });
});
