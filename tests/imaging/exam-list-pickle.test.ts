import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { examineExamList, readExamList } from '../../imaging/exam-list-pickle.js';
import { ExamError } from '../../pipeline/errors.js';
import { itWithShared, repositoryRoot } from '../support/shared.js';

/** Lists that Python wrote, base64, by who wrote them and what they hold: `write-exam-lists.py` makes them. */
const WRITTEN = JSON.parse(
  readFileSync(join(repositoryRoot, 'tests', 'imaging', 'exam-lists.json'), 'utf8'),
) as Readonly<Record<string, string>>;

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
    ['GLOBAL and REDUCE', latin('\x80\x02cos\nsystem\n(X\x01\x00\x00\x00xtR.'), /names os\.system, which an exam list/],
    ['STACK_GLOBAL', latin('\x80\x04\x8c\x02os\x8c\x06system\x93)R.'), /names os\.system, which/],
    ['NEWOBJ', latin('\x80\x02csubprocess\nPopen\n)\x81.'), /names subprocess\.Popen, which/],
    ['a name that looks like two', latin('\x80\x04\x8c\x05a\nb.c\x8c\x01d\x93.'), /names a\?b\.c\.d, which/],
    [
      'a way around the names',
      latin('\x80\x02c__builtin__\ngetattr\nc__builtin__\nint\nX\x05\0\0\0evals\x86R.'),
      /damaged: it takes an attribute/,
    ],
    ['a call of what a call gave', latin('\x80\x02cdatetime\ndate\n)R)R.'), /pickle instruction REDUCE/],
    ['NEWOBJ of a dictionary', latin('\x80\x02})\x81.'), /pickle instruction NEWOBJ/],
    ['NEWOBJ_EX', latin('\x80\x04cdatetime\ndate\n)}\x92.'), /pickle instruction NEWOBJ_EX/],
    ['EXT1', latin('\x80\x02\x82\x01.'), /pickle instruction EXT1/],
    ['PERSID', latin('Px\n.'), /not a pickle/],
    ['an object of its own', latin('(ios\nsystem\n.'), /pickle instruction INST/],
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
    assert.throws(() => readExamList(latin("cos\nsystem\n(S'x'\ntR.")), refusal(/names os\.system.*nothing was run/));
  });

  it('is refused with an attack in a key that is not read, too', () => {
    const plain = pickle([exam]);
    const attack = latin('\x8c\x01acos\nsystem\n\x8c\x01x\x85Rs');
    // Behind the dictionary's items, before the list takes it.
    const bytes = Buffer.concat([plain.subarray(0, -2), attack, plain.subarray(-2)]);
    assert.throws(() => readExamList(bytes), refusal(/names os\.system/));
  });

  for (const [name, written] of Object.entries(WRITTEN)) {
    it(`is read as ${name}`, () => {
      assert.deepEqual(readExamList(Buffer.from(written, 'base64')), { horizontalFlip: 'YES' });
    });
  }

  it('says what is to be known of it, and how it calls the pictures', () => {
    const several = { ...exam, 'L-CC': ['7_L_CC', '7_L_CC_2'], 'R-CC': ['a/IMG_5.dcm'] };
    const { names, remarks } = examineExamList(pickle([several]), 'exam-1', 'gen_exam_list_before_cropping.pkl');
    assert.deepEqual(names, { L_CC: ['7_L_CC', '7_L_CC_2'], R_CC: ['IMG_5'], L_MLO: ['L_MLO'], R_MLO: ['R_MLO'] });
    assert.deepEqual(remarks, [
      'gen_exam_list_before_cropping.pkl of exam exam-1 names 2 pictures of L_CC (7_L_CC, 7_L_CC_2); one is taken.',
      'gen_exam_list_before_cropping.pkl of exam exam-1 calls R_CC IMG_5, which does not say the view.',
    ]);
  });

  it('that is not read is never said to be dispensable', () => {
    const values = [[exam, exam], [{ ...exam, horizontal_flip: null }], [{ ...exam, 'L-CC': [] }], 5];
    for (const bytes of [...values.map(pickle), latin('\x80\x02]'), latin('\x80\x02cos\nsystem\n.'), latin('{}')]) {
      assert.throws(
        () => readExamList(bytes),
        (error: unknown) => error instanceof ExamError && !/leave|remove|delete|without the list/i.test(error.sentence),
      );
    }
  });

  it('of another format is said to be what it is', () => {
    const lists: [Buffer, RegExp][] = [
      [
        Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0\n'),
        /is a Git LFS pointer, not a pickle.*git lfs pull/,
      ],
      [Buffer.from('[{"horizontal_flip": "YES"}]'), /is a JSON text, not a pickle\..*pickle\.dump/],
      [gzipSync(pickle([exam])), /is a gzip archive, not a pickle\. Unpack it/],
    ];
    for (const [bytes, sentence] of lists) assert.throws(() => readExamList(bytes), refusal(sentence));
  });

  const wrong: readonly (readonly [title: string, value: unknown, sentence: RegExp])[] = [
    ['two exams', [exam, exam], /exactly one exam/],
    ['no exam', [], /exactly one exam/],
    ['neither a list nor a dictionary', 5, /exactly one exam/],
    ['an exam that is no dictionary', ['x'], /at 0: expected a dictionary/],
    [
      'another horizontal_flip',
      [{ ...exam, horizontal_flip: 'MAYBE' }],
      /0\.horizontal_flip: expected "NO" or "YES", found "MAYBE"\. Write "NO"/,
    ],
    ['no flip at all', [{ ...exam, horizontal_flip: null }], /"NO" or "YES", found null/],
    [
      'no horizontal_flip',
      [{ ...exam, horizontal_flip: undefined }].map(({ horizontal_flip: _, ...rest }) => rest),
      /"NO" or "YES", and it is missing/,
    ],
    [
      'a view of another name',
      [{ ...exam, 'L-CC': ['R_CC'] }],
      /at 0\.L-CC\.0: expected the view's one file name "L_CC"/,
    ],
    [
      'a picture of another view among others',
      [{ ...exam, 'R-MLO': ['R_MLO', '3_L_CC'] }],
      /at 0\.R-MLO\.1: .*found "3_L_CC"/,
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
    const opcodes = fc.constantFrom(
      ...']})(XKMJGNtaesuqrhj.\x80\x85\x86\x87\x88\x89\x8c\x94\x95\x00\x01\x02cRbdlgpILFSVUTCB012\n5\x81\x8a\x8b\x8d\x8e\x8f\x90\x91\x93\x96',
    );
    fc.assert(
      fc.property(fc.array(opcodes, { maxLength: 60 }), (characters) => {
        assert.throws(() => readExamList(latin(`\x80\x04${characters.join('')}`)), ExamError);
      }),
      { numRuns: 2000 },
    );
  });

  it('that was changed anywhere is read or refused, and neither takes long', () => {
    const originals = Object.values(WRITTEN).map((written) => Buffer.from(written, 'base64'));
    const edits = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.constantFrom(...originals), edits, (original, changes) => {
        const bytes = Buffer.from(original);
        for (const [place, value] of changes) bytes[place % bytes.length] = value;
        try {
          readExamList(bytes);
        } catch (error) {
          assert.ok(error instanceof ExamError, (error as Error).stack);
        }
      }),
      { numRuns: 5000 },
    );
  });
});
