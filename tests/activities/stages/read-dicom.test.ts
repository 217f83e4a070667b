import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readDicom } from '../../../activities/stages/read-dicom.js';
import { TAGS } from '../../../dicom/data-set/tags.js';
import { textElement, wordElement } from '../../../dicom/data-set/write-object.js';
import { deviceName } from '../../../dicom/policies/pixel-policy.js';
import { policiesText } from '../../../dicom/policies/policy-table.js';
import { readGrey16Png } from '../../../imaging/grey16-png.js';
import type { Grey16Image } from '../../../imaging/planes.js';
import { DEVICE_IMITATIONS, type DeviceImitation, imitateDevice } from '../../../models/phantom/imitate-device.js';
import { ExamError } from '../../../pipeline/errors.js';
import { VIEWS, type View, viewFile } from '../../../pipeline/exam.js';
import { objectPath } from '../../../pipeline/exam-objects.js';
import { viewsDocumentSchema } from '../../../pipeline/stage-documents.js';
import { drawObjects, sampleViews, studyOf } from '../../support/dicom/draw-objects.js';
import { viewCode } from '../../support/dicom/objects.js';
import { runStageHere, withFolder } from '../../support/stage-run.js';

const deviceOf = ({ manufacturer, model }: DeviceImitation): string => deviceName(manufacturer, model);

