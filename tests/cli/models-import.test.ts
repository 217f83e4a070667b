import assert from 'node:assert/strict';
import { join } from 'node:path';
import { readPipeline } from '../../repos/pipeline-repo.js';
import { checkpointTensors, writeCheckpoints } from '../support/nyu-checkpoints.js';
import { withRepository } from '../support/repository.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';
import { legacyTorchFile, pickledGlobal, zipTorchFile } from '../support/torch-files.js';
import { failureOf, jsonOf, putTinyExams, textOf } from '../support/verbs.js';

describe('mammoflow models import nyu', () => {
  it('commits the three checkpoints as one bundle, once, and uses it as asked', () =>
    withRepository((repository, s3) =>
      withTemporaryFolder(async (folder) => {
        await putTinyExams(repository, ['a']);
        await writeCheckpoints(folder);
        const before = await repository.head('main');
        type Outcome = { bundle: string; commit: string | null; job: string | null; inUse: string };
        const args = ['models', 'import', 'nyu', folder, '--name', 'nyu-2019', '-m', 'from the lab', '--no-process'];
        const first = await jsonOf<Outcome>(s3, ...args, '--for', 'new');
        const head = await repository.head('main');
        assert.ok(head);
        assert.deepEqual(first, { bundle: 'nyu-2019', commit: head.id, job: null, inUse: 'nyu-2019' });
        assert.equal(head.parent, before?.id);
        assert.equal(head.message, 'from the lab');
        const { eras } = await readPipeline(repository, head);
        assert.deepEqual(
          eras.map(({ bundle }) => bundle),
          ['placeholder', 'nyu-2019'],
        );

        const again = await textOf(s3, ...args);
        assert.equal(again, 'nothing to commit: nyu-2019 is there already, with the same files\n');
        assert.deepEqual(await repository.head('main'), head);

        await writeCheckpoints(folder, {
          patch: zipTorchFile(checkpointTensors('patch'), {
            under: 'model_state_dict',
            beside: { epoch: Buffer.from('N') },
          }),
        });
        const retrained = ['models', 'import', 'nyu', folder, '--name', 'retrained', '--no-process'];
        const remark = 'The weights in sample_patch_model.p lay under the key "model_state_dict" beside epoch.';
        assert.deepEqual((await jsonOf<{ remarks: string[] }>(s3, ...retrained)).remarks, [remark]);
        assert.equal((await textOf(s3, ...retrained)).split('\n')[0], remark);

        const shown = await textOf(s3, 'models', 'show', 'nyu-2019');
        assert.match(shown, /^licence +NYU published its weights under AGPL-3\.0/m);
        assert.match(shown, /^source +sample_patch_model\.p \(patch\), SHA-256 [0-9a-f]{64}$/m);
      }),
    ));

  it('refuses a checkpoint that does not fit in one line, and commits nothing', () =>
    withRepository((repository, s3) =>
      withTemporaryFolder(async (folder) => {
        await putTinyExams(repository, ['a']);
        const before = await repository.head('main');
        const call = Buffer.concat([pickledGlobal('posix.system'), Buffer.from(')R')]);
        await writeCheckpoints(folder, { image: legacyTorchFile({}, { object: call }) });
        const importing = ['models', 'import', 'nyu', folder];
        assert.match(
          await failureOf(s3, ...importing),
          /^error: sample_image_model\.p names posix\.system, which a state dictionary does not need; nothing was run\. /,
        );
        await writeCheckpoints(folder, { imageheatmaps: legacyTorchFile(checkpointTensors('image')) });
        assert.match(
          await failureOf(s3, ...importing),
          /^error: sample_imageheatmaps_model\.p has four_view_resnet\.cc/,
        );
        assert.match(await failureOf(s3, ...importing, '--name', '../nyu'), /"\.\.\/nyu" cannot name a bundle/);
        assert.match(await failureOf(s3, 'models', 'import', 'nyu', join(folder, 'none')), /none is no folder/);
        assert.match(
          await failureOf(s3, 'put', 'models', folder),
          /no model bundle in .*`mammoflow models import nyu <folder>`/,
        );
        assert.deepEqual(await repository.head('main'), before);
      }),
    ));
});
