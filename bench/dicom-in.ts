import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { parseCount } from '../cli/options.js';
import { openIdentities } from '../dicom/identity/identities.js';
import { connect } from '../index.js';
import { startStack } from '../infra/dev/stack.js';
import { packageRoot } from '../infra/package-root.js';
import { DEVICE_IMITATIONS, type DeviceImitation, imitateDevice } from '../models/phantom/imitate-device.js';
import { VIEWS } from '../pipeline/exam.js';
import { READ_STAGE } from '../pipeline/exam-objects.js';
import { openRepository, rootOf } from '../repos/repository.js';
import { openObjectStore } from '../repos/s3/open-object-store.js';
import { studyOf } from '../tests/support/dicom/draw-objects.js';
import { runDicomScript } from '../tests/support/dicom/packages.js';
import { machine, table } from './system.js';

/**
 * A full-size exam of lossless JPEG from the STOW-RS request to four views that are stored, beside pydicom with pylibjpeg and
 * pypng on the same files; and many senders at once. For one core: `taskset -c 0 npm run bench:dicom`. See docs/benchmarks.md.
 */

/** Of the peer's time. */
const AT_MOST = 1.3;
const LOOK_EVERY_MS = 50;

const { runs, senders } = new Command('bench:dicom')
  .option('--runs <count>', 'exams measured, one after the other', parseCount, 3)
  .option('--senders <count>', 'senders at once', parseCount, 50)
  .parse()
  .opts<{ runs: number; senders: number }>();

const run = promisify(execFile);
const folder = await mkdtemp(join(tmpdir(), 'mammoflow-bench-dicom-'));
const places = { keyFile: join(folder, 'secret', 'key'), folder: join(folder, 'identities') };
process.env.MAMMOFLOW_PSEUDONYM_KEY_FILE = places.keyFile;
process.env.MAMMOFLOW_IDENTITIES = places.folder;
const identities = await openIdentities(places);

/** Four objects of a study of its own, in lossless JPEG, from one drawn exam. */
async function losslessStudy(number: number, drawn: string): Promise<string> {
  const study = join(folder, `study-${number}`);
  await mkdir(study);
  for (const name of await readdir(drawn)) {
    const path = join(study, `${name}.dcm`);
    await run('dcmcjpeg', ['--encode-lossless-sv1', join(drawn, name), path]);
    await run('dcmodify', ['--no-backup', '--gen-inst-uid', '--modify', `(0020,000d)=1.2.840.99999.${number}`, path]);
  }
  return study;
}

async function store(address: string, objects: readonly Buffer[]): Promise<void> {
  const parts = objects.flatMap((object) => [
    Buffer.from('--object\r\nContent-Type: application/dicom\r\n\r\n'),
    object,
    Buffer.from('\r\n'),
  ]);
  const response = await fetch(`${address}/dicom-web/studies`, {
    method: 'POST',
    headers: { 'content-type': 'multipart/related; type="application/dicom"; boundary=object' },
    body: new Uint8Array(Buffer.concat([...parts, Buffer.from('--object--\r\n')])),
  });
  if (response.status !== 200) throw new Error(`the console answered ${response.status}`);
}

const dataFolder = join(folder, 'data');
const stack = await startStack({ dataFolder, ephemeral: true, console: true, log: () => undefined });
try {
  const address = stack.state().console as string;
  const mammoflow = await connect({ dataFolder, environment: {} });
  const { settings } = mammoflow;
  const { store: objects, ...repository } = openRepository(openObjectStore(settings.bucket, settings.s3.config));
  await mammoflow.put({ repo: 'models', paths: [join(packageRoot, 'models', 'phantom', 'bundle')], for: 'all' });
  await run(process.execPath, [
    join(packageRoot, 'dist', 'cli', 'main.js'),
    ...['phantom', join(folder, 'drawn'), '--exams', '1', '--dicom', 'hologic'],
  ]);
  const [drawn = ''] = await readdir(join(folder, 'drawn', 'dicom'));

  const ours: number[] = [];
  const peers: number[] = [];
  for (let number = 1; number <= runs; number += 1) {
    const study = await losslessStudy(number, join(folder, 'drawn', 'dicom', drawn));
    const files = await Promise.all((await readdir(study)).map((name) => readFile(join(study, name))));
    const exam = identities.pseudonyms.exam(`1.2.840.99999.${number}`);
    const began = performance.now();
    await store(address, files);
    for (;;) {
      let views = 0;
      for await (const { key } of objects.list(`${READ_STAGE}/${exam}/`)) if (key.endsWith('.png')) views += 1;
      if (views === VIEWS.length) break;
      await sleep(LOOK_EVERY_MS);
    }
    ours.push((performance.now() - began) / 1_000);
    // Inference of the exam would be measured with the peer.
    await mammoflow.waitForJob({ job: (await mammoflow.process({})).job });
    const peerBegan = performance.now();
    await runDicomScript('write-nyu-png.py', study);
    peers.push((performance.now() - peerBegan) / 1_000);
  }

  const device = DEVICE_IMITATIONS.hologic as DeviceImitation;
  const tiny = { rows: 64, columns: 48, pixels: new Uint16Array(64 * 48).map((_, at) => at * 20) };
  const numbers = Array.from({ length: senders }, (_, at) => 1_000 + at);
  const began = performance.now();
  await Promise.all(
    numbers.map((number) =>
      store(
        address,
        VIEWS.map((view) => imitateDevice(tiny, view, device, studyOf(number, view))),
      ),
    ),
  );
  const answered = (performance.now() - began) / 1_000;
  const names = numbers.map((number) => identities.pseudonyms.exam(`1.2.840.99999.${number}`));
  let there = 0;
  while (there < senders) {
    const head = await repository.head('main');
    const found = await repository.inputs.getMany(rootOf(head, 'exams'), names);
    there = [...found.values()].filter(({ files }) => files.length === VIEWS.length).length;
    await sleep(LOOK_EVERY_MS);
  }
  const takenIn = (performance.now() - began) / 1_000;

  const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] as number;
  const ratio = median(ours) / median(peers);
  const seconds = (values: readonly number[]): string => values.map((value) => value.toFixed(1)).join(', ');
  console.log(`${machine()}, ${cpus().length} of them usable unless pinned\n`);
  console.log(
    table(
      ['what', 'seconds', 'target'],
      [
        ['STOW-RS request to four stored views', seconds(ours), `${AT_MOST} × the peer's`],
        ['pydicom, pylibjpeg and pypng on the same files', seconds(peers), ''],
        ['ratio of the medians', ratio.toFixed(2), ratio <= AT_MOST ? 'met' : 'missed'],
        [`${senders} senders at once: all answered`, answered.toFixed(1), ''],
        [`${senders} senders at once: all committed`, takenIn.toFixed(1), 'nothing lost'],
      ],
    ),
  );
  if (ratio > AT_MOST) process.exitCode = 1;
  objects.close();
  await mammoflow.close();
} finally {
  await stack.stop();
  await rm(folder, { recursive: true, force: true });
}
