import assert from 'node:assert/strict';
import { datumChanges, describeChanges } from '../../../api/provenance/datum-changes.js';
import type { DatumKeyDocument } from '../../../pipeline/datum.js';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const document: DatumKeyDocument = {
  stage: 'classify',
  version: '1',
  parameters: { passes: 10, seed: 0 },
  exam: 'exam-1',
  models: { image: { sha256: A, preprocessing: { standardise: 'window' } } },
  inputs: { 'exams/L_CC.png': A, 'crop/crop.json': A, 'crop/L_CC.png': A },
};

const cases: readonly { name: string; after: Partial<DatumKeyDocument>; phrases: readonly string[] }[] = [
  { name: 'nothing for equal documents', after: {}, phrases: [] },
  { name: 'nothing for keys in another order', after: { parameters: { seed: 0, passes: 10 } }, phrases: [] },
  { name: 'a stage version', after: { version: '2' }, phrases: ['stage version 1 → 2'] },
  { name: 'a parameter', after: { parameters: { passes: 1, seed: 0 } }, phrases: ['parameter passes 10 → 1'] },
  {
    name: 'a parameter that is new and one that is gone',
    after: { parameters: { passes: 10, noise: [1, 2] } },
    phrases: ['parameter noise none → [1,2]', 'parameter seed 0 → none'],
  },
  {
    name: 'a model file',
    after: { models: { image: { sha256: B, preprocessing: { standardise: 'window' } } } },
    phrases: ['model file image aaaaaaaaaaaa → bbbbbbbbbbbb'],
  },
  {
    name: 'a model file for a new role',
    after: { models: { ...document.models, patch: { sha256: B, preprocessing: null } } },
    phrases: ['model file patch none → bbbbbbbbbbbb'],
  },
  {
    name: 'how a model file is fed',
    after: { models: { image: { sha256: A, preprocessing: { standardise: 'whole-image' } } } },
    phrases: ['preprocessing of the model file image'],
  },
  {
    name: "the exam's own files",
    after: { inputs: { ...document.inputs, 'exams/L_CC.png': B, 'exams/gen_exam_list.pkl': A } },
    phrases: ['new input: L_CC.png, gen_exam_list.pkl (added)'],
  },
  {
    name: 'the files of a stage before it, also in folders',
    after: { inputs: { 'exams/L_CC.png': A, 'crop/crop.json': B, 'crop/views/L_CC.png': A } },
    phrases: ['crop wrote other files: L_CC.png (removed), crop.json, views/L_CC.png (added)'],
  },
  {
    name: 'several at once, code first',
    after: { inputs: { ...document.inputs, 'crop/crop.json': B }, parameters: { passes: 1, seed: 0 }, version: '2' },
    phrases: ['stage version 1 → 2', 'parameter passes 10 → 1', 'crop wrote other files: crop.json'],
  },
];

describe('what differs between two datums of a stage', () => {
  for (const { name, after, phrases } of cases) {
    it(`tells ${name}`, () => {
      assert.deepEqual(describeChanges(datumChanges(document, { ...document, ...after })), phrases);
    });
  }
});
