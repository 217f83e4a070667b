import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkBundle, readBundle } from '../../inference/bundle.js';
import { interfaceOf } from '../../inference/network-interface.js';
import { ModelProto } from '../../inference/onnx/onnx-schema.js';
import { encodeOnnx } from '../../models/onnx/onnx-graph.js';
import type { Bundle } from '../../pipeline/bundle.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { repositoryRoot } from '../support/shared.js';
import { withFolder } from '../support/stage-run.js';

const PLACEHOLDER = join(repositoryRoot, 'models', 'placeholder', 'bundle');

/** Checks a copy of the placeholder bundle after `change`, which is to be refused with a message that fits. */
async function refuses(change: (folder: string, bundle: Bundle) => Promise<void>, message: RegExp): Promise<void> {
  await withFolder(async (folder) => {
    await cp(PLACEHOLDER, folder, { recursive: true });
    await change(folder, JSON.parse(await readFile(join(folder, 'model.json'), 'utf8')) as Bundle);
    await assert.rejects(checkBundle(folder), (error) => {
      assert.ok(error instanceof MammoflowError, String(error));
      assert.equal(error.code, 'invalid-bundle');
      assert.match(error.sentence, message);
      return true;
    });
  });
}
const writeCard = (folder: string, bundle: unknown) => writeFile(join(folder, 'model.json'), JSON.stringify(bundle));

