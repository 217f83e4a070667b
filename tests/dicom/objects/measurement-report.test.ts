import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Dataset, encodePart10 } from '../../../dicom/objects/dataset.js';
import type { ExamResult } from '../../../dicom/objects/exam-result.js';
import { findingsOf } from '../../../dicom/objects/findings.js';
import { measurementReports } from '../../../dicom/objects/measurement-report.js';
import { findingOptionsSchema } from '../../../pipeline/result-objects.js';
import { itWithTools, runPython, runTool } from '../../support/dicom/peers.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';
import { SPOTS, type Spot, samplePixels, sampleResult } from './sample-result.js';

async function reports(result: ExamResult, spots: readonly Spot[] = SPOTS): Promise<Dataset[]> {
  return measurementReports(result, await findingsOf(result, samplePixels(spots), findingOptionsSchema.parse({})));
}

const withFile = <T>(dataset: Dataset, use: (file: string) => Promise<T>): Promise<T> =>
  withTemporaryFolder(async (folder) => {
    const file = join(folder, 'report.dcm');
    await writeFile(file, encodePart10(dataset));
    return use(file);
  });

describe('a measurement report', () => {
  itWithTools(['dciodvfy', 'dsrdump'], 'is taken without an error by dciodvfy and dsrdump', async () => {
    const failed = { status: 'failed', reason: 'out of memory' } as const;
    const results = [sampleResult(), sampleResult({ detection: failed, classification: failed })];
    for (const written of (await Promise.all(results.map((result) => reports(result)))).flat()) {
      await withFile(written, async (file) => {
        const verified = await runTool('dciodvfy', file);
        assert.match(verified.output, /^Comprehensive3DSR$/m);
        const remarks = verified.output.split('\n').filter((line) => /^(Error|Warning)/.test(line));
        // What a private code is, it cannot know.
        assert.deepEqual(
          remarks.filter((line) => !line.includes('Unrecognized defined term <99MAMMOFLOW>')),
          [],
        );
        const dumped = await runTool('dsrdump', file);
        assert.equal(dumped.code, 0, dumped.output);
        assert.match(dumped.output, /Research use only\. Not for diagnosis\./);
      });
    }
  });

  it('is read by highdicom with the same regions and numbers', async () => {
    // Apart, since a viewer may show nothing of a report that has groups without coordinates.
    const [regions, breasts] = (await reports(sampleResult())) as [Dataset, Dataset];
    assert.notEqual(regions.SeriesInstanceUID, breasts.SeriesInstanceUID);
    await withFile(regions, async (file) => {
      assert.deepEqual(await runPython(READ_REPORT, file), {
        observer: 'mammoflow 0.1.0',
        regions: [
          ['L-CC region 1', '2.25.77001.1', 5, [87.5, 87.5, 1600], 'Left'],
          ['L-MLO region 1', '2.25.77001.3', 5, [62.5, 62.5, 3600], 'Left'],
          ['R-MLO region 1', '2.25.77001.4', 5, [50, 50, 400], 'Right'],
        ],
        first: [
          [200, 300],
          [240, 300],
          [240, 340],
          [200, 340],
          [200, 300],
        ],
        breasts: [],
      });
    });
    await withFile(breasts, async (file) => {
      assert.deepEqual(await runPython(READ_REPORT, file), {
        observer: 'mammoflow 0.1.0',
        regions: [],
        first: [],
        breasts: [
          ['left breast, images alone', [75, 12.5]],
          ['left breast, images with heatmaps', [87.5, 25]],
          ['right breast, images alone', [3.125, 6.25]],
          ['right breast, images with heatmaps', [1.5625, 50]],
        ],
      });
    });
  });

  it('has no measurements, and says why, where nothing ran', async () => {
    const nothing = { status: 'not-run' } as const;
    const [only, ...others] = (await reports(sampleResult({ detection: nothing, classification: nothing }))) as [
      Dataset,
    ];
    assert.deepEqual(others, []);
    await withFile(only, async (file) => {
      const read = (await runPython(READ_TEXTS, file)) as string[];
      assert.ok(read.some((text) => /Heatmaps were not made.*Classification was not run/.test(text)));
    });
  });
});

const READ_REPORT = `
import json, sys, highdicom
report = highdicom.sr.srread(sys.argv[1])
groups = report.content.get_planar_roi_measurement_groups()
def region(group):
    roi = group.roi
    numbers = [measurement.value for measurement in group.get_measurements()]
    image = roi.ContentSequence[0].referenced_sop_instance_uid
    side = group.finding_sites[0].laterality.meaning
    return [group.tracking_identifier, image, len(roi.value), numbers, side]
breasts = report.content.get_image_measurement_groups()
observers = report.content.get_observer_contexts()
print(json.dumps({
    'observer': observers[0].observer_identifying_attributes.name,
    'regions': [region(group) for group in groups],
    'first': groups[0].roi.value.tolist() if groups else [],
    'breasts': [[group.tracking_identifier, [m.value for m in group.get_measurements()]] for group in breasts],
}))
`;

const READ_TEXTS = `
import json, sys, pydicom
def texts(item):
    for child in item.get('ContentSequence', []):
        if child.ValueType == 'TEXT':
            yield child.TextValue
        yield from texts(child)
print(json.dumps(list(texts(pydicom.dcmread(sys.argv[1])))))
`;
