import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Dataset, decodePart10, encodePart10 } from '../../../dicom/objects/dataset.js';
import type { ExamResult } from '../../../dicom/objects/exam-result.js';
import { findingsOf } from '../../../dicom/objects/findings.js';
import { mammographyCadSr } from '../../../dicom/objects/mammography-cad-sr.js';
import { checkReport } from '../../../dicom/objects/sr-templates/check-report.js';
import { MAMMOGRAPHY_CAD_TEMPLATES } from '../../../dicom/objects/sr-templates/mammography-cad.js';
import { findingOptionsSchema } from '../../../pipeline/result-objects.js';
import { itWithTools, runPixelmed, runPython, runTool } from '../../support/dicom/peers.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';
import { SPOTS, type Spot, samplePixels, sampleResult } from './sample-result.js';

const OPTIONS = findingOptionsSchema.parse({});

async function cadSr(result: ExamResult, spots: readonly Spot[] = SPOTS): Promise<Dataset> {
  return mammographyCadSr(result, await findingsOf(result, samplePixels(spots), OPTIONS));
}

const violations = (dataset: Dataset): string[] =>
  checkReport(dataset, MAMMOGRAPHY_CAD_TEMPLATES, '4000').map(({ at, what }) => `${at} ${what}`);

const withFile = <T>(dataset: Dataset, use: (file: string) => Promise<T>): Promise<T> =>
  withTemporaryFolder(async (folder) => {
    const file = join(folder, 'report.dcm');
    await writeFile(file, encodePart10(dataset));
    return use(file);
  });

/** The codes of CID 6047 and 6042 in a report: of the whole, of detections, of analyses. */
function summaries(dataset: Dataset): (string | undefined)[] {
  const children = dataset.ContentSequence as readonly Dataset[];
  return children.slice(2).map((item) => (item.ConceptCodeSequence as readonly Dataset[])[0]?.CodeMeaning as string);
}

const failed = { status: 'failed', reason: 'the worker ran out of memory' } as const;
const notRun = { status: 'not-run' } as const;
const withoutSpacing = (): ExamResult => {
  const result = structuredClone(sampleResult());
  for (const view of Object.values(result.views)) delete view.source.pixelSpacing;
  return result;
};

