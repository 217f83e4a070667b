import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { readExamList } from '../../imaging/exam-list-pickle.js';
import { ExamError } from '../../pipeline/errors.js';
import { itWithShared } from '../support/shared.js';

const latin = (text: string): Buffer => Buffer.from(text, 'latin1');

/** Pickles a plain value as protocol 4 does, without frames and memos. */
function pickle(value: unknown): Buffer {
  return Buffer.concat([latin('\x80\x04'), encode(value), latin('.')]);
}
function encode(value: unknown): Buffer {
  if (value === null) return latin('N');
  if (typeof value === 'boolean') return latin(value ? '\x88' : '\x89');
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(5);
    bytes.write('J', 'latin1');
    bytes.writeInt32LE(value, 1);
    return bytes;
  }
  if (typeof value === 'string') return Buffer.concat([Buffer.from([0x8c, value.length]), Buffer.from(value)]);
  if (Array.isArray(value)) return Buffer.concat([latin(']('), ...value.map(encode), latin('e')]);
  const items = Object.entries(value as object).flatMap(([key, item]) => [encode(key), encode(item)]);
  return Buffer.concat([latin('}('), ...items, latin('u')]);
}

const exam = {
  horizontal_flip: 'NO',
  'L-CC': ['L_CC'],
  'R-CC': ['R_CC'],
  'L-MLO': ['L_MLO'],
  'R-MLO': ['R_MLO'],
};

const refusal = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ExamError, String(error));
  assert.equal(error.code, 'invalid-exam-list');
  assert.match(error.sentence, pattern);
  assert.match(error.sentence, /^gen_exam_list\.pkl/);
  return true;
};

describe('the exam list', () => {
  for (const name of ['gmic-0', 'mixed']) {
    itWithShared(`of ${name}, written by Python, is read`, (shared) => {
      const bytes = readFileSync(join(shared, 'exams', name, 'gen_exam_list.pkl'));
      assert.deepEqual(readExamList(bytes), { horizontalFlip: 'NO' });
    });
  }

  it('says whether the exam was stored mirrored', () => {
    assert.deepEqual(readExamList(pickle([{ ...exam, horizontal_flip: 'YES' }])), { horizontalFlip: 'YES' });
  });

  it('may hold more than is read', () => {
    const more = { ...exam, cancer_label: { left: null, right: [1, true] }, 'L-CC_benign_seg': [] };
    assert.deepEqual(readExamList(pickle([more])), { horizontalFlip: 'NO' });
  });

  it('may use frames and memos, as Python writes them', () => {
    const plain = pickle([exam]);
    const body = Buffer.concat([plain.subarray(2, 3), latin('\x94'), plain.subarray(3)]);
    const frame = Buffer.alloc(8);
    frame.writeBigUInt64LE(BigInt(body.length));
    assert.deepEqual(readExamList(Buffer.concat([latin('\x80\x04\x95'), frame, body])), { horizontalFlip: 'NO' });
  });

  const malicious: readonly (readonly [title: string, bytes: Buffer, instruction: RegExp])[] = [
    ['GLOBAL and REDUCE', latin('\x80\x02cos\nsystem\n(X\x01\x00\x00\x00xtR.'), /pickle instruction GLOBAL/],
    ['STACK_GLOBAL', latin('\x80\x04\x8c\x02os\x8c\x06system\x93)R.'), /pickle instruction STACK_GLOBAL/],
    ['INST', latin('\x80\x02(ios\nsystem\n.'), /pickle instruction INST/],
    ['REDUCE', latin('\x80\x02])R.'), /pickle instruction REDUCE/],
    ['BUILD', latin('\x80\x02}}b.'), /pickle instruction BUILD/],
    ['an instruction that Python lacks', latin('\x80\x02\xff.'), /pickle instruction 0xff/],
  ];
  for (const [title, bytes, instruction] of malicious) {
    it(`is refused by name when it holds ${title}, and nothing is run`, () => {
      assert.throws(() => readExamList(bytes, 'exam-1'), refusal(instruction));
    });
  }

  it('is refused in the old text protocol, which the usual attack comes in', () => {
    assert.throws(() => readExamList(latin("cos\nsystem\n(S'x'\ntR.")), refusal(/not a pickle of protocol 2 or later/));
  });

  const wrong: readonly (readonly [title: string, value: unknown, sentence: RegExp])[] = [
    ['two exams', [exam, exam], /exactly one exam/],
    ['no exam', [], /exactly one exam/],
    ['no list', exam, /exactly one exam/],
    ['an exam that is no dictionary', ['x'], /at 0: expected a dictionary/],
    ['another horizontal_flip', [{ ...exam, horizontal_flip: 'MAYBE' }], /0\.horizontal_flip: expected "NO" or "YES"/],
    [
      'no horizontal_flip',
      [{ ...exam, horizontal_flip: undefined }].map(({ horizontal_flip: _, ...rest }) => rest),
      /"NO" or "YES"/,
    ],
    [
      'a view of another name',
      [{ ...exam, 'L-CC': ['R_CC'] }],
      /at 0\.L-CC\.0: expected the view's one file name "L_CC"/,
    ],
    [
      'two images of a view',
      [{ ...exam, 'R-MLO': ['R_MLO', 'R_MLO_2'] }],
      /at 0\.R-MLO: expected the list \["R_MLO"\]/,
    ],
    ['no image of a view', [{ ...exam, 'R-MLO': [] }], /at 0\.R-MLO/],
  ];
  for (const [title, value, sentence] of wrong) {
    it(`is refused with the place of the mistake when it holds ${title}`, () => {
      assert.throws(() => readExamList(pickle(value)), refusal(sentence));
    });
  }

  it('is refused when empty, cut short or far too large', () => {
    assert.throws(() => readExamList(Buffer.alloc(0)), refusal(/is empty/));
    const whole = pickle([exam]);
    for (let length = 1; length < whole.length; length += 1) {
      assert.throws(() => readExamList(whole.subarray(0, length)), refusal(/cut short|damaged|not a pickle/));
    }
    assert.throws(() => readExamList(Buffer.alloc(2 ** 20 + 1)), refusal(/too large/));
  });

  it('that refers to itself or repeats itself without end is refused at once', () => {
    assert.throws(() => readExamList(latin('\x80\x04]\x94h\x00a.')), refusal(/at 0: expected a dictionary/));
    // Each list holds the one before twice: 2^200 items, if anyone walked them.
    let bombed = '\x80\x04]\x94';
    for (let level = 0; level < 200; level += 1)
      bombed += `](h${String.fromCharCode(level)}h${String.fromCharCode(level)}e\x94`;
    assert.throws(() => readExamList(latin(`${bombed}.`)), refusal(/values are left over/));
  });

  it('never does anything but answer or refuse, whatever the bytes', () => {
    const opcodes = fc.constantFrom(...']})(XKMJGNtaesuqrhj.\x80\x85\x86\x87\x88\x89\x8c\x94\x95\x00\x01\x02cR');
    fc.assert(
      fc.property(fc.array(opcodes, { maxLength: 60 }), (characters) => {
        assert.throws(() => readExamList(latin(`\x80\x04${characters.join('')}`)), ExamError);
      }),
      { numRuns: 2000 },
    );
  });
});
