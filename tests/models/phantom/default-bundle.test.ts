import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checkBundle, readBundle } from '../../../inference/bundle.js';
import { classifierInput, PATCH_INPUT } from '../../../inference/network-interface.js';
import { openSession } from '../../../inference/onnx-session.js';
import { packageRoot } from '../../../infra/package-root.js';
import { MODEL_ROLES, PATCH_SIZE, WINDOW_SIZE } from '../../../pipeline/bundle.js';
import { VIEWS, viewPositionOf } from '../../../pipeline/exam.js';
import { VARIANTS } from '../../../pipeline/predictions.js';

const PHANTOM = join(packageRoot, 'models', 'phantom');
const BUNDLE = join(PHANTOM, 'bundle');
/** What torch computed where the networks were trained. */
const AGREEMENT = join(packageRoot, 'models', 'maintainers', 'training', 'agreement.json');
const LARGEST_BUNDLE_BYTES = 5e6;
/** Torch and onnxruntime add in different orders; on log-odds of up to about 20. */
const TOLERANCE = 2e-3;

/** What torch made of `probe`, by network and output (models/maintainers/training/export.py). */
type Agreement = Record<string, Record<string, number[]>>;

/** The picture by formula that training gives its networks: a gradient and a bright spot, heatmaps higher in the spot. */
function probe(rows: number, columns: number, channels: number): { data: Float32Array; shape: number[] } {
  const pixels = rows * columns;
  const data = new Float32Array(channels * pixels);
  for (let index = 0; index < pixels; index += 1) {
    const column = index % columns;
    const row = (index - column) / columns;
    const inSpot = (row - Math.floor(rows / 2)) ** 2 + (column - Math.floor(columns / 2)) ** 2 < 400;
    data[index] = column / columns - 0.5 + (inSpot ? 3 : 0);
    for (let channel = 1; channel < channels; channel += 1) data[channel * pixels + index] = inSpot ? 0.75 : 0.125;
  }
  return { data, shape: [1, channels, rows, columns] };
}

describe('the demonstration bundle', () => {
  it('passes the check that every bundle passes before it is used', async () => {
    const { bundle } = await checkBundle(BUNDLE);
    assert.equal(bundle.name, 'phantom');
    assert.equal(bundle.licence, 'Apache-2.0');
    assert.match(bundle.notice ?? '', /never seen a patient/);
    assert.match(bundle.intendedUse, /Never for looking at a mammogram/);
  });

  it('is small enough to lie in the repository', async () => {
    const { paths } = await readBundle(BUNDLE);
    const sizes = await Promise.all(MODEL_ROLES.map(async (role) => (await stat(paths[role])).size));
    assert.ok(sizes.reduce((sum, size) => sum + size, 0) <= LARGEST_BUNDLE_BYTES, `${sizes}`);
  });

  it('has figures in its card that were measured with these very networks, or says that there are none', async () => {
    const { bundle } = await readBundle(BUNDLE);
    const text = await readFile(join(PHANTOM, 'evaluation.json'), 'utf8').catch(() => undefined);
    const card = await readFile(join(PHANTOM, 'MODEL_CARD.md'), 'utf8');
    assert.equal(/Not measured yet/.test(card), text === undefined);
    assert.equal(bundle.metrics === undefined, text === undefined);
    if (text === undefined) return;
    const { bundle: measured } = JSON.parse(text) as { bundle: { files: Record<string, { sha256: string }> } };
    for (const role of MODEL_ROLES) assert.equal(measured.files[role]?.sha256, bundle.files[role].sha256, role);
  });

  it('computes here what it computed in torch', async () => {
    const { paths } = await readBundle(BUNDLE);
    const expected = JSON.parse(await readFile(AGREEMENT, 'utf8')) as Agreement;
    const inputs: Record<string, Record<string, ReturnType<typeof probe>>> = {
      patch: { [PATCH_INPUT]: probe(PATCH_SIZE, PATCH_SIZE, 1) },
    };
    for (const variant of VARIANTS) {
      const channels = variant === 'image' ? 1 : 3;
      inputs[variant] = Object.fromEntries(
        VIEWS.map((view) => {
          const [rows, columns] = WINDOW_SIZE[viewPositionOf(view)];
          return [classifierInput(view), probe(rows, columns, channels)];
        }),
      );
    }
    for (const role of MODEL_ROLES) {
      const session = await openSession(paths[role], {
        providers: { names: ['cpu'], onCpu: true },
        memoryArena: false,
      });
      const results = await session.run(inputs[role] ?? {});
      const outputs = Object.entries(expected[role] ?? {});
      assert.equal(outputs.length, role === 'patch' ? 1 : 2);
      for (const [name, values] of outputs) {
        const actual = results[name]?.data ?? [];
        assert.equal(actual.length, values.length);
        values.forEach((value, index) => {
          const difference = Math.abs((actual[index] as number) - value);
          assert.ok(difference <= TOLERANCE, `${role} ${name}[${index}] is ${actual[index]} and not ${value}`);
        });
      }
    }
  });
});