describe('a mammography CAD SR', () => {
  it('has the rows of TID 4000, whatever ran and was found', async () => {
    const results: [ExamResult, readonly Spot[]][] = [
      [sampleResult(), SPOTS],
      [sampleResult(), []],
      [sampleResult({ classification: failed }), SPOTS],
      [sampleResult({ detection: failed }), []],
      [sampleResult({ detection: failed, classification: failed }), []],
      [sampleResult({ detection: notRun, classification: notRun }), []],
      [withoutSpacing(), SPOTS],
    ];
    for (const [result, spots] of results) {
      const dataset = await cadSr(result, spots);
      assert.deepEqual(violations(dataset), []);
      assert.deepEqual(violations(decodePart10(encodePart10(dataset))), []);
    }
  });

  it('never says that nothing was found where something was not run or failed', async () => {
    const said = async (change: Partial<ExamResult>, spots: readonly Spot[]) =>
      summaries(await cadSr(sampleResult(change), spots));
    assert.deepEqual(await said({}, SPOTS), ['All algorithms succeeded; with findings', 'Succeeded', 'Succeeded']);
    assert.deepEqual(await said({}, []), ['All algorithms succeeded; without findings', 'Succeeded', 'Succeeded']);
    assert.deepEqual(await said({ classification: failed }, []), [
      'Not all algorithms succeeded; without findings',
      'Succeeded',
      'Partially Succeeded',
    ]);
    assert.deepEqual(await said({ classification: notRun }, SPOTS), [
      'Not all algorithms succeeded; with findings',
      'Succeeded',
      'Succeeded',
    ]);
    assert.deepEqual(await said({ detection: failed }, []), [
      'Not all algorithms succeeded; without findings',
      'Failed',
      'Succeeded',
    ]);
    assert.deepEqual(await said({ detection: notRun, classification: failed }, []), [
      'No algorithms succeeded; without findings',
      'Not Attempted',
      'Failed',
    ]);
    assert.deepEqual(await said({ detection: notRun, classification: notRun }, []), [
      'No algorithms succeeded; without findings',
      'Not Attempted',
      'Not Attempted',
    ]);
  });

  itWithTools(['dciodvfy', 'dsrdump'], 'is taken without an error by dciodvfy and dsrdump', async () => {
    for (const result of [sampleResult(), sampleResult({ detection: failed, classification: notRun })]) {
      await withFile(await cadSr(result), async (file) => {
        const verified = await runTool('dciodvfy', file);
        assert.match(verified.output, /^MammographyCADSR$/m);
        assert.doesNotMatch(verified.output, /^(Error|Warning)/m);
        const dumped = await runTool('dsrdump', file);
        assert.equal(dumped.code, 0, dumped.output);
        assert.match(dumped.output, /Research use only\. Not for diagnosis\./);
        if (result.detection.status !== 'succeeded') return;
        assert.match(dumped.output, /has properties NUM:\(,,"Certainty of Finding"\)="87\.5" \(%,UCUM,"Percent"\)/);
        assert.match(dumped.output, /has properties SCOORD:\(,,"Center"\)=\(POINT,220\/320\)/);
      });
    }
  });

  itWithTools(['java', 'pixelmed'], "has the rows that PixelMed's validator expects of TID 4000", async () => {
    // Both summaries alike: PixelMed asks for failed detections where any summary speaks of failures.
    await withFile(await cadSr(sampleResult()), async (file) => {
      const { output } = await runPixelmed(file);
      assert.match(output, /Found Root Template TID_4000/);
      assert.match(output, /Root Template Validation Complete/);
      assert.doesNotMatch(output, /^(Error|Warning)/m);
    });
  });

  it('is read by pydicom with the same numbers', async () => {
    await withFile(await cadSr(sampleResult()), async (file) => {
      const read = (await runPython(READ_FINDINGS, file)) as ReadFinding[];
      assert.deepEqual(
        read.map(({ certainty, center, outline, image }) => ({
          certainty,
          center,
          corners: outline.length / 2,
          image,
        })),
        [
          { certainty: 87.5, center: [220, 320], corners: 5, image: '2.25.77001.1' },
          { certainty: 62.5, center: [225, 320], corners: 5, image: '2.25.77001.3' },
          { certainty: 50, center: [110, 450], corners: 5, image: '2.25.77001.4' },
        ],
      );
      assert.deepEqual(read[0]?.outline, [200, 300, 240, 300, 240, 340, 200, 340, 200, 300]);
    });
  });

  it('places findings in the source image, however the view was turned', async () => {
    const result = structuredClone(sampleResult());
    result.views.L_CC.mirrored = true;
    result.views.L_MLO.upsideDown = true;
    await withFile(await cadSr(result), async (file) => {
      const read = (await runPython(READ_FINDINGS, file)) as ReadFinding[];
      assert.deepEqual(
        read.map(({ center }) => center),
        [
          [512 - 220, 320],
          [225, 640 - 320],
          [110, 450],
        ],
      );
    });
  });

  it('is the same object for the same result, and another for another', async () => {
    const [one, again] = [await cadSr(sampleResult()), await cadSr(sampleResult())];
    assert.deepEqual(encodePart10(one), encodePart10(again));
    const changed = [
      await cadSr(sampleResult({ classification: failed })),
      await cadSr(sampleResult(), SPOTS.slice(1)),
      await cadSr(sampleResult({ computedAt: '2026-11-30T12:13:15Z' })),
      await cadSr(sampleResult({ bundle: { name: 'other', sha256: 'cd'.repeat(32) } })),
    ];
    const uids = new Set([one, ...changed].map(({ SOPInstanceUID }) => SOPInstanceUID));
    assert.equal(uids.size, 5);
    for (const uid of uids) assert.match(String(uid), /^2\.25\.[1-9]\d{30,38}$/);
  });

  it('names the report that it replaces', async () => {
    const old = await cadSr(sampleResult({ classification: notRun }));
    const cadSrOfOld = {
      studyInstanceUid: '2.25.77000',
      seriesInstanceUid: String(old.SeriesInstanceUID),
      sopClassUid: String(old.SOPClassUID),
      sopInstanceUid: String(old.SOPInstanceUID),
    };
    const next = decodePart10(
      encodePart10(await cadSr(sampleResult({ replaces: { cadSr: cadSrOfOld, measurementReports: [] } }))),
    );
    const [study = {}] = next.PredecessorDocumentsSequence as readonly Dataset[];
    const [series = {}] = study.ReferencedSeriesSequence as readonly Dataset[];
    const [instance] = series.ReferencedSOPSequence as readonly Dataset[];
    assert.deepEqual(instance?.ReferencedSOPInstanceUID, [old.SOPInstanceUID]);
    assert.equal(old.PredecessorDocumentsSequence, undefined);
  });
});

interface ReadFinding {
  readonly certainty: number;
  readonly center: number[];
  readonly outline: number[];
  readonly image: string;
}

/** Walks the tree as a viewer does, without our words for it: codes, coordinates, and the image at a reference's path. */
const READ_FINDINGS = `
import json, sys, pydicom
report = pydicom.dcmread(sys.argv[1])
def at(path):
    item = report
    for index in path[1:]:
        item = item.ContentSequence[index - 1]
    return item
def walk(item):
    for child in item.get('ContentSequence', []):
        if 'ValueType' in child:
            yield child
            yield from walk(child)
found = []
for item in walk(report):
    if item.get('ConceptNameCodeSequence', [{}])[0].get('CodeValue') != '111059':
        continue
    finding = {}
    for child in item.ContentSequence:
        name = child.ConceptNameCodeSequence[0].CodeValue
        if name == '111012':
            finding['certainty'] = float(child.MeasuredValueSequence[0].NumericValue)
        if name in ('111010', '111041'):
            finding['center' if name == '111010' else 'outline'] = list(child.GraphicData)
            path = list(child.ContentSequence[0].ReferencedContentItemIdentifier)
            finding['image'] = at(path).ReferencedSOPSequence[0].ReferencedSOPInstanceUID
    found.append(finding)
print(json.dumps(found))
`;
