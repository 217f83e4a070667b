import assert from 'node:assert/strict';
import { join } from 'node:path';
import { readGrey16Png } from '../../../imaging/grey16-png.js';
import type { Grey16Image } from '../../../imaging/planes.js';
import { viewFindings } from '../../../imaging/quality/inspect.js';
import { measureView } from '../../../imaging/quality/measure-view.js';
import { referenceOf } from '../../../imaging/quality/pixel-statistics.js';
import { readBundle } from '../../../inference/bundle.js';
import { packageRoot } from '../../../infra/package-root.js';
import { VIEWS, type View } from '../../../pipeline/exam.js';
import { modelReferenceSchema } from '../../../pipeline/model-reference.js';
import { noisy } from '../../support/alterations.js';
import { itWithShared } from '../../support/shared.js';
import { measuredPhantom, phantomExam, STRICT } from './phantom-exam.js';

/** What is found with the reference of the default model, which saw phantoms only. */
async function found(image: Grey16Image, view: View) {
  const { reference } = (await readBundle(join(packageRoot, 'models', 'phantom', 'bundle'))).bundle;
  assert.ok(reference !== undefined);
  const subject = { view, horizontalFlip: 'NO', reference } as const;
  return viewFindings(measureView(image), subject, STRICT).find(({ code }) => code === 'model-pixels');
}

describe('a picture against those that the model was made for', () => {
  it('is like them where it is a phantom of another seed', async () => {
    for (const view of VIEWS) assert.equal((await found(phantomExam()[view], view))?.verdict, 'ok', view);
  });

  it('is warned of where its texture is another, which is named', async () => {
    const finding = await found(noisy(0.03)(phantomExam().R_MLO, 'R_MLO'), 'R_MLO');
    assert.equal(finding?.verdict, 'warn');
    assert.match(finding?.message ?? '', /unlike those that the model was made for/);
  });

  itWithShared('is warned of where it is a real mammogram and the model saw phantoms only', async (shared) => {
    const image = await readGrey16Png(join(shared, 'exams', 'gmic-0', 'L_MLO.png'));
    assert.equal((await found(image, 'L_MLO'))?.verdict, 'warn');
  });

  it('says nothing but that there is no reference where the bundle has none', () => {
    const subject = { view: 'L_CC', horizontalFlip: 'NO' } as const;
    const finding = viewFindings(measureView(phantomExam().L_CC), subject, STRICT).find(
      ({ code }) => code === 'model-pixels',
    );
    assert.equal(finding?.value, undefined);
    assert.equal(finding?.verdict, 'ok');
    assert.match(finding?.message ?? '', /has no reference/);
  });

  it('is measured on the exams that the reference is made of', () => {
    const measured = measuredPhantom();
    const reference = referenceOf(
      Array.from({ length: 20 }, () => measured),
      'one exam twenty times',
    );
    assert.deepEqual(modelReferenceSchema.parse(reference), reference);
    const mean = ((measured.L_CC.tissue?.levels ?? 0) + (measured.R_CC.tissue?.levels ?? 0)) / 2;
    assert.equal(reference.pixels.CC.levels.mean, Number(mean.toPrecision(4)));
  });
});