describe('the stage that reads DICOM', () => {
  let views: Record<View, Grey16Image>;
  before(async () => {
    views = await sampleViews(1);
  });

  /** Runs the stage on objects by path, of one device. */
  const run = async (folder: string, device: DeviceImitation, files: Record<string, string>, parameters = {}) => {
    const output = join(folder, 'out');
    const labels = { pixels: policiesText([deviceOf(device)], {}) };
    const result = await runStageHere(
      readDicom,
      { exam: 'dx-1', files: { exams: files }, models: {}, labels },
      output,
      {
        parameters,
      },
    );
    return { result, output };
  };
  const pathsOf = (device: DeviceImitation, paths: Record<View, string>, number = 1): Record<string, string> =>
    Object.fromEntries(
      VIEWS.map((view) => [
        objectPath({ view, device: deviceOf(device), instance: studyOf(number, view).sopInstance }),
        paths[view],
      ]),
    );

  for (const [vendor, device] of Object.entries(DEVICE_IMITATIONS)) {
    it(`gives the pictures that were drawn, with the habits of ${vendor}`, () =>
      withFolder(async (folder) => {
        const files = pathsOf(device, await drawObjects(join(folder, 'in'), views, { device }));
        const { output } = await run(folder, device, files);
        const top = 2 ** device.bits - 1;
        for (const view of VIEWS) {
          const read = await readGrey16Png(join(output, viewFile(view)));
          const drawn = views[view];
          assert.deepEqual([read.rows, read.columns], [drawn.rows, drawn.columns]);
          // To the bits that the device has; those of its padding's range that are tissue are one step aside.
          const step = 65535 / top;
          const limit = device.padding === undefined ? step : step * (device.padding[1] - device.padding[0] + 2);
          const off = read.pixels.findIndex((value, at) => {
            const wanted = drawn.pixels[at] as number;
            return wanted === 0 ? value !== 0 : Math.abs(value - wanted) > limit;
          });
          assert.equal(off, -1, `${view} differs at ${off}`);
        }
        const document = viewsDocumentSchema.parse(JSON.parse(await readFile(join(output, 'views.json'), 'utf8')));
        assert.equal(document.views.L_CC.policy, `${vendor} 1`);
        assert.deepEqual(document.views.R_MLO.spacing_mm, [device.spacing, device.spacing]);
        assert.deepEqual(document.warnings, []);
      }));
  }

  it('writes the same bytes twice', () =>
    withFolder(async (folder) => {
      const device = DEVICE_IMITATIONS.ge as DeviceImitation;
      const files = pathsOf(device, await drawObjects(join(folder, 'in'), views, { device }));
      const { output } = await run(folder, device, files);
      const first = await Promise.all(
        [...VIEWS.map(viewFile), 'views.json'].map((name) => readFile(join(output, name))),
      );
      await run(folder, device, files);
      const second = await Promise.all(
        [...VIEWS.map(viewFile), 'views.json'].map((name) => readFile(join(output, name))),
      );
      assert.ok(first.every((bytes, index) => bytes.equals(second[index] as Buffer)));
    }));

  it('takes the newest image of a view, and says what it left out and why', () =>
    withFolder(async (folder) => {
      const device = DEVICE_IMITATIONS.hologic as DeviceImitation;
      const own = deviceOf(device);
      const files = pathsOf(device, await drawObjects(join(folder, 'in'), views, { device }));
      const add = async (name: string, more: Parameters<typeof imitateDevice>[4], instanceNumber = 9) => {
        const instance = `1.2.840.99999.1.1.${name}`;
        const study = studyOf(1, 'L_CC', { sopInstance: instance, instanceNumber });
        const path = join(folder, name);
        await writeFile(path, imitateDevice(views.L_CC, 'L_CC', device, study, more));
        files[objectPath({ view: 'L_CC', device: own, instance })] = path;
      };
      await add('77', []);
      await add('88', [textElement(TAGS.ImageType, 'CS', 'DERIVED\\PRIMARY\\TOMO\\GENERATED_2D')], 11);
      const { output } = await run(folder, device, files);
      const document = viewsDocumentSchema.parse(JSON.parse(await readFile(join(output, 'views.json'), 'utf8')));
      assert.equal(document.views.L_CC.instance, '1.2.840.99999.1.1.77');
      assert.deepEqual(document.left_out, [
        { instance: '1.2.840.99999.1.1.1', view: 'L_CC', reason: 'another image of L_CC is newer, or comes first' },
        { instance: '1.2.840.99999.1.1.88', reason: 'generated from tomosynthesis' },
      ]);
    }));

  it('fails an exam that lacks a view, with what it left out', () =>
    withFolder(async (folder) => {
      const device = DEVICE_IMITATIONS.hologic as DeviceImitation;
      const paths = await drawObjects(join(folder, 'in'), views, { device });
      const displaced = viewCode('399162004', 'SCT', '399209000');
      await writeFile(paths.R_CC, imitateDevice(views.R_CC, 'R_CC', device, studyOf(1, 'R_CC'), [displaced]));
      await assert.rejects(
        run(folder, device, pathsOf(device, paths)),
        (error: unknown) =>
          error instanceof ExamError &&
          error.view === 'R_CC' &&
          /no image for R_CC\. Left out: R_CC: implant displaced view/.test(error.message),
      );
      await run(folder, device, pathsOf(device, paths), { implantDisplaced: true });
    }));

  it('warns of a device that is in no policy, by its name', () =>
    withFolder(async (folder) => {
      const device = { ...(DEVICE_IMITATIONS.hologic as DeviceImitation), manufacturer: 'ACME', model: 'Mammo 1' };
      const { output, result } = await run(
        folder,
        device,
        pathsOf(device, await drawObjects(join(folder, 'in'), views, { device })),
      );
      const document = viewsDocumentSchema.parse(JSON.parse(await readFile(join(output, 'views.json'), 'utf8')));
      const message = 'The device acme-mammo-1 is in no policy; its pixels are taken as those of most devices are.';
      assert.deepEqual(document.warnings, [message]);
      // And wherever the result is shown.
      assert.deepEqual(result.summary, { verdict: 'warn', warnings: [{ code: 'unknown-device', message }] });
    }));

  it('says of a modality transformation that it is not applied', () =>
    withFolder(async (folder) => {
      const device = DEVICE_IMITATIONS.hologic as DeviceImitation;
      const more = [textElement(TAGS.RescaleSlope, 'DS', '2'), wordElement(TAGS.PixelPaddingValue, 0)];
      const { output } = await run(
        folder,
        device,
        pathsOf(device, await drawObjects(join(folder, 'in'), views, { device, more })),
      );
      const document = viewsDocumentSchema.parse(JSON.parse(await readFile(join(output, 'views.json'), 'utf8')));
      assert.match(document.warnings[0] ?? '', /L_CC has a modality transformation/);
    }));
});
