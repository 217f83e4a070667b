import assert from 'node:assert/strict';
import { join } from 'node:path';
import { readGrey16Png } from '../../../imaging/grey16-png.js';
import { inspectExam } from '../../../imaging/quality/inspect.js';
import { measureView } from '../../../imaging/quality/measure-view.js';
import { VIEWS, type View, viewFile } from '../../../pipeline/exam.js';
import { worstVerdict } from '../../../pipeline/quality-report.js';
import { alterations, type Pictures } from '../../support/alterations.js';
import { itWithShared } from '../../support/shared.js';
import { measuredPhantom, phantomExam, STRICT } from './phantom-exam.js';

/** Never let pass, whatever else is wrong. */
const ALWAYS_REFUSED = new Set(['bytes swapped', 'grey inverted']);

describe('a real exam', () => {
  itWithShared(
    'is sound as it is, and refused or warned of in every way in which it is altered grossly',
    async (shared) => {
      const read = async (view: View) =>
        [view, await readGrey16Png(join(shared, 'exams', 'gmic-0', viewFile(view)))] as const;
      const exam = Object.fromEntries(await Promise.all(VIEWS.map(read))) as unknown as Pictures;
      const measured = measuredPhantom(exam);
      assert.equal(worstVerdict(inspectExam(measured, 'NO', STRICT)), 'ok');
      for (const [index, { name, strength, gross, apply }] of alterations.entries()) {
        if (!gross) continue;
        const view = VIEWS[index % VIEWS.length] as View;
        const changed = Object.entries(apply(exam, view, phantomExam())).map(([key, image]) => [
          key,
          measureView(image),
        ]);
        const verdict = worstVerdict(inspectExam({ ...measured, ...Object.fromEntries(changed) }, 'NO', STRICT));
        const what = `${name} ${strength} in ${view}`;
        if (ALWAYS_REFUSED.has(name)) assert.equal(verdict, 'refuse', what);
        else assert.notEqual(verdict, 'ok', what);
      }
    },
  );
});
