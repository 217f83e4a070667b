import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import { SQSClient } from '@aws-sdk/client-sqs';
import { startGuarded } from '../../infra/dev/guarded-process.js';
import { freePort } from '../../infra/dev/ports.js';
import { cached, cacheFolder, execute, findOnPath, logToStderr } from '../../infra/dev/tool-cache.js';
import { repositoryRoot } from './shared.js';
import { until } from './until.js';

/** Not compiled, hence in the source tree. */
const REQUIREMENTS = join(repositoryRoot, 'tests', 'support', 'moto-requirements.txt');

const python = (): string => findOnPath('python3') ?? 'python';

/** The folder of moto's packages in the user's cache, made with pip where it is not there yet. */
export async function motoPackages(): Promise<string> {
  const digest = createHash('sha256')
    .update(await readFile(REQUIREMENTS))
    .digest('hex')
    .slice(0, 12);
  return cached(join(cacheFolder(), `moto-${digest}`), logToStderr, async (folder) => {
    logToStderr('fetching moto, a server for tests that speaks SQS (about 30 MB, once)');
    const made = join(folder, 'packages');
    const options = ['--quiet', '--disable-pip-version-check', '--target', made, '--requirement', REQUIREMENTS];
    await execute(python(), ['-m', 'pip', 'install', ...options], { maxBuffer: 2 ** 24 });
    return made;
  });
}

/** Moto's server in a process of its own: real requests of the AWS SDK, queues that keep what is not deleted. */
export interface MotoServer {
  readonly endpoint: string;
  /** What the AWS SDK's clients take. */
  readonly config: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  sqs(): SQSClient;
  stop(): Promise<void>;
}

export async function startMoto(): Promise<MotoServer> {
  const packages = await motoPackages();
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const folder = await mkdtemp(join(tmpdir(), 'mammoflow-moto-'));
  const server = await startGuarded({
    name: 'moto',
    command: python(),
    args: ['-m', 'moto.server', '--host', '127.0.0.1', '--port', String(port)],
    env: { ...process.env, PYTHONPATH: packages },
    logFile: join(folder, 'moto.log'),
    graceSeconds: 1,
  });
  await until('moto to answer', () =>
    fetch(`${endpoint}/moto-api/data.json`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  const config = {
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'tester', secretAccessKey: 'tester-secret' },
  };
  return {
    endpoint,
    config,
    sqs: () => new SQSClient(config),
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Run before the tests, so that no test waits for a download. */
if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) await motoPackages();
