import assert from 'node:assert/strict';
import { depthBelowSkin, depthInMuscle, nippleLine, type Place } from '../../../models/phantom/breast-outline.js';
import { STANDARD_MIX } from '../../../models/phantom/mix.js';
import { DENSITIES, examName, type Lesion, planExam } from '../../../models/phantom/plan-exam.js';
import { isExamId, VIEWS, viewPositionOf } from '../../../pipeline/exam.js';

const plans = Array.from({ length: 400 }, (_, index) => planExam(77, index + 1, STANDARD_MIX));
const lesions = plans.flatMap((plan) => plan.lesions.map((lesion) => ({ plan, lesion })));
const viewsOf = (lesion: Lesion) => VIEWS.filter((view) => view.startsWith(lesion.laterality));

describe('the plan of an exam', () => {
  it('depends on the seed and the number alone', () => {
    assert.deepEqual(planExam(77, 12, STANDARD_MIX), plans[11]);
    assert.notDeepEqual(planExam(78, 12, STANDARD_MIX).outlines, plans[11]?.outlines);
  });

  it('has a name that is an exam id and tells seed and number', () => {
    assert.equal(examName(900_000, 6), 'phantom-900000-0006');
    assert.equal(examName(1, 12_345), 'phantom-1-12345');
    assert.ok(plans.every(({ exam }) => isExamId(exam)));
  });

  it('has the sizes of real views', () => {
    const outlines = plans.flatMap((plan) => Object.values(plan.outlines));
    for (const { rows, columns } of outlines) {
      assert.ok(rows >= 2_000 && rows <= 3_300 && columns >= 1_000 && columns <= 2_600, `${rows} × ${columns}`);
    }
    assert.ok(new Set(outlines.map(({ rows, columns }) => `${rows}x${columns}`)).size > 400);
  });

  it('has every density', () => {
    for (const density of DENSITIES) assert.ok(plans.filter((plan) => plan.density === density).length >= 20, density);
  });

  it('has lesions of the kinds that its own kind says', () => {
    for (const { kind, lesions } of plans) {
      const kinds = [...new Set(lesions.map((lesion) => lesion.kind))].sort();
      assert.deepEqual(kinds, kind === 'normal' ? [] : kind === 'both' ? ['benign', 'malignant'] : [kind]);
    }
  });

  it('has every kind and form of lesion in both breasts', () => {
    const seen = new Set(lesions.map(({ lesion }) => `${lesion.laterality} ${lesion.kind} ${lesion.form}`));
    assert.equal(seen.size, 8);
  });

  it('has every lesion inside the breast, clear of skin, muscle and the edges of the picture', () => {
    for (const { plan, lesion } of lesions) {
      for (const view of viewsOf(lesion)) {
        const outline = plan.outlines[view];
        const { row, column } = lesion.places[viewPositionOf(view)];
        const { radius } = lesion;
        assert.ok(radius >= 20 && radius <= 120, `${plan.exam}: radius ${radius}`);
        for (let step = 0; step < 12; step += 1) {
          const angle = (step / 12) * 2 * Math.PI;
          const rim = { row: row + radius * Math.sin(angle), column: column + radius * Math.cos(angle) };
          assert.ok(rim.row > 0 && rim.row < outline.rows && rim.column > 0, `${plan.exam} ${view}`);
          assert.ok(depthBelowSkin(outline, rim.row, rim.column) > 0, `${plan.exam} ${view}: outside the breast`);
          assert.ok(depthInMuscle(outline, rim.row, rim.column) < 0, `${plan.exam} ${view}: in the muscle`);
        }
      }
    }
  });

  it('has every lesion equally far behind the nipple in both views', () => {
    for (const { plan, lesion } of lesions) {
      const [inCc, inMlo] = viewsOf(lesion).map((view) => {
        const outline = plan.outlines[view];
        const { down, right } = nippleLine(outline);
        const place = lesion.places[viewPositionOf(view)];
        return (place.row - outline.nipple.row) * down + (place.column - outline.nipple.column) * right;
      });
      assert.ok(Math.abs(inCc! - inMlo!) < 1e-6, `${plan.exam}: ${inCc} and ${inMlo}`);
    }
  });

  it('has no two lesions over one another', () => {
    const apart = (a: Place, b: Place) => Math.hypot(a.row - b.row, a.column - b.column);
    let pairs = 0;
    for (const plan of plans) {
      const [first, second] = plan.lesions;
      if (first === undefined || second === undefined || first.laterality !== second.laterality) continue;
      pairs += 1;
      for (const position of ['CC', 'MLO'] as const) {
        assert.ok(apart(first.places[position], second.places[position]) > first.radius + second.radius, plan.exam);
      }
    }
    assert.ok(pairs > 10);
  });
});
