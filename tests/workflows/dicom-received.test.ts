import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { readDicom } from '../../activities/stages/read-dicom.js';
import { receiveObject } from '../../api/changing/receive-object.js';
import type { Session } from '../../api/session.js';
import { type Identities, openIdentities } from '../../dicom/identity/identities.js';
import type { Grey16Image } from '../../imaging/planes.js';
import { execute } from '../../infra/dev/tool-cache.js';
import { DEVICE_IMITATIONS, type DeviceImitation, imitateDevice } from '../../models/phantom/imitate-device.js';
import { VIEWS } from '../../pipeline/exam.js';
import { takeInWorkflowId } from '../../pipeline/take-in.js';
import { sha256Hex } from '../../repos/hash.js';
import { rootOf } from '../../repos/repository.js';
import { type Listener, type ListenerSettings, startListener } from '../../triggers/associations/listener.js';
import { hintInbox } from '../../triggers/hint.js';
import { openConsole, type TestConsole } from '../support/consoles.js';
import { studyOf } from '../support/dicom/draw-objects.js';
import { startOrthanc } from '../support/dicom/orthanc.js';
import { itWithTools, runTool } from '../support/dicom/peers.js';
import { recordHistory } from '../support/histories.js';
import { openInbox, type TestInbox } from '../support/inbox.js';
import { openSmallSystem, SMALL_STAGES, type SmallSystem } from '../support/small-system.js';
import { until } from '../support/until.js';

const TOKEN = 'token-of-the-gateway';
const HOLOGIC = DEVICE_IMITATIONS.hologic as DeviceImitation;

type StoreResponse = Readonly<Record<string, { readonly Value?: readonly Record<string, { Value?: unknown[] }>[] }>>;

