import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { classify } from '../../../activities/stages/classify.js';
import { readGrey16Png } from '../../../imaging/grey16-png.js';
import { MersenneTwister } from '../../../imaging/mersenne-twister.js';
import { mirrorColumns } from '../../../imaging/orientation.js';
import { patchOrigins, patchPositions } from '../../../imaging/patch-positions.js';
import { standardiseWholeImage } from '../../../imaging/standardise.js';
import { type LocalBundle, readBundle } from '../../../inference/bundle.js';
import { type Lanes, startLanes } from '../../../inference/lanes.js';
import { CHECKPOINT_FILES } from '../../../models/nyu/checkpoint-files.js';
import { importCheckpoints, sourceRemark } from '../../../models/nyu/import-checkpoints.js';
import { MODEL_ROLES, type ModelRole } from '../../../pipeline/bundle.js';
import { MammoflowError } from '../../../pipeline/errors.js';
import { VIEWS, type View, viewFile } from '../../../pipeline/exam.js';
import { LABELS, type Predictions, VARIANTS } from '../../../pipeline/predictions.js';
import { smallHeatmapDifferences, withGoldenHeatmaps } from '../../support/golden-exam.js';
import { greatestDifference, readGoldenNpz } from '../../support/golden-npz.js';
import { askedTensors, checkpointTensors, writeCheckpoints } from '../../support/nyu-checkpoints.js';
import { safetensorsFile } from '../../support/safetensors-files.js';
import { itWithShared } from '../../support/shared.js';
import { modelsOf, runStageHere } from '../../support/stage-run.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';
import {
  floats,
  floatTensor,
  legacyTorchFile,
  type Tensor,
  type Tensors,
  tensorOf,
  zipTorchFile,
} from '../../support/torch-files.js';

const without = (tensors: Tensors, drop: (name: string) => boolean): Tensors =>
  Object.fromEntries(Object.entries(tensors).filter(([name]) => !drop(name)));

/** Each tensor by itself, as safetensors has it. */
const asSafetensors = (tensors: Tensors): Buffer =>
  safetensorsFile(
    Object.fromEntries(
      Object.entries(tensors).map(([name, { storage, shape }]) => {
        const bytes = shape.reduce((product, size) => product * size, storage.type === undefined ? 4 : 8);
        const dtype = storage.type === undefined ? 'F32' : 'I64';
        return [name, { dtype, shape, bytes: storage.bytes.subarray(0, bytes) }];
      }),
    ),
  );