/** Replaces a file and corrects its hash in `model.json`. */
async function replaceFile(folder: string, bundle: Bundle, role: 'patch' | 'image', bytes: Uint8Array): Promise<void> {
  await writeFile(join(folder, bundle.files[role].path), bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await writeCard(folder, { ...bundle, files: { ...bundle.files, [role]: { ...bundle.files[role], sha256 } } });
}

/** A patch network that passes the mean of `x` times `factor` on. */
const patchNetwork = (size: number, factor: number): Uint8Array =>
  encodeOnnx({
    name: 'test',
    documentation: '',
    inputs: [{ name: 'x', shape: [null, 3, size, size] }],
    outputs: [{ name: 'logits', shape: [null, 4] }],
    constants: [
      { name: 'weight', shape: [3, 4], values: new Float32Array(12).fill(factor) },
      { name: 'bias', shape: [4], values: new Float32Array(4) },
    ],
    nodes: [
      { operator: 'GlobalAveragePool', inputs: ['x'], output: 'mean' },
      { operator: 'Flatten', inputs: ['mean'], output: 'flat' },
      { operator: 'Gemm', inputs: ['flat', 'weight', 'bias'], output: 'logits' },
    ],
  });

/** An image classifier that gives `value` for everything, whatever it sees. */
function constantClassifier(value: number): Uint8Array {
  const { inputs, outputs } = interfaceOf('image', 1);
  return encodeOnnx({
    name: 'test',
    documentation: '',
    inputs,
    outputs,
    constants: [{ name: 'value', shape: [1, 4, 2], values: new Float32Array(8).fill(value) }],
    nodes: outputs.map(({ name }) => ({ operator: 'Identity', inputs: ['value'], output: name })),
  });
}

describe('checking a bundle', () => {
  it('accepts the placeholder bundle', async () => {
    const { bundle, paths } = await checkBundle(PLACEHOLDER);
    assert.equal(bundle.name, 'placeholder');
    assert.equal(paths.image, join(PLACEHOLDER, 'image.onnx'));
  });

  it('names the folder that has no model.json', () =>
    refuses((folder) => rm(join(folder, 'model.json')), /has no model\.json.*models import nyu/));

  it('refuses a model.json that is no JSON, or lacks a role', async () => {
    await refuses((folder) => writeFile(join(folder, 'model.json'), '{'), /model\.json is not JSON/);
    await refuses(async (folder, { files: { patch, image }, ...rest }) => {
      await writeCard(folder, { ...rest, files: { patch, image } });
    }, /files\.imageheatmaps/);
  });

  it('refuses a path that leaves the bundle', () =>
    refuses(async (folder, bundle) => {
      await writeCard(folder, {
        ...bundle,
        files: { ...bundle.files, patch: { ...bundle.files.patch, path: '../patch.onnx' } },
      });
    }, /plain file name/));

  it('names a file that is missing', () =>
    refuses((folder) => rm(join(folder, 'image.onnx')), /image\.onnx, the image network .* is missing/));

  it('names a file whose bytes are not those that model.json promises', () =>
    refuses(async (folder) => {
      const path = join(folder, 'imageheatmaps.onnx');
      await writeFile(path, Buffer.concat([await readFile(path), Buffer.from([0])]));
    }, /imageheatmaps\.onnx has the SHA-256/));

  it('refuses a file that is not ONNX', () =>
    refuses(
      (folder, bundle) => replaceFile(folder, bundle, 'image', Buffer.from('no network')),
      /image\.onnx is not an ONNX/,
    ));

  it('refuses a file that is cut short', () =>
    refuses(async (folder, bundle) => {
      const bytes = await readFile(join(folder, 'image.onnx'));
      await replaceFile(folder, bundle, 'image', bytes.subarray(0, bytes.length / 2));
    }, /image\.onnx is not an ONNX/));

  it('refuses a network whose shapes do not fit its role', () =>
    refuses(
      (folder, bundle) => replaceFile(folder, bundle, 'patch', patchNetwork(128, 1)),
      /patch\.onnx is x \[n, 3, 128, 128\] -> logits \[n, 4\], but the role patch needs x \[n, 3, 256, 256\]/,
    ));

  it('refuses a network in the place of another', () =>
    refuses(async (folder, bundle) => {
      await replaceFile(folder, bundle, 'image', await readFile(join(folder, 'imageheatmaps.onnx')));
    }, /image\.onnx is l_cc \[1, 3, .* needs l_cc \[1, 1,/));

  it('refuses a model.json that describes other tensors than the file has', () =>
    refuses(async (folder, bundle) => {
      const patch = { ...bundle.files.patch, outputs: [{ name: 'probabilities', shape: [null, 4] }] };
      await writeCard(folder, { ...bundle, files: { ...bundle.files, patch } });
    }, /model\.json describes it as .* probabilities/));

  it('refuses a patch network that gives no finite numbers', () =>
    refuses(
      (folder, bundle) => replaceFile(folder, bundle, 'patch', patchNetwork(256, Number.NaN)),
      /patch\.onnx, run once, gives numbers in logits that are not finite/,
    ));

  it('refuses a classifier that gives something else than log-probabilities', () =>
    refuses(
      (folder, bundle) => replaceFile(folder, bundle, 'image', constantClassifier(0)),
      /image\.onnx, run once, gives numbers in cc that are not log-probabilities/,
    ));

  it('refuses a classifier that gives numbers that are not finite', () =>
    refuses(
      (folder, bundle) => replaceFile(folder, bundle, 'image', constantClassifier(Number.NEGATIVE_INFINITY)),
      /image\.onnx, run once, gives numbers in cc that are not finite/,
    ));

  it('refuses a network that keeps its weights in another file, which the bundle would not have', () =>
    refuses(async (folder, bundle) => {
      const network = ModelProto.decode(patchNetwork(256, 1)) as unknown as { graph: { initializer: object[] } };
      const [weight] = network.graph.initializer as { raw_data?: Uint8Array; [field: string]: unknown }[];
      await writeFile(join(folder, 'weights.bin'), weight?.raw_data as Uint8Array);
      delete weight?.raw_data;
      Object.assign(weight as object, { data_location: 1, external_data: [{ key: 'location', value: 'weights.bin' }] });
      await replaceFile(folder, bundle, 'patch', ModelProto.encode(network).finish());
    }, /patch\.onnx keeps its weights in another file/));

  it('accepts another network that fits', async () => {
    await withFolder(async (folder) => {
      await cp(PLACEHOLDER, folder, { recursive: true });
      const { bundle } = await readBundle(folder);
      await replaceFile(folder, bundle, 'patch', patchNetwork(256, 2));
      assert.equal((await checkBundle(folder)).bundle.name, 'placeholder');
    });
  });
});
