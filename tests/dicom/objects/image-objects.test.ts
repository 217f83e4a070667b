import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Dataset, encodePart10 } from '../../../dicom/objects/dataset.js';
import type { ExamResult } from '../../../dicom/objects/exam-result.js';
import { findingsOf } from '../../../dicom/objects/findings.js';
import { NOT_COMPUTED, parametricMaps } from '../../../dicom/objects/parametric-maps.js';
import { presentationStates } from '../../../dicom/objects/presentation-states.js';
import { secondaryCaptures } from '../../../dicom/objects/secondary-captures.js';
import { findingOptionsSchema } from '../../../pipeline/result-objects.js';
import { itWithTools, runPython, runTool } from '../../support/dicom/peers.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';
import { COLUMNS, CROP, ROWS, samplePixels, sampleResult } from './sample-result.js';

const OPTIONS = findingOptionsSchema.parse({});
const pixels = samplePixels();

const states = async (result: ExamResult): Promise<Dataset[]> =>
  presentationStates(result, await findingsOf(result, pixels, OPTIONS));

async function all(objects: AsyncIterable<Dataset>): Promise<Dataset[]> {
  const list: Dataset[] = [];
  for await (const object of objects) list.push(object);
  return list;
}

const withFiles = <T>(objects: readonly Dataset[], use: (files: string[]) => Promise<T>): Promise<T> =>
  withTemporaryFolder(async (folder) => {
    const files = objects.map((_, index) => join(folder, `${index}.dcm`));
    for (const [index, file] of files.entries()) await writeFile(file, encodePart10(objects[index] as Dataset));
    return use(files);
  });

/** What dciodvfy says but for terms that it cannot know: our own codes, and values of Image Type that are only defined. */
async function remarks(file: string, iod: string): Promise<string[]> {
  const { output } = await runTool('dciodvfy', file);
  const lines = output.split('\n').filter((line) => line !== '');
  assert.ok(lines.includes(iod), output);
  return lines.filter((line) => line !== iod && !line.startsWith('Warning - Unrecognized defined term'));
}

/** A result whose sources are shown in three ways, and two of whose views were turned. */
function shownResult(): ExamResult {
  const result = structuredClone(sampleResult());
  result.views.L_CC.source.display = {
    inverted: true,
    rescale: { slope: 2, intercept: -100 },
    window: { centre: 2048, width: 4096, function: 'SIGMOID' },
  };
  result.views.L_MLO.source.display = { inverted: false, voiLut: { first: 7, bits: 12, entries: [0, 1000, 4095] } };
  return result;
}

describe('presentation states', () => {
  itWithTools(['dciodvfy', 'dcmpschk'], 'are taken without a remark by dciodvfy and dcmpschk', async () => {
    const result = shownResult();
    // dcmpschk takes letters of other character sets than Latin 1 for errors.
    result.patient.name = 'Mustermann^Erika';
    await withFiles(await states(result), async (files) => {
      assert.equal(files.length, 3);
      for (const file of files) {
        assert.deepEqual(await remarks(file, 'GrayscaleSoftcopyPresentationState'), []);
        const checked = await runTool('dcmpschk', file);
        assert.equal(checked.code, 0, checked.output);
        assert.match(checked.output, /Test passed/);
        assert.doesNotMatch(checked.output, /^[EF]:/m);
      }
    });
  });

  it('are read by pydicom: outlines over their image, which is shown as it was', async () => {
    await withFiles(await states(shownResult()), async (files) => {
      assert.deepEqual(await runPython(READ_STATES, ...files), [
        {
          image: '2.25.77001.1',
          side: 'L',
          texts: ['Research use only. Not for diagnosis.', 'L-CC region 1: 87.5 %'],
          outlines: [[200, 300, 240, 300, 240, 340, 200, 340, 200, 300]],
          shape: 'INVERSE',
          window: [2048, 4096, 'SIGMOID'],
          rescale: [2, -100],
          lut: null,
        },
        {
          image: '2.25.77001.3',
          side: 'L',
          texts: ['Research use only. Not for diagnosis.', 'L-MLO region 1: 62.5 %'],
          outlines: [[195, 290, 255, 290, 255, 350, 195, 350, 195, 290]],
          shape: 'IDENTITY',
          window: null,
          rescale: null,
          lut: [3, 7, 16, 0, 16004, 65535],
        },
        {
          image: '2.25.77001.4',
          side: 'R',
          texts: ['Research use only. Not for diagnosis.', 'R-MLO region 1: 50.0 %'],
          outlines: [[100, 440, 120, 440, 120, 460, 100, 460, 100, 440]],
          shape: 'IDENTITY',
          window: null,
          rescale: null,
          lut: null,
        },
      ]);
    });
  });

  it('are none where there are no findings, or no heatmaps', async () => {
    assert.deepEqual(
      presentationStates(sampleResult(), await findingsOf(sampleResult(), samplePixels([]), OPTIONS)),
      [],
    );
    assert.deepEqual(await states(sampleResult({ detection: { status: 'not-run' } })), []);
  });
});

