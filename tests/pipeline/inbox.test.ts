import assert from 'node:assert/strict';
import { EXAM_LIST_FILE, VIEWS, viewFile } from '../../pipeline/exam.js';
import { arrivalSentence, durationText, type InboxFile, judgeExam, timeOf } from '../../pipeline/inbox.js';
import { inboxSettingsOf, inboxSettingsSchema } from '../../pipeline/inbox-settings.js';

const SETTINGS = inboxSettingsSchema.parse({});
/** Not a whole second, so that it is exact. */
const NOW = 1_800_000_000_001;
const ALL = VIEWS.map(viewFile);
const NUMBERED = VIEWS.map((view) => `7_${viewFile(view)}`);
const PACHYDERM = 'gen_exam_list_before_cropping.pkl';

/** Files of these ages in seconds. */
const files = (ages: Readonly<Record<string, number>>): InboxFile[] =>
  Object.entries(ages).map(([path, age]) => ({ path, size: 1, etag: 'e', modified: NOW - age * 1_000 }));
const aged = (names: readonly string[], age: number): InboxFile[] =>
  files(Object.fromEntries(names.map((name) => [name, age])));
const judge = (arrived: readonly InboxFile[], committed: readonly string[] = [], exam = 'exam-1') =>
  judgeExam(exam, arrived, committed, NOW, SETTINGS);

describe('an exam in the inbox', () => {
  const cases: readonly [string, readonly InboxFile[], readonly string[], string, boolean][] = [
    ['with four quiet views is ready', aged(ALL, 2), [], 'ready', false],
    [
      'whose newest view is a second old settles',
      files({ ...Object.fromEntries(ALL.map((n) => [n, 9])), 'L_CC.png': 1 }),
      [],
      'settling',
      false,
    ],
    ['without one view is incomplete', aged(ALL.slice(1), 500), [], 'incomplete', false],
    ['with nothing but an exam list is incomplete', aged([EXAM_LIST_FILE], 500), [], 'incomplete', false],
    [
      'that is committed already and comes as a whole waits no longer than a new one',
      aged(ALL, 2),
      ALL,
      'ready',
      false,
    ],
    ['that corrects a view settles for a minute', aged(['L_CC.png'], 59), ALL, 'settling', true],
    ['that corrected a view a minute ago is ready', aged(['L_CC.png'], 60), ALL, 'ready', true],
    ['that adds an exam list is a correction', aged([EXAM_LIST_FILE], 60), ALL, 'ready', true],
    ['whose missing view is committed is complete', aged(ALL.slice(1), 60), ['L_CC.png'], 'ready', true],
    ['whose committed views do not make it complete is not', aged(ALL.slice(2), 60), ['L_CC.png'], 'incomplete', true],
    ['with a view twice is refused', aged([...ALL, 'l_cc.png'], 9), [], 'refused', false],
    ['with a view written in another way is ready', aged([...ALL.slice(1), 'l-cc.PNG'], 9), [], 'ready', false],
    ['whose views have one number is ready', aged(NUMBERED, 9), [], 'ready', false],
    ['whose views have one number waits for the others', aged(NUMBERED.slice(1), 500), [], 'incomplete', false],
    [
      'whose views have different numbers is refused',
      aged(['1_L_CC.png', ...NUMBERED.slice(1)], 9),
      [],
      'refused',
      false,
    ],
    [
      'of which only some views have a number is refused',
      aged([...NUMBERED.slice(1), 'L_CC.png'], 9),
      [],
      'refused',
      false,
    ],
    ['with a numbered view beside the view is refused', aged([...ALL, '7_L_CC.png'], 9), [], 'refused', false],
    ['that is corrected by a view with a number is refused', aged(['7_L_CC.png'], 60), ALL, 'refused', true],
    ["with the list of Pachyderm's example is ready", aged([...ALL, PACHYDERM], 9), [], 'ready', false],
    ['with two lists is refused', aged([...ALL, EXAM_LIST_FILE, PACHYDERM], 9), [], 'refused', false],
    ['with another pickle is refused', aged([...ALL, 'data.pkl'], 9), [], 'refused', false],
  ];
  for (const [what, arrived, committed, state, correction] of cases) {
    it(what, () => {
      const arrival = judge(arrived, committed);
      assert.equal(arrival.state, state);
      assert.equal(arrival.correction, correction);
    });
  }

  it('is refused under a name that no exam can have', () => {
    const arrival = judge(aged(ALL, 9), [], '..');
    assert.match(arrivalSentence(arrival, NOW), /^"\.\." is no exam id: .* Rename the folder\.$/);
  });

  it('says what it waits for and since when, and when it is taken in', () => {
    const incomplete = judge(aged(ALL.slice(0, 3), 600));
    assert.match(arrivalSentence(incomplete, NOW), /^Waiting for R_MLO since (\d{4}-\d\d-\d\d )?\d\d:\d\d\.$/);
    const correction = judge(aged(['L_CC.png', 'R_CC.png'], 20), ALL);
    assert.equal(
      arrivalSentence(correction, NOW),
      'L_CC, R_CC of a committed exam arrived; taken in after 40 seconds unless more comes.',
    );
  });

  it('is flagged when its views came further apart than those of one visit do', () => {
    const apart = files({ 'L_CC.png': 1_000, 'R_CC.png': 990, 'L_MLO.png': 980, 'R_MLO.png': 10 });
    const arrival = judge(apart);
    assert.equal(arrival.state, 'ready');
    assert.equal(arrival.apart, 990_000);
    assert.match(arrivalSentence(arrival, NOW), /Its views came 17 minutes apart\.$/);
    assert.equal(judge(aged(ALL, 2)).apart, undefined);
    // An exam list may be written at any time.
    assert.equal(
      judge(files({ ...Object.fromEntries(ALL.map((name) => [name, 9])), [EXAM_LIST_FILE]: 5_000 })).apart,
      undefined,
    );
  });

  it('is overdue when it has been incomplete for too long', () => {
    const overdue = (age: number): boolean => {
      const arrival = judge(aged(ALL.slice(1), age));
      return arrival.state === 'incomplete' && arrival.overdue;
    };
    assert.equal(overdue(899), false);
    assert.equal(overdue(900), true);
  });

  it('is not taken for quiet because a server tells whole seconds only', () => {
    assert.equal(timeOf({ modified: 5_000 }), 5_999);
    assert.equal(timeOf({ modified: 5_001 }), 5_001);
  });
});

describe('the settings of the inbox', () => {
  it('come from the environment, and are the defaults otherwise', () => {
    assert.deepEqual(inboxSettingsOf({ MAMMOFLOW_INBOX_QUIET_SECONDS: '0.5', MAMMOFLOW_INBOX_SPREAD_SECONDS: '' }), {
      quietSeconds: 0.5,
      correctionQuietSeconds: 60,
      spreadSeconds: 600,
      reportAfterSeconds: 900,
    });
  });

  it('are refused with the name of the variable', () => {
    for (const text of ['soon', '-1', '1e9']) {
      assert.throws(() => inboxSettingsOf({ MAMMOFLOW_INBOX_QUIET_SECONDS: text }), {
        code: 'invalid-configuration',
        message: new RegExp(`^MAMMOFLOW_INBOX_QUIET_SECONDS is "${text}": `),
      });
    }
  });
});

describe('a duration', () => {
  it('is told in the unit that says most', () => {
    const told = [1_000, 90_000, 120_000, 7_200_000, 3 * 86_400_000].map(durationText);
    assert.deepEqual(told, ['1 second', '90 seconds', '2 minutes', '2 hours', '3 days']);
  });
});