describe('importing checkpoints', () => {
  it('makes a bundle of both containers, the same every time, and says where it comes from', () =>
    withTemporaryFolder(async (folder) => {
      const source = join(folder, 'source');
      await writeCheckpoints(source, { image: zipTorchFile(checkpointTensors('image'), { under: 'model' }) });
      const files: Record<string, Buffer>[] = [];
      for (const name of ['a', 'b']) {
        const target = join(folder, name);
        const bundle = await importCheckpoints({ folder: source, name: 'nyu', target });
        assert.deepEqual((await readBundle(target)).bundle, bundle);
        const names = (await readdir(target)).sort();
        assert.deepEqual(names, ['image.onnx', 'imageheatmaps.onnx', 'model.json', 'patch.onnx']);
        files.push(
          Object.fromEntries(await Promise.all(names.map(async (file) => [file, await readFile(join(target, file))]))),
        );
        assert.deepEqual(bundle.files.patch.preprocessing, { standardise: 'whole-image', channels: 1 });
        assert.match(bundle.licence, /AGPL-3\.0/);
        assert.match(bundle.notice ?? '', /Research use only\. Not for diagnosis\./);
        for (const role of MODEL_ROLES) {
          const sha256 = createHash('sha256')
            .update(await readFile(join(source, CHECKPOINT_FILES[role])))
            .digest('hex');
          assert.deepEqual(
            bundle.sources?.find((each) => each.role === role),
            { role, file: CHECKPOINT_FILES[role], sha256 },
          );
        }
      }
      assert.deepEqual(files[0], files[1]);
      // Each residual network once, not once for each of its three names: 24.6 MB.
      assert.ok((files[0]?.['image.onnx']?.length ?? 0) < 25e6);
    }));

  it('takes checkpoints without counters and without the second names of the residual networks', () =>
    withTemporaryFolder(async (folder) => {
      const bare = (role: ModelRole) =>
        legacyTorchFile(
          without(checkpointTensors(role), (name) => /num_batches_tracked$|\.[lr]_(cc|mlo)\./.test(name)),
        );
      const source = join(folder, 'source');
      await writeCheckpoints(source, {
        patch: bare('patch'),
        image: bare('image'),
        imageheatmaps: bare('imageheatmaps'),
      });
      const full = join(folder, 'full');
      await writeCheckpoints(full);
      const made = await importCheckpoints({ folder: source, name: 'nyu', target: join(folder, 'a') });
      const expected = await importCheckpoints({ folder: full, name: 'nyu', target: join(folder, 'b') });
      for (const role of MODEL_ROLES) assert.equal(made.files[role].sha256, expected.files[role].sha256, role);
    }));

  it('makes the same networks of retrained checkpoints as trainers keep them, and says how the weights lay', () =>
    withTemporaryFolder(async (folder) => {
      const plain = join(folder, 'plain');
      await writeCheckpoints(plain);
      const retrained = join(folder, 'retrained');
      await mkdir(retrained);
      const parallel = Object.fromEntries(
        Object.entries(checkpointTensors('patch')).map(([name, tensor]) => [`module.${name}`, tensor]),
      );
      const beside = { epoch: Buffer.from('K\x0c', 'latin1') };
      await writeFile(
        join(retrained, 'sample_patch_model.pt'),
        zipTorchFile(parallel, { under: 'state_dict', beside }),
      );
      await writeFile(join(retrained, 'sample_image_model.safetensors'), asSafetensors(checkpointTensors('image')));
      await copyFile(join(plain, CHECKPOINT_FILES.imageheatmaps), join(retrained, CHECKPOINT_FILES.imageheatmaps));
      const expected = await importCheckpoints({ folder: plain, name: 'nyu', target: join(folder, 'a') });
      const made = await importCheckpoints({ folder: retrained, name: 'nyu', target: join(folder, 'b') });
      for (const role of MODEL_ROLES) assert.equal(made.files[role].sha256, expected.files[role].sha256, role);
      assert.deepEqual((await readBundle(join(folder, 'b'))).bundle, made);
      assert.deepEqual(made.sources?.map(sourceRemark), [
        'The weights in sample_patch_model.pt lay under the key "state_dict" beside epoch, with "module." in front of every tensor\'s name, which was taken away.',
        undefined,
        undefined,
      ]);
    }));

  it('reads checkpoints under other names, and says which are missing', () =>
    withTemporaryFolder(async (folder) => {
      await writeCheckpoints(folder, { patch: Buffer.from('not this one') });
      await writeFile(join(folder, 'mine.pt'), zipTorchFile(checkpointTensors('patch')));
      const request = { folder, name: 'nyu', target: join(folder, 'bundle') };
      const { sources } = await importCheckpoints({ ...request, files: { patch: 'mine.pt' } });
      assert.equal(sources?.[0]?.file, 'mine.pt');
      await assert.rejects(
        importCheckpoints({ ...request, files: { patch: 'a.pt', image: 'b.pt' } }),
        (error) =>
          error instanceof MammoflowError &&
          error.code === 'not-found' &&
          /has no a\.pt and no b\.pt\..*--patch <file> and --image <file>/.test(error.sentence),
      );
      await assert.rejects(importCheckpoints({ ...request, folder: join(folder, 'none') }), /none is no folder/);
    }));

  const patch = checkpointTensors('patch');
  const image = checkpointTensors('image');
  const changed = (tensors: Tensors, name: string, tensor: Partial<Tensor>): Tensors => {
    assert.ok(tensors[name], name);
    return { ...tensors, [name]: { ...tensors[name], ...tensor } };
  };
  const NARROW = 'features.denseblock2.denselayer3.conv1.weight';
  const BLOCK = 'four_view_resnet.cc.layer_list.2.1.conv2.weight';
  const legacy = (tensors: Tensors): Buffer => legacyTorchFile(tensors, { under: 'model' });
  const refusals: readonly (readonly [string, Partial<Record<ModelRole, Uint8Array>>, RegExp])[] = [
    [
      'a missing tensor',
      { patch: legacy(without(patch, (name) => name === NARROW)) },
      /^sample_patch_model\.p lacks the tensor features\.denseblock2\.denselayer3\.conv1\.weight\./,
    ],
    [
      'a tensor too many',
      { patch: legacy({ ...patch, 'features.extra': floatTensor([1], [1]) }) },
      /^sample_patch_model\.p has the tensor features\.extra, which this network does not have/,
    ],
    [
      'a tensor of another shape',
      { patch: legacy(changed(patch, NARROW, { shape: [192, 128, 1, 1] })) },
      /has features\.denseblock2\.denselayer3\.conv1\.weight with the shape \[192, 128, 1, 1\], but \[128, 192, 1, 1\] is/,
    ],
    [
      'float16',
      {
        patch: legacy(
          changed(patch, NARROW, {
            storage: { type: 'torch.HalfStorage', elements: 600_000, bytes: new Uint8Array(1_200_000) },
          }),
        ),
      },
      /has features\.denseblock2\.denselayer3\.conv1\.weight as float16/,
    ],
    [
      'a number that is not finite',
      { patch: legacy(changed(patch, 'classifier.bias', tensorOf(floats(Float32Array.of(0, 0, Number.NaN, 0)), [4]))) },
      /has NaN in classifier\.bias/,
    ],
    [
      'another second name of a residual network',
      { image: legacy(changed(image, BLOCK.replace('.cc.', '.r_cc.'), { offset: 1 })) },
      /^sample_image_model\.p has other numbers in four_view_resnet\.r_cc\.layer_list\.2\.1\.conv2\.weight than in four_view_resnet\.cc\./,
    ],
    [
      'a second name of which a part is missing',
      { image: legacy(without(image, (name) => name === BLOCK.replace('.cc.', '.l_cc.'))) },
      /lacks the tensor four_view_resnet\.l_cc\.layer_list\.2\.1\.conv2\.weight/,
    ],
    [
      'the networks exchanged',
      { image: legacy(checkpointTensors('imageheatmaps')) },
      /has four_view_resnet\.cc\.first_conv\.weight with the shape \[16, 3, 7, 7\], but \[16, 1, 7, 7\].*sample_image_model\.p as NYU publishes it.*--image/,
    ],
    [
      'a file that is cut short',
      { imageheatmaps: legacy(checkpointTensors('imageheatmaps')).subarray(0, -1) },
      /^sample_imageheatmaps_model\.p is cut short: the numbers of four_view_resnet/,
    ],
  ];
  for (const [what, files, message] of refusals) {
    it(`refuses ${what} with one sentence, and writes no bundle`, () =>
      withTemporaryFolder(async (folder) => {
        await writeCheckpoints(folder, files);
        const target = join(folder, 'bundle');
        await assert.rejects(importCheckpoints({ folder, name: 'nyu', target }), (error) => {
          assert.ok(error instanceof MammoflowError, String(error));
          assert.equal(error.code, 'invalid-checkpoint');
          assert.match(error.sentence, message);
          return true;
        });
        assert.ok(!(await readdir(target)).includes('model.json'));
      }));
  }

  itWithShared("asks for just the names and shapes of NYU's networks", async (shared) => {
    const keys = JSON.parse(await readFile(join(shared, 'reference', 'state_dict_keys.json'), 'utf8')) as Record<
      string,
      { tensors: Record<string, { shape: number[] }> }
    >;
    for (const role of MODEL_ROLES) {
      const { needed, optional, aliases } = askedTensors(role);
      const asked = new Map<string, readonly number[]>([
        ...needed,
        ...[...optional].map((name) => [name, []] as const),
      ]);
      for (const [alias, name] of aliases) {
        for (const [original, shape] of [...asked]) {
          if (original.startsWith(`${name}.`)) asked.set(alias + original.slice(name.length), shape);
        }
      }
      const expected = Object.entries(keys[CHECKPOINT_FILES[role]]?.tensors ?? {});
      assert.deepEqual(
        Object.fromEntries([...asked].sort()),
        Object.fromEntries(expected.map(([name, { shape }]) => [name, shape] as const).sort()),
        role,
      );
    }
  });

  describe('with the reference weights', () => {
    let lanes: Lanes;
    before(() => {
      lanes = startLanes();
    });
    after(() => lanes.close());
    const imported = async (shared: string, target: string): Promise<LocalBundle> => {
      await importCheckpoints({ folder: join(shared, 'reference', 'checkpoints'), name: 'reference', target });
      return readBundle(target);
    };

    itWithShared('gives the logits and heatmaps of the original program', (shared) =>
      withTemporaryFolder(async (folder) => {
        const model = modelsOf(await imported(shared, folder)).patch;
        const golden = await readGoldenNpz(join(shared, 'reference', 'golden', 'gmic-0', 'patch_logits.npz'));
        const views = await firstPatches(join(shared, 'exams', 'gmic-0'), 20);
        for (const [name, { values }] of Object.entries(golden)) {
          const view = VIEWS.find((each) => name.startsWith(each)) as View;
          const data = views[view].slice();
          const outputs = await lanes.run(model, { x: { data, shape: [20, 1, 256, 256] } });
          const difference = greatestDifference(outputs.logits?.data ?? [], values);
          console.log(`      ${name}: greatest difference ${difference.toExponential(1)}`);
          assert.ok(difference <= 1e-4, `${name} differs by ${difference}`);
        }
        assert.equal(Object.keys(golden).length, 3);
        for (const [what, difference] of await smallHeatmapDifferences(shared, lanes, model)) {
          console.log(`      ${what}: greatest difference ${difference.toExponential(1)}`);
          assert.ok(difference <= 5e-5, `${what} differs by ${difference}`);
        }
      }),
    );

    itWithShared('gives the predictions of the original program from the same heatmaps', (shared) =>
      withTemporaryFolder(async (folder) => {
        const models = modelsOf(await imported(shared, join(folder, 'bundle')));
        const inputs = await withGoldenHeatmaps(shared, 'gmic-0', folder, models);
        const path = join(shared, 'reference', 'golden', 'gmic-0', 'predictions.json');
        const golden = JSON.parse(await readFile(path, 'utf8')) as Record<string, { prediction: number[] }>;
        const out = join(folder, 'out');
        const parameters = { passes: 1, cropNoise: 0, sizeNoise: 0 };
        await runStageHere(classify, inputs, out, { parameters, inference: lanes });
        const predictions = JSON.parse(await readFile(join(out, 'predictions.json'), 'utf8')) as Predictions;
        for (const variant of VARIANTS) {
          const actual = LABELS.map((label) => predictions[variant][label]);
          const difference = greatestDifference(actual, golden[`${variant}_noaug1`]?.prediction ?? []);
          console.log(`      ${variant}: greatest difference ${difference.toExponential(1)}`);
          assert.ok(difference <= 2e-6, `${variant} differs by ${difference}`);
        }
      }),
    );
  });
});

/** The first patches of each view of an exam that is cropped already, in training orientation, one channel. */
async function firstPatches(exam: string, count: number): Promise<Record<View, Float32Array>> {
  const random = MersenneTwister.python(0);
  const made: Partial<Record<View, Float32Array>> = {};
  for (const view of VIEWS) {
    const onDisk = await readGrey16Png(join(exam, viewFile(view)));
    const image = view.startsWith('R') ? mirrorColumns(onDisk) : onDisk;
    const standardised = standardiseWholeImage(image.pixels);
    const origins = [...patchOrigins(patchPositions(image.rows, image.columns, random))].slice(0, count);
    const data = new Float32Array(count * 256 * 256);
    for (const [slot, [top, left]] of origins.entries()) {
      for (let row = 0; row < 256; row += 1) {
        const start = (top + row) * image.columns + left;
        data.set(standardised.subarray(start, start + 256), (slot * 256 + row) * 256);
      }
    }
    made[view] = data;
  }
  return made as Record<View, Float32Array>;
}
