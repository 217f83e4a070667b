import assert from 'node:assert/strict';
import { findingsOf } from '../../../../dicom/objects/findings.js';
import { mammographyCadSr } from '../../../../dicom/objects/mammography-cad-sr.js';
import { checkReport } from '../../../../dicom/objects/sr-templates/check-report.js';
import { MAMMOGRAPHY_CAD_TEMPLATES } from '../../../../dicom/objects/sr-templates/mammography-cad.js';
import { findingOptionsSchema } from '../../../../pipeline/result-objects.js';
import { samplePixels, sampleResult } from '../sample-result.js';

/** A dataset that a test may change: every attribute of it. */
// biome-ignore lint/suspicious/noExplicitAny: reports are broken here on purpose, in places of any type
type Loose = any;

/** One that is right, for every test to break a copy of. */
const right = findingsOf(sampleResult(), samplePixels(), findingOptionsSchema.parse({})).then((findings) =>
  mammographyCadSr(sampleResult(), findings),
);
const report = async (): Promise<Loose> => structuredClone(await right);

/** The item at a path as violations give it. */
const at = (root: Loose, path: string): Loose =>
  path
    .split('.')
    .slice(1)
    .reduce((item, index) => item.ContentSequence[Number(index) - 1], root);

/** The item's path below the root, found by its concept: reports grow, and tests should not count. */
function pathOf(item: Loose, concept: string, path = '1'): string | undefined {
  if (item.ConceptNameCodeSequence?.[0].CodeMeaning === concept && path !== '1') return path;
  for (const [index, child] of (item.ContentSequence ?? []).entries()) {
    const found = pathOf(child, concept, `${path}.${index + 1}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
const the = (root: Loose, concept: string): Loose => at(root, pathOf(root, concept) as string);
const parentOf = (root: Loose, concept: string): Loose =>
  at(root, (pathOf(root, concept) as string).split('.').slice(0, -1).join('.'));
const without = (item: Loose, concept: string): void => {
  item.ContentSequence = item.ContentSequence.filter(
    (child: Loose) => child.ConceptNameCodeSequence?.[0].CodeMeaning !== concept,
  );
};
const code = (value: string, meaning: string): Loose => [
  { CodeValue: value, CodingSchemeDesignator: 'DCM', CodeMeaning: meaning },
];

/** What is done to a report that is right, and what must then be said of it. */
const BROKEN: readonly [title: string, change: (root: Loose) => void, said: RegExp][] = [
  [
    'another title',
    (root) => (root.ConceptNameCodeSequence = code('111037', 'Margins')),
    /a report of TID 4000 is CONTAINER/,
  ],
  ['no template', (root) => (root.ContentTemplateSequence = undefined), /names the template none/],
  ['another template', (root) => (root.ContentTemplateSequence[0].TemplateIdentifier = '1500'), /1500, not DCMR 4000/],
  ['no language', (root) => root.ContentSequence.splice(0, 1), /lacks CODE \(121049/],
  ['no image library', (root) => without(root, 'Image Library'), /lacks CONTAINER \(111028/],
  ['an empty image library', (root) => (the(root, 'Image Library').ContentSequence = []), /lacks IMAGE/],
  [
    'no rendering intent',
    (root) => without(the(root, 'Single Image Finding'), 'Rendering Intent'),
    /lacks CODE \(111056/,
  ],
  ['no center', (root) => without(the(root, 'Single Image Finding'), 'Center'), /lacks SCOORD \(111010/],
  [
    'no algorithm version',
    (root) => without(the(root, 'Composite Feature'), 'Algorithm Version'),
    /lacks TEXT \(111003/,
  ],
  [
    'no description of a selected region',
    (root) => without(the(root, 'Single Image Finding'), 'Selected Region Description'),
    /lacks TEXT \(111058/,
  ],
  [
    'two certainties',
    (root) => {
      const finding = the(root, 'Single Image Finding');
      const index = finding.ContentSequence.findIndex(
        (child: Loose) => child.ConceptNameCodeSequence?.[0].CodeMeaning === 'Certainty of Finding',
      );
      finding.ContentSequence.splice(index, 0, structuredClone(finding.ContentSequence[index]));
    },
    /has NUM \(111012.* 2 times/,
  ],
  [
    'an item that the template does not have',
    (root) => the(root, 'Single Image Finding').ContentSequence.push(structuredClone(the(root, 'Scope of Feature'))),
    /is HAS PROPERTIES CODE \(111057.* TID 4006 does not have there/,
  ],
  [
    'another relationship',
    (root) => (the(root, 'Certainty of Finding').RelationshipType = 'CONTAINS'),
    /is CONTAINS NUM/,
  ],
  ['another value type', (root) => (the(root, 'Algorithm Name').ValueType = 'CODE'), /is HAS PROPERTIES CODE \(111001/],
  [
    'another order',
    (root) => root.ContentSequence.push(root.ContentSequence.splice(1, 1)[0]),
    /Image Library.*out of the order of TID 4000/,
  ],
  [
    'a percentage of 120',
    (root) => (the(root, 'Certainty of Finding').MeasuredValueSequence[0].NumericValue = 120),
    /between 0 and 100/,
  ],
  [
    'a certainty without percent',
    (root) =>
      (the(root, 'Certainty of Finding').MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue = '1'),
    /has the units \(1, UCUM/,
  ],
  [
    'a rendering intent of another kind',
    (root) => (the(root, 'Rendering Intent').ConceptCodeSequence = code('111222', 'Succeeded')),
    /which CID 6034 does not have/,
  ],
  [
    'a view that is none',
    (root) => (the(root, 'Image View').ConceptCodeSequence = code('111031', 'Image View')),
    /which CID 4014 does not have/,
  ],
  ['a value without a code', (root) => (the(root, 'Image View').ConceptCodeSequence = []), /has no code for its value/],
  ['an empty text', (root) => (the(root, 'Impression Description').TextValue = ''), /is an empty text/],
  [
    'a Patient Orientation that is none',
    (root) => (the(root, 'Patient Orientation Row').TextValue = 'X'),
    /is no direction/,
  ],
  [
    'a direction of one axis twice',
    (root) => (the(root, 'Patient Orientation Row').TextValue = 'AP'),
    /names one axis twice/,
  ],
  ['rows along columns', (root) => (the(root, 'Patient Orientation Row').TextValue = 'L'), /lead along one axis/],
  [
    'a cranio-caudal view with feet',
    (root) => (the(root, 'Patient Orientation Column').TextValue = 'F'),
    /cranio-caudal view whose Patient Orientation/,
  ],
  [
    'half a Patient Orientation',
    (root) => without(parentOf(root, 'Image View'), 'Patient Orientation Row'),
    /but not of both/,
  ],
  [
    'a reference into nothing',
    (root) => (the(root, 'Center').ContentSequence[0].ReferencedContentItemIdentifier = [1, 2, 9]),
    /leads to 1\.2\.9, where no item is/,
  ],
  [
    'a reference to what is no image',
    (root) => (the(root, 'Center').ContentSequence[0].ReferencedContentItemIdentifier = [1, 1]),
    /leads to 1\.1, where TID 4021 allows no item by reference/,
  ],
  [
    'an image by value where one by reference belongs',
    (root) => {
      const [library] = the(root, 'Image Library').ContentSequence;
      const instance = library.ReferencedSOPSequence;
      the(root, 'Center').ContentSequence = [
        { RelationshipType: 'SELECTED FROM', ValueType: 'IMAGE', ReferencedSOPSequence: instance },
      ];
    },
    /is SELECTED FROM IMAGE, which TID 4021 does not have there/,
  ],
  [
    'an outline that is open',
    (root) => the(root, 'Outline').GraphicData.splice(-2),
    /is an outline that is not closed/,
  ],
  ['half a point', (root) => the(root, 'Outline').GraphicData.push(1), /has half a point/],
  ['two points for one', (root) => the(root, 'Center').GraphicData.push(1, 2), /is one point, and has 2/],
  [
    'a place outside its image',
    (root) => (the(root, 'Center').GraphicData = [100, 641]),
    /leads out of its image of 512 × 640/,
  ],
  ['a center that is a line', (root) => (the(root, 'Center').GraphicType = 'POLYLINE'), /is a POLYLINE, not a POINT/],
  [
    'findings, and a summary without',
    (root) =>
      (the(root, 'CAD Processing and Findings Summary').ConceptCodeSequence = code('111241', 'without findings')),
    /says that there are no findings, and there are some/,
  ],
  [
    'no findings, and a summary with',
    (root) => {
      const summary = the(root, 'CAD Processing and Findings Summary');
      without(summary, 'Individual Impression/Recommendation');
    },
    /says that there are findings, and there is none/,
  ],
  [
    'failed work in a summary of success',
    (root) => (the(root, 'Summary of Analyses').ConceptCodeSequence = code('111224', 'Failed')),
    /says that all algorithms succeeded, and some failed/,
  ],
  [
    'work that was not attempted, and is listed',
    (root) => (the(root, 'Summary of Detections').ConceptCodeSequence = code('111225', 'Not Attempted')),
    /has CONTAINER \(111063.*whose condition \(TID 4015\) is not met/,
  ],
  [
    'work that succeeded, and is not listed',
    (root) => (the(root, 'Summary of Detections').ContentSequence = undefined),
    /lacks CONTAINER \(111063/,
  ],
  [
    'a composite of one',
    (root) => without(the(root, 'Composite Feature'), 'Single Image Finding'),
    /is a composite of 0, and takes at least two/,
  ],
  [
    'an impression of nothing',
    (root) => without(the(root, 'Individual Impression/Recommendation'), 'Composite Feature'),
    /has neither a composite feature nor a single image finding/,
  ],
  [
    'a finding whose rows the table lacks',
    (root) => (the(root, 'Single Image Finding').ConceptCodeSequence = code('111100', 'Breast geometry')),
    /whose rows this table does not have/,
  ],
  [
    'an image that the evidence does not list',
    (root) => root.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence.splice(0, 1),
    /which the evidence does not list/,
  ],
];

describe('the check of a report against its template', () => {
  it('finds nothing wrong with a report that is right', async () => {
    assert.deepEqual(checkReport(await report(), MAMMOGRAPHY_CAD_TEMPLATES, '4000'), []);
  });

  for (const [title, change, said] of BROKEN) {
    it(`finds ${title}`, async () => {
      const root = await report();
      change(root);
      const found = checkReport(root, MAMMOGRAPHY_CAD_TEMPLATES, '4000').map(({ at, what }) => `${at} ${what}`);
      assert.ok(
        found.some((line) => said.test(line)),
        `${said} is not in:\n${found.join('\n')}`,
      );
    });
  }
});
