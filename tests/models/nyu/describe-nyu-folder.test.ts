import assert from 'node:assert/strict';
import { cp, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkBundle } from '../../../inference/bundle.js';
import { describeNyuFolder, UNKNOWN_ORIGIN_NOTICE } from '../../../models/nyu/describe-nyu-folder.js';
import { MammoflowError } from '../../../pipeline/errors.js';
import { itWithShared, repositoryRoot } from '../../support/shared.js';
import { withFolder } from '../../support/stage-run.js';

const PLACEHOLDER = join(repositoryRoot, 'models', 'placeholder', 'bundle');
const refused = (message: RegExp) => (error: unknown) =>
  error instanceof MammoflowError && error.code === 'invalid-bundle' && message.test(error.sentence);

describe('describing a folder of ONNX files', () => {
  itWithShared(
    'makes a valid bundle of the networks in NYU\u2019s layout, without vouching for their weights',
    async (shared) => {
      const source = join(shared, 'reference', 'onnx');
      const bundle = await describeNyuFolder(source);
      assert.deepEqual(
        [bundle.files.patch.path, bundle.files.image.path, bundle.files.imageheatmaps.path],
        ['patch.onnx', 'sample_image_model.onnx', 'sample_imageheatmaps_model.onnx'],
      );
      assert.equal(bundle.notice, UNKNOWN_ORIGIN_NOTICE);
      await withFolder(async (folder) => {
        for (const { path } of Object.values(bundle.files)) await symlink(join(source, path), join(folder, path));
        await writeFile(join(folder, 'model.json'), JSON.stringify(bundle));
        await checkBundle(folder);
      });
    },
  );

  it('tells the roles from the networks, whatever the files are called', async () => {
    await withFolder(async (folder) => {
      await cp(join(PLACEHOLDER, 'patch.onnx'), join(folder, 'image.onnx'));
      await cp(join(PLACEHOLDER, 'image.onnx'), join(folder, 'b.onnx'));
      await cp(join(PLACEHOLDER, 'imageheatmaps.onnx'), join(folder, 'a.onnx'));
      const { files, name } = await describeNyuFolder(folder, 'renamed');
      assert.deepEqual(
        [files.patch.path, files.image.path, files.imageheatmaps.path],
        ['image.onnx', 'b.onnx', 'a.onnx'],
      );
      assert.equal(name, 'renamed');
    });
  });

  it('says which network is missing, which is there twice, and which file is broken', async () => {
    await withFolder(async (folder) => {
      await cp(join(PLACEHOLDER, 'patch.onnx'), join(folder, 'patch.onnx'));
      await assert.rejects(
        describeNyuFolder(folder),
        refused(/could be the image or the imageheatmaps network.*l_cc \[1, 1/),
      );
      await cp(join(PLACEHOLDER, 'patch.onnx'), join(folder, 'patch2.onnx'));
      await assert.rejects(
        describeNyuFolder(folder),
        refused(/patch\.onnx and patch2\.onnx .* both be the patch network/),
      );
      await writeFile(join(folder, 'patch2.onnx'), 'broken');
      await assert.rejects(describeNyuFolder(folder), refused(/patch2\.onnx is not an ONNX file/));
    });
  });
});
