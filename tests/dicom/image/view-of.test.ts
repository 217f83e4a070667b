import assert from 'node:assert/strict';
import { readObject } from '../../../dicom/data-set/read-object.js';
import { leftOutKind } from '../../../dicom/image/image-kind.js';
import { viewOf } from '../../../dicom/image/view-of.js';
import { type MammogramSettings, mammogram, viewCode } from '../../support/dicom/objects.js';

const said = (settings: MammogramSettings) => viewOf(readObject(mammogram(settings), { what: 'It' }).dataSet);
const kind = (settings: MammogramSettings) => leftOutKind(readObject(mammogram(settings), { what: 'It' }));

describe('the view of an image', () => {
  it('comes from the view code, in SNOMED CT and in the codes before it, with its modifiers', () => {
    for (const [code, scheme, modifier] of [
      ['399368009', 'SCT', '399209000'],
      ['R-10226', 'SRT', 'R-102D5'],
      ['R-10226', 'SNM3', 'R-102D5'],
    ] as const) {
      const view = said({ with: { ViewPosition: ['CS', 'MLO'] }, elements: [viewCode(code, scheme, modifier)] });
      assert.deepEqual(view, { laterality: 'L', position: 'MLO', modifiers: ['implant displaced'], problems: [] });
    }
  });

  it('comes from View Position where there is no code', () => {
    assert.equal(said({ with: { ViewPosition: ['CS', 'mlo'] } }).position, 'MLO');
  });

  it('is not guessed where the object contradicts itself', () => {
    const position = said({ elements: [viewCode('399368009')] });
    assert.equal(position.position, undefined);
    assert.deepEqual(position.problems, ['says MLO in View Code Sequence and CC in View Position']);
    const laterality = said({ with: { Laterality: ['CS', 'R'] } });
    assert.equal(laterality.laterality, undefined);
    assert.deepEqual(laterality.problems, ['says L in Image Laterality and R in Laterality']);
  });

  it('is not guessed where the object does not say it', () => {
    assert.deepEqual(said({ with: { ViewPosition: null, ImageLaterality: null } }).problems, [
      'does not say of which breast it is',
      'does not say its view',
    ]);
    assert.deepEqual(said({ with: { ImageLaterality: ['CS', 'B'] } }).problems, ['has the laterality B']);
    assert.match(said({ elements: [viewCode('12345', '99ACME')] }).problems[0] ?? '', /no view of CID 4014/);
    // What stands in the wrong place may be a name.
    assert.doesNotMatch(said({ with: { ImageLaterality: ['CS', 'DOE^JANE'] } }).problems[0] ?? '', /doe/i);
  });
});

describe('what is no view, whatever its view is', () => {
  const CASES: readonly (readonly [string, MammogramSettings['with'], RegExp | undefined])[] = [
    ['a presentation mammogram', {}, undefined],
    ['raw data', { SOPClassUID: ['UI', '1.2.840.10008.5.1.4.1.1.1.2.1'] }, /FOR PROCESSING/],
    ['raw data by its intent', { PresentationIntentType: ['CS', 'FOR PROCESSING'] }, /FOR PROCESSING/],
    ['a volume', { SOPClassUID: ['UI', '1.2.840.10008.5.1.4.1.1.13.1.3'] }, /tomosynthesis volume/],
    ['ultrasound', { SOPClassUID: ['UI', '1.2.840.10008.5.1.4.1.1.6.1'], Modality: ['CS', 'US'] }, /ultrasound/],
    ['film', { ConversionType: ['CS', 'DF'] }, /scanned film/],
    ['another body part', { BodyPartExamined: ['CS', 'CHEST'] }, /another body part/],
    ['a generated picture', { ImageType: ['CS', 'DERIVED\\PRIMARY\\TOMOSYNTHESIS\\GENERATED_2D'] }, /generated/],
    ['a phantom for quality', { QualityControlImage: ['CS', 'YES'] }, /quality control/],
    ['a part of a view', { PartialView: ['CS', 'YES'] }, /part of a view/],
    ['a magnified view', { EstimatedRadiographicMagnificationFactor: ['DS', '1.8'] }, /magnified 1\.8/],
    ['several frames', { NumberOfFrames: ['IS', '3'] }, /3 frames/],
  ];
  for (const [what, attributes, reason] of CASES) {
    it(`is told: ${what}`, () => {
      const found = kind({ with: attributes ?? {} });
      if (reason === undefined) assert.equal(found, undefined);
      else assert.match(found ?? '', reason);
    });
  }
});
