import assert from 'node:assert/strict';
import { byGreatest, distributionsOf, movementsOf } from '../../../api/comparison/movements.js';
import { LABELS, type LabelProbabilities, type Predictions } from '../../../pipeline/predictions.js';

const all = (value: number): LabelProbabilities =>
  Object.fromEntries(LABELS.map((label) => [label, value])) as LabelProbabilities;
const predictions = (exam: string, image: Partial<LabelProbabilities>, imageheatmaps = all(0.25)): Predictions => ({
  exam,
  image: { ...all(0.25), ...image },
  imageheatmaps,
});

describe('movements of predictions', () => {
  const crossings: readonly { before: number; after: number; threshold?: number; crosses: boolean }[] = [
    { before: 0.25, after: 0.75, threshold: 0.5, crosses: true },
    { before: 0.75, after: 0.25, threshold: 0.5, crosses: true },
    { before: 0.25, after: 0.5, threshold: 0.5, crosses: true },
    { before: 0.5, after: 0.75, threshold: 0.5, crosses: false },
    { before: 0.25, after: 0.375, threshold: 0.5, crosses: false },
    { before: 0.25, after: 0.75, crosses: false },
  ];
  for (const { before, after, threshold, crosses } of crossings) {
    it(`${crosses ? 'cross' : 'do not cross'} ${threshold ?? 'no threshold'} from ${before} to ${after}`, () => {
      const [first] = movementsOf(
        predictions('a', { left_benign: before }),
        predictions('a', { left_benign: after }),
        threshold,
      );
      assert.deepEqual(first, {
        exam: 'a',
        variant: 'image',
        label: 'left_benign',
        before,
        after,
        change: after - before,
        crosses,
      });
    });
  }

  it('come for each classifier that is asked for', () => {
    const before = predictions('a', {});
    const count = (...rest: Parameters<typeof movementsOf> extends [unknown, unknown, ...infer Rest] ? Rest : never) =>
      movementsOf(before, before, ...rest).length;
    assert.equal(count(), 8);
    assert.equal(count(undefined, ['imageheatmaps']), 4);
  });

  it('are ordered by size whatever their sign, then by exam', () => {
    const before = ['b', 'a'].map((exam) => predictions(exam, {}));
    const after = [
      predictions('b', { right_malignant: 0 }),
      predictions('a', { left_benign: 0.375, right_benign: 0.5 }),
    ];
    const moved = before.flatMap((one, index) => movementsOf(one, after[index] as Predictions)).sort(byGreatest);
    assert.deepEqual(
      moved.slice(0, 4).map(({ exam, label, change }) => [exam, label, change]),
      [
        ['a', 'right_benign', 0.25],
        ['b', 'right_malignant', -0.25],
        ['a', 'left_benign', 0.125],
        ['a', 'left_malignant', 0],
      ],
    );
  });

  it('are counted for each label, with what crosses upwards and downwards', () => {
    const moved = [
      ...movementsOf(predictions('a', {}), predictions('a', { left_benign: 0.75 }), 0.5),
      ...movementsOf(predictions('b', { left_benign: 0.75 }), predictions('b', { left_benign: 0.25 }), 0.5),
      ...movementsOf(predictions('c', {}), predictions('c', { left_benign: 1 }), 0.5),
    ];
    const distributions = distributionsOf(moved);
    assert.equal(distributions.length, 8);
    const [first, second] = distributions;
    assert.equal(first?.count, 3);
    assert.equal(first?.greatest, 0.75);
    assert.equal(first?.median, 0.5);
    assert.deepEqual(first?.crossing, { up: 2, down: 1 });
    assert.equal(second?.greatest, 0);
    assert.deepEqual(second?.crossing, { up: 0, down: 0 });
  });
});