describe('DICOM objects that are sent', function () {
  this.timeout(180_000);
  let system: SmallSystem;
  let identities: Identities;
  let session: Session;
  let inbox: TestInbox;
  let page: TestConsole;

  before(async () => {
    system = await openSmallSystem(undefined, [readDicom, ...SMALL_STAGES]);
    const places = { keyFile: join(system.folder, 'secret', 'key'), folder: join(system.folder, 'identities') };
    identities = await openIdentities(places);
    session = system.session;
    inbox = openInbox(system.s3);
    await system.startSmallWorkers({ identities: async () => identities });
    await system.useModel('green', 'all');
    const access = {
      kind: 'token' as const,
      tokens: [
        { name: 'gateway', role: 'operate' as const, sha256: sha256Hex(TOKEN) },
        { name: 'reader', role: 'read' as const, sha256: sha256Hex('token-of-a-reader') },
      ],
    };
    page = await openConsole(system, { access });
  });
  after(async () => {
    await page.close();
    inbox.close();
    await system.close();
  });

  const tiny = (value: number): Grey16Image => ({ rows: 8, columns: 6, pixels: new Uint16Array(48).fill(value) });
  const objectsOf = (number: number): Buffer[] =>
    VIEWS.map((view, at) => imitateDevice(tiny(1_000 * (at + 1)), view, HOLOGIC, studyOf(number, view)));
  const committed = (number: number, files = 4) =>
    until(`the exam of study ${number}`, async () => {
      const root = rootOf(await session.repository.head('main'), 'exams');
      const exam = await session.repository.inputs.get(root, identities.pseudonyms.exam(`1.2.840.99999.${number}`));
      return exam?.files.length === files;
    });
  const emptied = () => until('the inbox to be empty', async () => (await inbox.keys('inbox/')).length === 0);

  const multipart = (objects: readonly (Buffer | string)[]): Buffer =>
    Buffer.concat([
      ...objects.flatMap((object) => [
        Buffer.from('--of objects\r\nContent-Type: application/dicom\r\n\r\n'),
        Buffer.from(object),
        Buffer.from('\r\n'),
      ]),
      Buffer.from('--of objects--\r\n'),
    ]);
  const MULTIPART = 'multipart/related; type="application/dicom"; boundary="of objects"';
  const store = (
    body: Buffer,
    {
      path = '',
      type = MULTIPART,
      headers = {},
    }: { path?: string; type?: string; headers?: Record<string, string> } = {},
  ): Promise<Response> =>
    fetch(`${page.address}/dicom-web/studies${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': type, ...headers },
      body: new Uint8Array(body),
    });
  const told = async (response: Response) => {
    const answer = (await response.json()) as StoreResponse;
    const items = (tag: string, ...tags: string[]) =>
      (answer[tag]?.Value ?? []).map((item) => tags.map((name) => item[name]?.Value?.[0]));
    return { stored: items('00081199', '00081155').flat(), failed: items('00081198', '00081155', '00081197') };
  };

  it('over the web become an exam, and the answer names every instance', async () => {
    const response = await store(multipart(objectsOf(1)), { path: '/1.2.840.99999.1' });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'application/dicom+json');
    const { stored, failed } = await told(response);
    assert.deepEqual(
      stored,
      [1, 2, 3, 4].map((at) => `1.2.840.99999.1.1.${at}`),
    );
    assert.deepEqual(failed, []);
    await committed(1);
    await emptied();
    await recordHistory(system, takeInWorkflowId('main'), 'take-in-studies');
  });

  it('over the web are refused one by one, with the reason of PS3.18, and harm no others', async () => {
    const [first, second, third, fourth] = objectsOf(2) as [Buffer, Buffer, Buffer, Buffer];
    const syntax = Buffer.from(fourth);
    syntax.write('1.2.840.99.9.9.9.99', syntax.indexOf('1.2.840.10008.1.2.1\0'), 'latin1');
    const [foreign] = objectsOf(3) as [Buffer];
    const mixed = await store(multipart([first, 'a letter', syntax, foreign, second, third, fourth]), {
      path: '/1.2.840.99999.2',
    });
    assert.equal(mixed.status, 202);
    const { stored, failed } = await told(mixed);
    assert.equal(stored.length, 4);
    assert.deepEqual(failed, [
      [undefined, 0xc000],
      [undefined, 0xc122],
      ['1.2.840.99999.3.1.1', 0xa900],
    ]);
    await committed(2);
    const none = await store(multipart(['a letter']));
    assert.equal(none.status, 409);
    assert.deepEqual((await told(none)).failed, [[undefined, 0xc000]]);
    await emptied();
  });

  it('over the web are refused where they are larger than is read, of which their beginning is enough to tell', async () => {
    const path = join(system.folder, 'large.dcm');
    await writeFile(path, (objectsOf(7)[0] as Buffer).subarray(0, -20));
    const { outcome, ...said } = await receiveObject(session, { path, cutShort: true });
    assert.equal(outcome, 'refused');
    assert.deepEqual(said, {
      sopClass: '1.2.840.10008.5.1.4.1.1.1.2',
      sopInstance: '1.2.840.99999.7.1.1',
      why: 'too-large',
      reason: 'It has more than 512 MiB.',
    });
  });

  it('over the web need a token that may operate, and the form that the standard says', async () => {
    const body = multipart(objectsOf(4));
    const status = async (...given: Parameters<typeof store>) => (await store(...given)).status;
    assert.equal(await status(body, { headers: { authorization: 'Bearer wrong' } }), 401);
    assert.equal(await status(body, { headers: { authorization: '' } }), 401);
    assert.equal(await status(body, { headers: { authorization: 'Bearer token-of-a-reader' } }), 403);
    const basic = (token: string) => ({ authorization: `Basic ${Buffer.from(`any:${token}`).toString('base64')}` });
    assert.equal(await status(body, { headers: basic('token-of-a-reader') }), 403);
    assert.equal(await status(body, { headers: { accept: 'text/html', ...basic(TOKEN) } }), 406);
    assert.equal(await status(body, { type: 'application/dicom' }), 415);
    assert.equal(await status(body, { type: 'multipart/related; type="application/dicom+json"; boundary=b' }), 415);
    assert.equal(await status(body, { type: 'multipart/related; type="application/dicom"' }), 400);
    assert.equal(await status(Buffer.from('nothing of the kind')), 400);
    assert.equal(await status(body, { path: '/not-a-uid' }), 400);
    assert.deepEqual(await inbox.keys('inbox/'), []);
  });

  it('over the web are stored as far as they came whole where the sender stops half-way, and again without harm', async () => {
    const objects = objectsOf(5);
    const whole = multipart(objects);
    const half = multipart(objects.slice(0, 2)).length + 200;
    const sending = httpRequest(`${page.address}/dicom-web/studies`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': MULTIPART, 'content-length': whole.length },
    });
    sending.on('error', () => undefined);
    sending.write(whole.subarray(0, half));
    await until('two objects', async () => (await inbox.keys('inbox/dicom/')).length === 2);
    sending.destroy();
    assert.equal((await store(whole)).status, 200);
    await committed(5);
    await emptied();
    const spooled = async () => (await readdir(join(system.folder, 'uploads', 'received'))).length;
    await until('nothing to stay on disk', async () => (await spooled()) === 0);
  });

  it('over the web by many at once are all there', async () => {
    const numbers = Array.from({ length: 6 }, (_, at) => 20 + at);
    const answers = await Promise.all(
      numbers.flatMap((number) => objectsOf(number).map((object) => store(multipart([object])))),
    );
    assert.ok(answers.every(({ status }) => status === 200));
    for (const number of numbers) await committed(number);
    await emptied();
  });

  itWithTools(['orthanc', 'orthanc-dicomweb'], 'over the web by Orthanc become an exam', async () => {
    const Servers = { mammoflow: { Url: `${page.address}/dicom-web/`, Username: 'orthanc', Password: TOKEN } };
    const orthanc = await startOrthanc({ DicomWeb: { Servers } });
    try {
      const root = orthanc.web.replace(/\/dicom-web$/, '');
      const post = async (path: string, body: Uint8Array | string) => {
        const response = await fetch(`${root}${path}`, { method: 'POST', body });
        assert.equal(response.status, 200, await response.clone().text());
        return response.json() as Promise<{ ParentStudy: string }>;
      };
      let study = '';
      for (const object of objectsOf(6)) study = (await post('/instances', new Uint8Array(object))).ParentStudy;
      await post('/dicom-web/servers/mammoflow/stow', JSON.stringify({ Resources: [study] }));
      await committed(6);
      await emptied();
    } finally {
      await orthanc.stop();
    }
  });

  describe('by association', () => {
    const lines: { msg: string; calling?: string; called?: string }[] = [];
    let listener: Listener;
    let spool: string;
    let isAway = false;
    const settings = (): ListenerSettings => ({
      ...{ host: '127.0.0.1', port: 0, title: 'MAMMOFLOW', callers: ['MAMMO1', 'ORTHANC'], folder: spool },
      async deliver(path, acknowledged) {
        if (isAway) throw new Error('the bucket is away');
        await receiveObject(session, { path, from: acknowledged ? 'acknowledged' : 'interrupted' });
        await hintInbox(await session.client());
      },
      log: pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) }),
    });
    const send = (program: 'storescu' | 'echoscu', port: number, ...more: string[]) =>
      runTool(
        program,
        '--call',
        'MAMMOFLOW',
        '--aetitle',
        'MAMMO1',
        ...more.slice(0, -1),
        '127.0.0.1',
        String(port),
        ...more.slice(-1).filter(Boolean),
      );
    const filesOf = async (number: number): Promise<string> => {
      const folder = join(system.folder, `sent-${number}`);
      await mkdir(folder, { recursive: true });
      for (const [at, object] of objectsOf(number).entries()) await writeFile(join(folder, `${at}`), object);
      return folder;
    };

    before(async () => {
      spool = join(system.folder, 'spool');
      listener = await startListener(settings());
    });
    after(() => listener.close());

    itWithTools(['storescp', 'storescu'], 'become an exam, and C-ECHO is answered', async () => {
      assert.equal((await send('echoscu', listener.port, '')).code, 0);
      const { code, output } = await send('storescu', listener.port, '+sd', await filesOf(40));
      assert.equal(code, 0, output);
      await committed(40);
      await emptied();
    });

    itWithTools(
      ['storescp', 'storescu'],
      'are refused from and for other AE titles, with a line in the log',
      async () => {
        const other = await send('echoscu', listener.port, '--aetitle', 'STRANGER', '');
        assert.match(other.output, /Calling AE Title Not Recognized/);
        const called = await send('echoscu', listener.port, '--call', 'ELSEWHERE', '');
        assert.match(called.output, /Called AE Title Not Recognized/);
        const told = lines.filter(({ msg }) => msg.startsWith('an association was refused'));
        assert.deepEqual(
          told.map(({ calling, called }) => [calling, called]),
          [
            ['STRANGER', 'MAMMOFLOW'],
            ['MAMMO1', 'ELSEWHERE'],
          ],
        );
        const socket = connect(listener.port, '127.0.0.1');
        socket.end('GET / HTTP/1.1\r\n\r\n');
        await once(socket.resume(), 'close');
      },
    );

    itWithTools(['storescp', 'storescu'], 'outlast a listener that ends before the bucket has them', async () => {
      isAway = true;
      const { code, output } = await send('storescu', listener.port, '+sd', await filesOf(41));
      assert.equal(code, 0, output);
      await listener.close();
      const [association = ''] = await readdir(spool);
      const whole = await readdir(join(spool, association, 'whole'));
      assert.equal(whole.length, 4);
      // As if the process had died: one before it was moved, another while it came.
      const [first = '', second = ''] = whole;
      await rename(join(spool, association, 'whole', first), join(spool, association, first));
      const bytes = await readFile(join(spool, association, 'whole', second));
      await writeFile(join(spool, association, 'half'), bytes.subarray(0, -20));
      isAway = false;
      listener = await startListener(settings());
      await committed(41);
      await emptied();
      await until('the spool to be empty', async () => (await readdir(spool)).length === 0);
    });

    itWithTools(['storescp', 'storescu'], 'come over TLS where that is asked for', async () => {
      const [key, cert] = [join(system.folder, 'key.pem'), join(system.folder, 'cert.pem')];
      const subject = ['-subj', '/CN=127.0.0.1', '-days', '2'];
      await execute('openssl', [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        key,
        '-out',
        cert,
        ...subject,
      ]);
      const tls = { key: await readFile(key), cert: await readFile(cert), ca: await readFile(cert) };
      const secure = await startListener({ ...settings(), tls, folder: join(system.folder, 'spool-tls') });
      try {
        const plain = await send('echoscu', secure.port, '--acse-timeout', '5', '');
        assert.notEqual(plain.code, 0);
        const known = ['--enable-tls', key, cert, '--add-cert-file', cert];
        const { code, output } = await send('storescu', secure.port, ...known, '+sd', await filesOf(42));
        assert.equal(code, 0, output);
        const anonymous = await send('echoscu', secure.port, '--anonymous-tls', '--add-cert-file', cert, '');
        assert.notEqual(anonymous.code, 0);
        await committed(42);
        await emptied();
      } finally {
        await secure.close();
      }
    });

    itWithTools(['storescp', 'orthanc', 'orthanc-dicomweb'], 'from Orthanc become an exam', async () => {
      const DicomModalities = { mammoflow: ['MAMMOFLOW', '127.0.0.1', listener.port] };
      const orthanc = await startOrthanc({ DicomModalities });
      try {
        const root = orthanc.web.replace(/\/dicom-web$/, '');
        let study = '';
        for (const object of objectsOf(43)) {
          const sent = await fetch(`${root}/instances`, { method: 'POST', body: new Uint8Array(object) });
          study = ((await sent.json()) as { ParentStudy: string }).ParentStudy;
        }
        const stored = await fetch(`${root}/modalities/mammoflow/store`, { method: 'POST', body: study });
        assert.equal(stored.status, 200, await stored.text());
        await committed(43);
        await emptied();
      } finally {
        await orthanc.stop();
      }
    });
  });
});
