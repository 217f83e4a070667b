import assert from 'node:assert/strict';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readHead, readObject, readWhole } from '../../../dicom/data-set/read-object.js';
import { TAGS } from '../../../dicom/data-set/tags.js';
import { text } from '../../../dicom/data-set/values.js';
import { textElement } from '../../../dicom/data-set/write-object.js';
import { ExamError } from '../../../pipeline/errors.js';
import { mammogram, viewCode } from '../../support/dicom/objects.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';

const refusal =
  (pattern: RegExp, code = 'invalid-dicom') =>
  (error: unknown) =>
    error instanceof ExamError && error.code === code && pattern.test(error.message);

describe('reading a DICOM file', () => {
  const bytes = mammogram({ elements: [viewCode('399162004', 'SCT', '399209000')] });

  it('refuses a file that is cut short, wherever that is', () => {
    assert.equal(text(readObject(bytes, { what: 'It' }).dataSet, 'PatientID'), 'P1');
    for (let length = 0; length < bytes.length; length += 1) {
      // The last element may be cut away whole, and then nothing is cut short.
      const isBetweenElements = (error: unknown) => error instanceof ExamError && error.code === 'invalid-dicom';
      try {
        const { dataSet } = readObject(bytes.subarray(0, length), { what: 'It' });
        assert.equal(dataSet.elements.has(TAGS.PixelData), false, `cut to ${length} bytes`);
      } catch (error) {
        if (!isBetweenElements(error)) throw error;
      }
    }
  });

  it('refuses lengths that cannot be right', () => {
    const at = bytes.indexOf(Buffer.from([0x10, 0x00, 0x20, 0x00])) + 6;
    for (const length of [0xffff, 4, 3]) {
      const wrong = Buffer.from(bytes);
      wrong.writeUInt16LE(length, at);
      assert.throws(() => readObject(wrong, { what: 'It' }), refusal(/It is (damaged at byte|cut short)/), `${length}`);
    }
  });

  it('refuses a syntax that it does not read by its UID, and what is no DICOM file', () => {
    const video = mammogram({ transferSyntax: '1.2.840.10008.1.2.4.100' });
    assert.throws(
      () => readObject(video, { what: 'It' }),
      refusal(/transfer syntax 1\.2\.840\.10008\.1\.2\.4\.100/, 'unsupported-dicom'),
    );
    const own = mammogram({ transferSyntax: '1.3.46.670589.33.1.4.1' });
    assert.throws(() => readObject(own, { what: 'It' }), refusal(/1\.3\.46\.670589/, 'unsupported-dicom'));
    assert.throws(() => readObject(Buffer.from('not'), { what: 'It' }), refusal(/no DICOM file/));
    assert.throws(() => readObject(Buffer.alloc(0), { what: 'It' }), refusal(/zero bytes/));
  });

  it('reads the head of an object of 2 GB without its pixels, and refuses to read the whole of it', () =>
    withTemporaryFolder(async (folder) => {
      const path = join(folder, 'large.dcm');
      const pixels = bytes.indexOf(Buffer.from([0xe0, 0x7f, 0x10, 0x00]));
      const head = Buffer.from(bytes.subarray(0, pixels + 12));
      head.writeUInt32LE(0x7ffffffe, pixels + 8);
      await writeFile(path, head);
      // A hole in the file: 2 GB long, and a few kB on disk.
      const file = await open(path, 'r+');
      await file.truncate(head.length + 0x7ffffffe);
      await file.close();
      const object = await readHead(path, 'It');
      assert.equal(text(object.dataSet, 'PatientID'), 'P1');
      assert.ok(object.dataSet.bytes.length < 1024 * 1024);
      await assert.rejects(readWhole(path, 'It'), refusal(/2048 MiB.*up to 512 MiB/));
    }));

  it('reads more of the head where something large lies before the pixels', () =>
    withTemporaryFolder(async (folder) => {
      const path = join(folder, 'raw.dcm');
      const raw = { tag: 0x00191001, vr: 'OB', value: Buffer.alloc(3_000_000, 7) };
      const creator = textElement(0x00190010, 'LO', 'A VENDOR');
      await writeFile(path, mammogram({ elements: [creator, raw] }));
      assert.equal(text((await readHead(path, 'It')).dataSet, 'ImageLaterality'), 'L');
    }));
});