describe('secondary captures', () => {
  itWithTools(['dciodvfy'], 'are taken without a remark by dciodvfy', async () => {
    await withFiles(await all(secondaryCaptures(sampleResult(), pixels)), async (files) => {
      assert.equal(files.length, 4);
      for (const file of files) assert.deepEqual(await remarks(file, 'SCImage'), []);
    });
  });

  it('are read by pydicom with the same pixels', async () => {
    await withFiles(await all(secondaryCaptures(sampleResult(), pixels)), async (files) => {
      const [first] = (await runPython(READ_CAPTURES, ...files)) as { pixels: number[]; shape: number[] }[];
      const picture = await pixels.absolutePicture('L_CC');
      assert.deepEqual(first?.shape, [61, 33, 3]);
      assert.deepEqual(first?.pixels, [...picture.pixels]);
    });
  });
});

describe('parametric maps', () => {
  itWithTools(['dciodvfy'], 'are taken without a remark by dciodvfy', async () => {
    await withFiles(await all(parametricMaps(sampleResult(), pixels)), async (files) => {
      assert.equal(files.length, 8);
      for (const file of files) assert.deepEqual(await remarks(file, 'ParametricMap'), []);
    });
  });

  it('are read by pydicom and highdicom with the same floats, in the pixels of the source', async () => {
    const result = structuredClone(sampleResult());
    result.views.L_CC.mirrored = true;
    result.views.R_CC.upsideDown = true;
    await withFiles((await all(parametricMaps(result, pixels))).slice(0, 4), async (files) => {
      const heatmap = (await pixels.heatmaps('L_CC')).benign;
      const at = (row: number, column: number): number => heatmap.pixels[row * heatmap.columns + column] as number;
      for (const [index, read] of ((await runPython(READ_MAPS, ...files)) as ReadMap[]).entries()) {
        assert.deepEqual(read.shape, [ROWS, COLUMNS]);
        assert.equal(read.same, true);
        assert.equal(read.computed, (CROP.bottom - CROP.top) * (CROP.right - CROP.left));
        assert.equal(read.corner, NOT_COMPUTED);
        assert.equal(read.quantity, index % 2 === 0 ? 'benign-map' : 'malignant-map');
        // The crop's pixel (3, 5) lies at row 43, column 5 of the view: mirrored in the first, upside down in the second.
        if (index === 0) assert.equal(read.mirrored, at(3, 5));
        if (index === 2) assert.equal(read.upsideDown, at(3, 5));
      }
    });
  });

  it('are none where there are no heatmaps', async () => {
    assert.deepEqual(await all(parametricMaps(sampleResult({ detection: { status: 'not-run' } }), pixels)), []);
  });

  it('are not made of a heatmap of another size than its crop', async () => {
    const result = structuredClone(sampleResult());
    if (result.detection.status === 'succeeded') result.detection.views.L_CC.crop.bottom -= 1;
    await assert.rejects(all(parametricMaps(result, pixels)), { code: 'corrupt-data' });
  });
});

interface ReadMap {
  readonly shape: number[];
  readonly same: boolean;
  readonly computed: number;
  readonly corner: number;
  readonly mirrored: number;
  readonly upsideDown: number;
  readonly quantity: string;
}

const READ_STATES = `
import json, sys, numpy, pydicom
def read(file):
    state = pydicom.dcmread(file)
    image = state.ReferencedSeriesSequence[0].ReferencedImageSequence[0]
    layer = state.GraphicAnnotationSequence[0]
    values = state.get('SoftcopyVOILUTSequence', [None])[0]
    window = lut = None
    if values is not None and 'WindowCenter' in values:
        window = [float(values.WindowCenter), float(values.WindowWidth), values.VOILUTFunction]
    if values is not None and 'VOILUTSequence' in values:
        table = values.VOILUTSequence[0]
        lut = [*table.LUTDescriptor, *numpy.frombuffer(table.LUTData, '<u2').tolist()]
    rescale = [float(state.RescaleSlope), float(state.RescaleIntercept)] if 'RescaleSlope' in state else None
    return {
        'image': image.ReferencedSOPInstanceUID,
        'side': state.Laterality,
        'texts': [text.UnformattedTextValue for text in layer.TextObjectSequence],
        'outlines': [list(graphic.GraphicData) for graphic in layer.GraphicObjectSequence],
        'shape': state.PresentationLUTShape,
        'window': window,
        'rescale': rescale,
        'lut': lut,
    }
print(json.dumps([read(file) for file in sys.argv[1:]]))
`;

const READ_CAPTURES = `
import json, sys, pydicom
def read(file):
    pixels = pydicom.dcmread(file).pixel_array
    return {'shape': pixels.shape, 'pixels': pixels.ravel().tolist()}
print(json.dumps([read(file) for file in sys.argv[1:]]))
`;

const READ_MAPS = `
import json, sys, numpy, pydicom, highdicom
def read(file):
    pixels = pydicom.dcmread(file).pixel_array
    # Padding lies outside the mapped values, and highdicom then refuses to map any.
    frames = highdicom.imread(file).get_frames(apply_real_world_transform=False)
    group = pydicom.dcmread(file).SharedFunctionalGroupsSequence[0]
    quantity = group.RealWorldValueMappingSequence[0].QuantityDefinitionSequence[0].ConceptCodeSequence[0]
    rows, columns = pixels.shape
    return {
        'shape': pixels.shape,
        'same': bool((frames[0] == pixels).all()),
        'computed': int((pixels != -1).sum()),
        'corner': float(pixels[0, 0]),
        'mirrored': float(pixels[43, columns - 1 - 5]),
        'upsideDown': float(pixels[rows - 1 - 43, 5]),
        'quantity': quantity.CodeValue,
    }
print(json.dumps([read(file) for file in sys.argv[1:]]))
`;
