import assert from 'node:assert/strict';
import fc from 'fast-check';
import { planColumns } from '../../../inference/background/column-plan.js';
import type { Sweep } from '../../../inference/background/stretch.js';
import type { Trunk, TrunkOperator, TrunkSegment } from '../../../inference/background/trunk.js';

/* A trunk in one dimension over whole numbers, computed with every column and with those that a plan asks for. */

const sweep = (reach: number, stride: number, before = 0, behind = before): Sweep => ({
  reach,
  stride,
  before,
  behind,
});

/** A residual block whose first convolution has that stride, as `[operators, its output]`. */
function block(input: string, name: string, stride: number): TrunkOperator[] {
  return [
    { inputs: [input], output: `${name}.1`, sweep: sweep(3, stride, 1) },
    { inputs: [`${name}.1`], output: `${name}.2`, sweep: sweep(3, 1, 1) },
    { inputs: [input], output: `${name}.past`, sweep: sweep(1, stride) },
    { inputs: [`${name}.2`, `${name}.past`], output: `${name}.sum` },
  ];
}

/** Any convolutions and blocks in any segments. */
const trunks = fc
  .tuple(
    fc.array(
      fc.array(
        fc.oneof(
          fc.record({
            kind: fc.constant('conv' as const),
            reach: fc.integer({ min: 1, max: 5 }),
            stride: fc.integer({ min: 1, max: 3 }),
            before: fc.integer({ min: 0, max: 2 }),
            behind: fc.integer({ min: 0, max: 2 }),
          }),
          fc.record({ kind: fc.constant('block' as const), stride: fc.integer({ min: 1, max: 2 }) }),
        ),
        { minLength: 1, maxLength: 3 },
      ),
      { minLength: 1, maxLength: 4 },
    ),
    fc.integer({ min: 60, max: 200 }),
  )
  .map(([parts, columns]): Trunk => {
    let at = 'x';
    const segments = parts.map((steps, index): TrunkSegment => {
      const input = at;
      const operators = steps.flatMap((step, place) => {
        const name = `${index}.${place}`;
        const made =
          step.kind === 'block'
            ? block(at, name, step.stride)
            : [{ inputs: [at], output: name, sweep: sweep(step.reach, step.stride, step.before, step.behind) }];
        at = made.at(-1)?.output as string;
        return made;
      });
      return { input, output: at, operators };
    });
    return { input: 'x', channels: 1, rows: 1, columns, segments };
  });

/**
 * A segment's map: sums of what is read, each place with a weight of its own, and a bias, so that nothing stays 0. Empty
 * where a window is too small for one of its kernels.
 */
function run({ input, output, operators }: TrunkSegment, columns: readonly number[]): number[] {
  const maps = new Map([[input, [...columns]]]);
  for (const operator of operators) {
    const [a, b] = operator.inputs.map((name) => maps.get(name) as number[]) as [number[], number[]?];
    const { sweep: over } = operator;
    if (over === undefined) {
      maps.set(
        operator.output,
        a.map((value, index) => value + ((b as number[])[index] as number)),
      );
      continue;
    }
    const padded = [...Array<number>(over.before).fill(0), ...a, ...Array<number>(over.behind).fill(0)];
    const made: number[] = [];
    for (let begin = 0; begin + over.reach <= padded.length; begin += over.stride) {
      const read = padded.slice(begin, begin + over.reach);
      made.push(read.reduce((sum, value, place) => (sum + value * (3 * place + 1)) % 1009, 7));
    }
    if (made.length === 0) return [];
    maps.set(operator.output, made);
  }
  return maps.get(output) as number[];
}

describe('leaving alike columns out of a trunk', () => {
  it('comes to the same map as computing all of them, for any trunk and any stretch', () => {
    fc.assert(
      fc.property(
        trunks,
        fc.integer({ min: 0, max: 199 }),
        fc.integer({ min: 1, max: 200 }),
        (trunk, begin, length) => {
          const from = Math.min(begin, trunk.columns - 1);
          const to = Math.min(trunk.columns, from + length);
          const window = Array.from({ length: trunk.columns }, (_, index) =>
            index >= from && index < to ? 500 : (index * 37 + 11) % 97,
          );
          const whole = trunk.segments.reduce<number[]>((map, segment) => run(segment, map), window);
          fc.pre(trunk.segments.every((_, index) => reached(trunk, index, window) > 0));

          const [first, ...boundaries] = planColumns(trunk, { from, to });
          const kept = first as (typeof boundaries)[number];
          let map = [...window.slice(0, kept.before + kept.alike), ...window.slice(trunk.columns - kept.behind)];
          assert.equal(map.length, kept.before + kept.alike + kept.behind);
          boundaries.forEach(({ before, alike, behind }, index) => {
            map = run(trunk.segments[index] as TrunkSegment, map);
            assert.equal(map.length, before + 1 + behind, 'of the stretch, one column comes out');
            map = [
              ...map.slice(0, before),
              ...Array<number>(alike).fill(map[before] as number),
              ...map.slice(before + 1),
            ];
          });
          assert.deepEqual(map, whole);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('leaves out most of a wide stretch, and nothing where there is none', () => {
    const segments: TrunkSegment[] = [
      { input: 'x', output: 'a.sum', operators: block('x', 'a', 2) },
      { input: 'a.sum', output: 'b.sum', operators: block('a.sum', 'b', 2) },
    ];
    const trunk: Trunk = { input: 'x', channels: 1, rows: 1, columns: 400, segments };
    const columnsOf = ({ before, alike, behind }: ReturnType<typeof planColumns>[number]): number =>
      before + alike + behind;
    assert.deepEqual(planColumns(trunk, { from: 100, to: 400 }).map(columnsOf), [108, 62, 100]);
    assert.deepEqual(planColumns(trunk, { from: 399, to: 400 }).map(columnsOf), [400, 200, 100]);
  });
});

/** How many columns a segment's map has. */
const reached = (trunk: Trunk, index: number, window: number[]): number =>
  trunk.segments.slice(0, index + 1).reduce<number[]>((map, segment) => run(segment, map), window).length;
