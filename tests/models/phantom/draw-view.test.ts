import assert from 'node:assert/strict';
import { cutOut, locateBreast } from '../../../imaging/crop-view.js';
import type { Grey16Image } from '../../../imaging/planes.js';
import { drawView } from '../../../models/phantom/draw-view.js';
import { type ExamPlan, type Lesion, planExam } from '../../../models/phantom/plan-exam.js';
import { lateralityOf, VIEWS, type View, viewPositionOf } from '../../../pipeline/exam.js';
import { sha256Hex } from '../../../repos/hash.js';

const SEED = 4242;
const lesionRich = { normal: 0, benign: 1, malignant: 1, both: 1 };

/** The first exam of the seed whose only lesion is of that kind and form, in the left breast or the right. */
function planWith(kind: Lesion['kind'], form: Lesion['form']): { plan: ExamPlan; lesion: Lesion } {
  for (let index = 1; ; index += 1) {
    const plan = planExam(SEED, index, lesionRich);
    const [lesion] = plan.lesions;
    if (plan.lesions.length === 1 && lesion?.kind === kind && lesion.form === form) return { plan, lesion };
  }
}

/** What the lesion adds to the view, in 12-bit values, and how far from its middle in radii, for pixels it changes. */
function added(plan: ExamPlan, lesion: Lesion, view: View): { change: number; away: number }[] {
  const [with_, without] = [drawView(plan, view), drawView({ ...plan, lesions: [] }, view)];
  const { row, column } = lesion.places[viewPositionOf(view)];
  const middle = lateralityOf(view) === 'R' ? with_.columns - 1 - column : column;
  const changes = [];
  for (const [index, value] of with_.pixels.entries()) {
    const change = (value - (without.pixels[index] as number)) / 16;
    if (change === 0) continue;
    const [y, x] = [Math.floor(index / with_.columns) - row, (index % with_.columns) - middle];
    changes.push({ change, away: Math.hypot(y, x) / lesion.radius });
  }
  return changes;
}

const breastPixels = ({ pixels }: Grey16Image): number =>
  pixels.reduce((count, value) => count + (value > 0 ? 1 : 0), 0);
/** Of the four views of exam 1. */
const PINNED = ['7973d2f6f6f5631c', 'e152a66d5525aeb3', '5380345c31820eae', '6bb945e76aaec13d'];

const share = <T>(all: readonly T[], holds: (one: T) => boolean): number => all.filter(holds).length / all.length;

describe('a drawn view', () => {
  const plan = planExam(SEED, 1, lesionRich);
  let drawn: Record<View, Grey16Image>;
  before(() => {
    drawn = Object.fromEntries(VIEWS.map((view) => [view, drawView(plan, view)])) as Record<View, Grey16Image>;
  });

  it('has the pixels that this version of the generator draws, on every platform', () => {
    const hashes = VIEWS.map((view) => sha256Hex(Buffer.from(drawn[view].pixels.buffer)).slice(0, 16));
    assert.deepEqual(hashes, PINNED, 'other pixels need another GENERATOR_VERSION, or exams of two kinds get mixed');
  });

  it('has 12-bit values stretched to 16 bits', () => {
    const other = drawn.L_MLO.pixels.findIndex((value) => (value & 15) !== value >> 12);
    assert.equal(other, -1);
  });

  it('has the chest wall at the left edge for left breasts and at the right edge for right ones', () => {
    for (const view of VIEWS) {
      const { columns, rows, pixels } = drawn[view];
      const inColumn = (column: number) =>
        Array.from({ length: rows }, (_, row) => pixels[row * columns + column]).filter((value) => value !== 0).length;
      const [left, right] = [inColumn(0), inColumn(columns - 1)];
      if (lateralityOf(view) === 'L') assert.ok(left > rows / 3 && right === 0, `${view}: ${left}, ${right}`);
      else assert.ok(right > rows / 3 && left === 0, `${view}: ${left}, ${right}`);
    }
  });

  it('has one breast before a background of exactly 0', () => {
    for (const view of VIEWS) {
      const inBreast = breastPixels(drawn[view]) / drawn[view].pixels.length;
      assert.ok(inBreast > 0.2 && inBreast < 0.85, `${view}: ${inBreast}`);
    }
  });

  it('has the pectoral muscle in the corner of the MLO views', () => {
    for (const [view, corner] of [
      ['L_MLO', (row: number, columns: number) => row * columns + 20],
      ['R_MLO', (row: number, columns: number) => row * columns + columns - 21],
    ] as const) {
      const { columns, pixels } = drawn[view];
      const values = Array.from({ length: 100 }, (_, row) => (pixels[corner(row + 20, columns)] as number) / 16);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      assert.ok(mean > 1_500 && mean < 2_500, `${view}: ${mean}`);
    }
  });

  it('is cropped to all of the breast with every lesion', () => {
    for (const view of VIEWS) {
      const side = lateralityOf(view) === 'L' ? 'right' : 'left';
      const location = locateBreast(drawn[view], side, { iterations: 100, buffer: 50 });
      assert.ok(location !== undefined, view);
      const { top, bottom, left, right } = location.window;
      const breast = breastPixels(drawn[view]);
      const kept = breastPixels(cutOut(drawn[view], location.window));
      assert.ok(kept > 0.99 * breast, `${view}: ${kept} of ${breast}`);
      for (const lesion of plan.lesions.filter(({ laterality }) => laterality === lateralityOf(view))) {
        const { row, column } = lesion.places[viewPositionOf(view)];
        const onDisk = side === 'right' ? column : drawn[view].columns - 1 - column;
        assert.ok(row > top && row < bottom && onDisk > left && onDisk < right, view);
      }
    }
  });
});

describe('a drawn lesion', () => {
  for (const kind of ['benign', 'malignant'] as const) {
    for (const form of ['mass', 'calcifications'] as const) {
      it(`of kind ${kind} and form ${form} makes both views of its breast brighter where the truth says, and nowhere else`, () => {
        const { plan, lesion } = planWith(kind, form);
        for (const view of VIEWS) {
          if (lateralityOf(view) !== lesion.laterality) continue;
          const changes = added(plan, lesion, view);
          const inside = changes.filter(({ away }) => away <= 1);
          assert.ok(inside.length > (form === 'mass' ? 0.5 * Math.PI * lesion.radius ** 2 : 100), `${inside.length}`);
          // A flat mass leaves room in its circle for the dark rim around it.
          assert.ok(
            share(
              inside.filter(({ away }) => away < 0.6),
              ({ change }) => change > 0,
            ) > 0.95,
          );
          const brightest = Math.max(...inside.map(({ change }) => change));
          assert.ok(brightest > (form === 'mass' ? 120 : 300), `${view}: at most ${brightest}`);
          const farthest = Math.max(...changes.map(({ away }) => away));
          const reach = form === 'calcifications' ? 1.1 : kind === 'benign' ? 1.3 : 2.2;
          assert.ok(farthest < reach, `${view}: reaches to ${farthest} radii`);
        }
      });
    }
  }

  it('changes nothing in the other breast', () => {
    const { plan, lesion } = planWith('malignant', 'mass');
    const other = lesion.laterality === 'L' ? 'R_CC' : 'L_CC';
    assert.deepEqual(drawView(plan, other), drawView({ ...plan, lesions: [] }, other));
  });
});
