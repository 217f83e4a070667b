import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGuarded } from '../../../infra/dev/guarded-process.js';
import { freePort } from '../../../infra/dev/ports.js';
import { until } from '../until.js';

/** An archive: Debian's Orthanc with its DICOMweb plugin, in a process and a folder of its own. */
export interface Orthanc {
  /** Of its DICOMweb services. */
  readonly web: string;
  readonly dicomPort: number;
  readonly title: 'ORTHANC';
  /** What lies in it: the file of an instance, or undefined. */
  file(sopInstanceUid: string): Promise<Buffer | undefined>;
  stop(): Promise<void>;
}

/** @param ports where it is known already where it will be */
export async function startOrthanc(
  settings: Readonly<Record<string, unknown>> = {},
  ports: { readonly http?: number; readonly dicom?: number } = {},
): Promise<Orthanc> {
  const folder = await mkdtemp(join(tmpdir(), 'mammoflow-orthanc-'));
  const [http, dicomPort] = [ports.http ?? (await freePort()), ports.dicom ?? (await freePort())];
  const configuration = join(folder, 'orthanc.json');
  const plugins = ['/usr/share/orthanc/plugins/libOrthancDicomWeb.so'];
  await writeFile(
    configuration,
    JSON.stringify({
      Name: 'tests',
      StorageDirectory: join(folder, 'storage'),
      IndexDirectory: join(folder, 'storage'),
      Plugins: plugins,
      HttpPort: http,
      DicomPort: dicomPort,
      DicomAet: 'ORTHANC',
      RemoteAccessAllowed: true,
      AuthenticationEnabled: false,
      ...settings,
    }),
  );
  // Debian has it where root's programs are.
  const command = spawnSync('test', ['-x', '/usr/sbin/Orthanc']).status === 0 ? '/usr/sbin/Orthanc' : 'Orthanc';
  const server = await startGuarded({
    name: 'orthanc',
    command,
    args: [configuration],
    env: process.env,
    logFile: join(folder, 'orthanc.log'),
    graceSeconds: 5,
  });
  const root = `http://127.0.0.1:${http}`;
  await until('Orthanc to answer', () =>
    fetch(`${root}/dicom-web/studies`).then(
      ({ status }) => status < 500,
      () => false,
    ),
  );
  return {
    web: `${root}/dicom-web`,
    dicomPort,
    title: 'ORTHANC',
    async file(sopInstanceUid) {
      const found = await fetch(`${root}/tools/lookup`, { method: 'POST', body: sopInstanceUid });
      const [instance] = (await found.json()) as { Path: string }[];
      if (instance === undefined) return undefined;
      return Buffer.from(await (await fetch(`${root}${instance.Path}/file`)).arrayBuffer());
    },
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
