import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectionSettings } from '../../infra/connection.js';
import { thisProcess } from '../../infra/dev/process-identity.js';
import { writeState } from '../../infra/dev/state.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';

/** Nobody's home, so that no Temporal profile of the user is found. */
const NOTHING = { HOME: '/nowhere', XDG_CONFIG_HOME: '/nowhere' };

async function withRunningStack<T>(use: (dataFolder: string) => Promise<T>): Promise<T> {
  return withTemporaryFolder(async (folder) => {
    await writeState(folder, {
      ...thisProcess(),
      startedAt: new Date().toISOString(),
      phase: 'ready',
      temporal: { address: '127.0.0.1:7299', ui: 'http://127.0.0.1:8299', namespace: 'default' },
      s3: { endpoint: 'http://127.0.0.1:7099', region: 'us-east-1', bucket: 'mammoflow' },
      workers: [],
    });
    await writeFile(join(folder, 's3-credentials.json'), JSON.stringify({ accessKeyId: 'a', secretAccessKey: 's' }));
    return use(folder);
  });
}

describe('connection settings', () => {
  it('come from the running stack where nothing is set', async () => {
    await withRunningStack(async (dataFolder) => {
      const { temporal, s3, bucket } = await connectionSettings({ dataFolder, environment: NOTHING });
      assert.equal(temporal.source, 'embedded');
      assert.equal(temporal.connection.address, '127.0.0.1:7299');
      assert.equal(s3.source, 'embedded');
      assert.equal(s3.config.endpoint, 'http://127.0.0.1:7099');
      assert.deepEqual(s3.config.credentials, { accessKeyId: 'a', secretAccessKey: 's' });
      assert.equal(bucket, 'mammoflow');
    });
  });

  it('come from the environment where it says so, also beside a running stack', async () => {
    await withRunningStack(async (dataFolder) => {
      const environment = {
        ...NOTHING,
        AWS_ENDPOINT_URL_S3: 'https://s3.example.org',
        AWS_REGION: 'eu-central-1',
        MAMMOFLOW_BUCKET: 'radiology',
        TEMPORAL_ADDRESS: 'temporal.example.org:7233',
        TEMPORAL_NAMESPACE: 'mammography',
        TEMPORAL_API_KEY: 'key',
      };
      const { temporal, s3, bucket } = await connectionSettings({ dataFolder, environment });
      assert.equal(temporal.source, 'environment');
      assert.equal(temporal.connection.address, 'temporal.example.org:7233');
      assert.equal(temporal.connection.apiKey, 'key');
      assert.equal(temporal.connection.tls, true, 'a key is never sent in the clear');
      assert.equal(temporal.namespace, 'mammography');
      assert.deepEqual(s3.config, {
        endpoint: 'https://s3.example.org',
        region: 'eu-central-1',
        forcePathStyle: true,
      });
      assert.equal(bucket, 'radiology');
    });
  });

  it('leave endpoint and credentials to the AWS SDK where only a bucket is named', async () => {
    await withTemporaryFolder(async (dataFolder) => {
      const environment = { ...NOTHING, MAMMOFLOW_BUCKET: 'radiology', TEMPORAL_ADDRESS: 'temporal.example.org:7233' };
      const { s3, bucket } = await connectionSettings({ dataFolder, environment });
      assert.deepEqual(s3.config, {});
      assert.equal(bucket, 'radiology');
    });
  });

  it('take a profile of a Temporal configuration file', async () => {
    await withTemporaryFolder(async (dataFolder) => {
      const file = join(dataFolder, 'temporal.toml');
      await writeFile(file, '[profile.ward]\naddress = "ward.example.org:7233"\nnamespace = "ward"\n');
      const environment = {
        ...NOTHING,
        TEMPORAL_CONFIG_FILE: file,
        TEMPORAL_PROFILE: 'ward',
        MAMMOFLOW_BUCKET: 'radiology',
      };
      const { temporal } = await connectionSettings({ dataFolder, environment });
      assert.equal(temporal.connection.address, 'ward.example.org:7233');
      assert.equal(temporal.namespace, 'ward');
    });
  });

  it('say what to do where there is nothing', async () => {
    await withTemporaryFolder(async (dataFolder) => {
      await assert.rejects(connectionSettings({ dataFolder, environment: NOTHING }), {
        code: 'service-unavailable',
        next: /mammoflow up.*TEMPORAL_ADDRESS/,
      });
      const environment = { ...NOTHING, TEMPORAL_ADDRESS: 'temporal.example.org:7233' };
      await assert.rejects(connectionSettings({ dataFolder, environment }), {
        code: 'service-unavailable',
        next: /MAMMOFLOW_BUCKET/,
      });
    });
  });

  it('name the variable that cannot be right', async () => {
    await withTemporaryFolder(async (dataFolder) => {
      await assert.rejects(
        connectionSettings({ dataFolder, environment: { ...NOTHING, AWS_ENDPOINT_URL_S3: 'here' } }),
        {
          code: 'invalid-configuration',
          message: /AWS_ENDPOINT_URL_S3=here must be an http or https URL/,
        },
      );
      await assert.rejects(connectionSettings({ dataFolder, environment: { ...NOTHING, MAMMOFLOW_BUCKET: 'A B' } }), {
        code: 'invalid-configuration',
        message: /MAMMOFLOW_BUCKET=A B/,
      });
    });
  });
});
