import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from '../../api/reading/inspect.js';
import { readGrey16Png, writeGrey16Png } from '../../imaging/grey16-png.js';
import { applyMend, type Mend } from '../../imaging/quality/mend.js';
import { sharp } from '../../imaging/sharp.js';
import type { InspectionResult, MendedExam } from '../../index.js';
import { DEVICE_IMITATIONS, type DeviceImitation } from '../../models/phantom/imitate-device.js';
import { VIEWS, type View, viewFile } from '../../pipeline/exam.js';
import { phantomExam } from '../imaging/quality/phantom-exam.js';
import { mammoflow } from '../support/command.js';
import { drawObjects } from '../support/dicom/draw-objects.js';
import { withRepository } from '../support/repository.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';

async function writePhantom(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const pictures = await phantomExam();
  for (const view of VIEWS) await writeFile(join(folder, viewFile(view)), await writeGrey16Png(pictures[view]));
}

/** A copy of an exam with some views changed. */
async function altered(from: string, to: string, changes: Partial<Record<View, Mend>>): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const view of VIEWS) {
    const [source, target] = [join(from, viewFile(view)), join(to, viewFile(view))];
    const change = changes[view];
    if (change === undefined) await copyFile(source, target);
    else await writeFile(target, await writeGrey16Png(applyMend(await readGrey16Png(source), change)));
  }
}

describe('looking at pictures before they are put', () => {
  it('says what is wrong and what would mend it, and mended copies give the pixels from before', () =>
    withRepository((_, s3) =>
      withTemporaryFolder(async (folder) => {
        const sound = join(folder, 'sound');
        await writePhantom(sound);
        const [given, sheets, out] = ['given', 'sheets', 'out'].map((name) => join(folder, name)) as [
          string,
          string,
          string,
        ];
        await altered(sound, join(given, 'swapped'), { L_CC: 'swap-bytes', R_MLO: 'swap-bytes' });
        await altered(sound, join(given, 'inverted'), { R_CC: 'invert' });

        const looked = await mammoflow(s3, 'inspect', given, '--sheets', sheets, '--json');
        assert.equal(looked.exitCode, 2, looked.stderr);
        const found = JSON.parse(looked.stdout) as InspectionResult[];
        assert.deepEqual(
          found.map(({ exam, verdict, proposals }) => ({ exam, verdict, proposals })),
          [
            { exam: 'inverted', verdict: 'refuse', proposals: [{ view: 'R_CC', mends: ['invert'] }] },
            {
              exam: 'swapped',
              verdict: 'refuse',
              proposals: [
                { view: 'L_CC', mends: ['swap-bytes'] },
                { view: 'R_MLO', mends: ['swap-bytes'] },
              ],
            },
          ],
        );
        assert.ok(found[1]?.findings.some(({ code, view }) => code === 'byte-order' && view === 'L_CC'));
        assert.deepEqual((await readdir(sheets)).sort(), ['inverted.png', 'swapped.png']);
        const { width, height } = await sharp(await readFile(join(sheets, 'swapped.png'))).metadata();
        assert.ok((width ?? 0) > 600 && (height ?? 0) > 600);

        const told = await mammoflow(s3, 'put', 'exams', join(given, 'swapped'), '--no-process');
        assert.match(told.stdout, /^warning: exam swapped will be refused .*\(byte-order\).*`mammoflow mend`/m);

        const mended = await mammoflow(s3, 'mend', given, '--out', out, '--json');
        assert.equal(mended.exitCode, 0, mended.stderr);
        const exams = JSON.parse(mended.stdout) as MendedExam[];
        assert.deepEqual(
          exams.map(({ exam, left }) => [exam, left]),
          [
            ['inverted', []],
            ['swapped', []],
          ],
        );
        for (const view of VIEWS) {
          const [before, after] = await Promise.all(
            [sound, join(out, 'swapped')].map((place) => readGrey16Png(join(place, viewFile(view)))),
          );
          assert.deepEqual(after?.pixels, before?.pixels, view);
        }
        assert.equal((await mammoflow(s3, 'inspect', out)).exitCode, 0);
        const again = await mammoflow(s3, 'mend', given, '--out', out);
        assert.equal(again.exitCode, 1);
        assert.match(again.stderr, /inverted is there already\. Give another folder with --out\.$/m);
      }),
    ));

  it('looks at studies of DICOM files as they would be read', () =>
    withTemporaryFolder(async (folder) => {
      const views = await phantomExam();
      const [whole, lacking, sheets] = ['whole', 'lacking', 'sheets'].map((name) => join(folder, name)) as [
        string,
        string,
        string,
      ];
      const device = { ...(DEVICE_IMITATIONS.planmed as DeviceImitation), manufacturer: 'Acme' };
      await drawObjects(whole, views, { number: 1, device });
      const { R_MLO } = await drawObjects(lacking, views, { number: 2 });
      await rm(R_MLO);
      const results: InspectionResult[] = [];
      for await (const result of inspect(undefined, { paths: [whole, lacking], sheets })) results.push(result);
      assert.deepEqual(
        results.map(({ exam, verdict }) => [exam, verdict]),
        [
          ['study-1', 'refuse'],
          ['study-2', 'ok'],
        ],
      );
      assert.match(results[0]?.reason ?? '', /no image for R_MLO/);
      assert.match(results[1]?.remarks?.[0] ?? '', /acme-nuance-excel is in no policy/);
      assert.deepEqual(await readdir(sheets), ['study-2.png']);
    }));
});
