import assert from 'node:assert/strict';
import { once } from 'node:events';
import { access, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { readDicom } from '../../activities/stages/read-dicom.js';
import { type ExportedExam, type ExportOptions, exportResults } from '../../api/changing/export-results.js';
import { forget } from '../../api/changing/forget.js';
import { put } from '../../api/changing/put.js';
import { retryDeliveries } from '../../api/changing/retry-deliveries.js';
import { removeDestination, setDestination } from '../../api/changing/set-destination.js';
import { setStage } from '../../api/changing/set-stage.js';
import { type DeliveryRow, deliveries } from '../../api/reading/deliveries.js';
import { checkDestination, destinations } from '../../api/reading/destinations.js';
import { exam as examOf } from '../../api/reading/exam.js';
import { picture } from '../../api/reading/pictures.js';
import type { Session } from '../../api/session.js';
import { forgetIdentity, openIdentities } from '../../dicom/identity/identities.js';
import { type Dataset, decodePart10 } from '../../dicom/objects/dataset.js';
import { freePort } from '../../infra/dev/ports.js';
import type { Json } from '../../pipeline/canonical-json.js';
import { deliveryWorkflowId } from '../../pipeline/delivery.js';
import { VIEWS, type View } from '../../pipeline/exam.js';
import { ANSWERING_STAGES } from '../support/answering-stages.js';
import { drawObjects, PLANTED } from '../support/dicom/draw-objects.js';
import { type Orthanc, startOrthanc } from '../support/dicom/orthanc.js';
import { itWithTools } from '../support/dicom/peers.js';
import { historiesAsText, recordHistory } from '../support/histories.js';
import { openSmallSystem, type SmallSystem } from '../support/small-system.js';
import { until } from '../support/until.js';

const CAD_SR = '1.2.840.10008.5.1.4.1.1.88.50';
const MEASUREMENTS = '1.2.840.10008.5.1.4.1.1.88.34';

/** A DICOMweb server that keeps what it gets, and has none of some SOP class as long as it is told so. */
interface Archive {
  readonly url: string;
  readonly bodies: string[];
  refuses: string | undefined;
  close(): void;
}

describe('delivering results', function () {
  this.timeout(120_000);
  let system: SmallSystem;
  let session: Session;
  let exam: string;
  const archives: Archive[] = [];

  before(async () => {
    system = await openSmallSystem(undefined, [readDicom, ...ANSWERING_STAGES]);
    const places = { keyFile: join(system.folder, 'secret', 'key'), folder: join(system.folder, 'identities') };
    const identities = openIdentities(places);
    session = {
      ...system.session,
      stages: async () => [readDicom, ...ANSWERING_STAGES],
      identities: () => identities,
      forgetIdentity: (name) => forgetIdentity(places, name),
      credentials: { MAMMOFLOW_DESTINATION_TEST: 'Bearer of-the-session' },
    };
    await system.startSmallWorkers({
      delivery: { identities: () => identities, environment: { MAMMOFLOW_DESTINATION_TEST: 'Bearer of-the-worker' } },
    });
    await system.useModel('green', 'all');
    exam = await putStudy(1);
    assert.deepEqual((await system.process()).exams, { processed: 1, skipped: 0, failed: 0 });
  });
  after(async () => {
    for (const archive of archives) archive.close();
    await system.close();
  });

  async function putStudy(number: number): Promise<string> {
    const picture = { rows: 8, columns: 6, pixels: new Uint16Array(48).map((_, at) => at * 1000) };
    const views = Object.fromEntries(VIEWS.map((view) => [view, picture])) as Record<View, typeof picture>;
    const folder = join(system.folder, `study-${number}`);
    await drawObjects(folder, views, { number });
    const { changed, refused } = await put(session, { repo: 'exams', paths: [folder], process: false });
    assert.deepEqual(refused, []);
    return changed[0] as string;
  }

  async function archive(): Promise<Archive> {
    const made: Omit<Archive, 'url' | 'close'> = { bodies: [], refuses: undefined };
    const server: Server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part) => parts.push(part));
      request.on('end', () => {
        if (request.headers.authorization !== 'Bearer of-the-worker') return response.writeHead(401).end();
        if (request.method === 'GET') return response.writeHead(204).end();
        const body = Buffer.concat(parts).toString('latin1');
        const isRefused = made.refuses !== undefined && body.includes(made.refuses);
        if (!isRefused) made.bodies.push(body);
        const [, uid] = /boundary=mammoflow-([\d.]+)/.exec(request.headers['content-type'] ?? '') ?? [];
        const item = { '00081155': { Value: [uid] }, ...(isRefused && { '00081197': { Value: [0x0122] } }) };
        // What servers say of a patient in their answers must go nowhere.
        const telling = { '00081190': { Value: [PLANTED.patientName] } };
        response
          .writeHead(isRefused ? 409 : 200)
          .end(JSON.stringify({ ...telling, [isRefused ? '00081198' : '00081199']: { Value: [item] } }));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const whole = Object.assign(made, {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/dicom-web`,
      close: () => void server.close(),
    });
    archives.push(whole);
    return whole;
  }

  const set = (destination: string, settings: Record<string, Json>) =>
    setDestination(session, { destination, settings });
  const web = (url: string): Record<string, Json> => ({
    ...{ kind: 'web', url, authorization: 'MAMMOFLOW_DESTINATION_TEST' },
    objects: ['cad-sr', 'measurement-report', 'presentation-states'],
  });
  async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
    const list: T[] = [];
    for await (const value of values) list.push(value);
    return list;
  }
  const give = (options: Omit<ExportOptions, 'what'> & { what?: string }): Promise<ExportedExam[]> =>
    all(exportResults(session, { what: exam, ...options }));
  const giveTo = async (destination: string, more: Partial<ExportOptions> = {}) =>
    ((await give({ to: { destination }, wait: true, ...more }))[0] as ExportedExam).delivery;
  const rows = (options: Parameters<typeof deliveries>[1] = {}): Promise<DeliveryRow[]> =>
    all(deliveries(session, options));
  const outcomeOf = async (destination: string, of = exam) =>
    (await session.client()).workflow.getHandle(deliveryWorkflowId(destination, of)).result();
  const first = (value: Dataset[string]): Dataset => (value as readonly Dataset[])[0] as Dataset;
  const setClassifiers = (parameters: Record<string, Json>) =>
    setStage(session, { stage: 'classify', parameters, process: false });

  it('writes objects to a folder, of the original study, or under pseudonyms', async () => {
    const folder = join(system.folder, 'out');
    const [written] = (await give({ to: { folder } })) as [ExportedExam];
    assert.equal(written.identity, 'original');
    // No picture was drawn of it, so that there is none to give.
    assert.deepEqual(
      (written.files ?? []).map((file) => file.slice(folder.length + exam.length + 2)),
      [
        'cad-sr-1.dcm',
        'measurement-report-1.dcm',
        'measurement-report-2.dcm',
        ...VIEWS.map((_, at) => `presentation-states-${at + 1}.dcm`),
      ],
    );
    const report = decodePart10(await readFile(join(folder, exam, 'cad-sr-1.dcm')));
    assert.deepEqual(report.PatientID, [PLANTED.patientId]);
    assert.deepEqual(report.PatientName, [PLANTED.patientName]);
    assert.deepEqual(report.PatientBirthDate, [PLANTED.birthDate]);
    assert.deepEqual(report.StudyDate, [PLANTED.date]);
    assert.deepEqual(report.AccessionNumber, [PLANTED.accession]);
    assert.deepEqual(report.StudyInstanceUID, ['1.2.840.99999.1']);
    const series = first(first(report.CurrentRequestedProcedureEvidenceSequence).ReferencedSeriesSequence);
    assert.deepEqual(
      (series.ReferencedSOPSequence as Dataset[]).map((one) => one.ReferencedSOPInstanceUID),
      VIEWS.map((_, at) => [`1.2.840.99999.1.1.${at + 1}`]),
    );
    // The same again is no other file; another content is not written over it.
    await give({ to: { folder } });
    await assert.rejects(give({ to: { folder }, findings: { threshold: 0.6 } }), { code: 'invalid-argument' });
    await give({ to: { folder }, findings: { threshold: 0.6 }, force: true });

    const [hidden] = await give({ to: { folder: join(system.folder, 'hidden') }, identity: 'pseudonyms' });
    assert.equal(hidden?.identity, 'pseudonyms');
    for (const file of hidden?.files ?? []) {
      const bytes = await readFile(file, 'latin1');
      assert.ok(![PLANTED.patientId, PLANTED.date, '1.2.840.99999'].some((secret) => bytes.includes(secret)), file);
    }
    const stranger = {
      ...session,
      identities: () => openIdentities({ keyFile: join(system.folder, 'no'), folder }, { mustExist: true }),
    };
    const [unknown] = await all(exportResults(stranger, { what: exam, to: { folder: join(system.folder, 'hidden') } }));
    assert.equal(unknown?.identity, 'pseudonyms');
  });

  it('is of an exam whose views can be looked at, as they were read', async () => {
    const { views } = await examOf(session, { exam });
    for (const { view, original, size } of views) {
      assert.equal(original?.key, `read_dicom/${exam}/${view}.png`);
      const { versionId, sha256 } = original;
      const { rows, columns, pixels } = await picture(session, { repo: 'read_dicom', exam, view, versionId, sha256 });
      assert.deepEqual([rows, columns], size);
      assert.equal(pixels.length, 48);
    }
  });

  it('refuses an exam of pictures, and says what a failed stage left unknown', async () => {
    const folder = join(system.folder, 'failed');
    await assert.rejects(give({ what: 'nobody', to: { folder } }), { code: 'not-found' });
    await system.putScan(['pictures-1'], '7');
    await assert.rejects(give({ what: 'pictures-1', to: { folder } }), {
      code: 'invalid-exam',
      message: /folder of pictures/,
    });
    await session.repository.commitOnto(
      'main',
      { author: 'test', message: 'without it', by: { kind: 'remove' } },
      async (roots) => ({
        roots: {
          ...roots,
          exams: await session.repository.inputs.edit(roots.exams as never, new Map([['pictures-1', null]])),
        },
      }),
    );
    await setClassifiers({ fails: true });
    await assert.rejects(give({ to: { folder } }), { code: 'not-found', message: /other files, models or parameters/ });
    const { job } = await system.process();
    const [of] = await give({ what: job, to: { folder }, objects: ['cad-sr'] });
    assert.equal(of?.exam, exam);
    const text = await readFile(join(folder, exam, 'cad-sr-1.dcm'), 'latin1');
    assert.match(text, /Not all algorithms succeeded; with findings/);
    assert.match(text, /Classification failed, so that there are no probabilities: The classifiers will not have exam/);
    await setClassifiers({ fails: false });
    await system.process();
  });

  it('takes destinations that can be right, and asks them', async () => {
    const { url } = await archive();
    await assert.rejects(set('Archive', web(url)), { code: 'invalid-argument' });
    await assert.rejects(set('archive', { kind: 'web', url: 'https://me:secret@there/' }), {
      message: /without credentials/,
    });
    await assert.rejects(set('archive', { ...web(url), authorization: 'AWS_SECRET_ACCESS_KEY' }), {
      message: /MAMMOFLOW_DESTINATION_/,
    });
    await assert.rejects(set('archive', { url }), { message: /kind/ });
    await set('archive', web(url));
    assert.equal((await set('archive', { threshold: 0.5 })).commit, null);
    assert.deepEqual(
      (await destinations(session)).map(({ destination }) => destination),
      ['archive'],
    );
    // This session has other credentials than the worker.
    await assert.rejects(checkDestination(session, { destination: 'archive' }), { code: 'invalid-configuration' });
    await assert.rejects(checkDestination({ ...session, credentials: {} }, { destination: 'archive' }), {
      message: /MAMMOFLOW_DESTINATION_TEST.* is not set/,
    });
    await removeDestination(session, { destination: 'archive' });
    await assert.rejects(giveTo('archive'), { code: 'not-found' });
  });

  it('sends what is asked for once, names what it replaces, and sends again what an archive refused', async () => {
    const place = await archive();
    await set('archive', web(place.url));
    assert.deepEqual(await giveTo('archive'), { status: 'delivered', stored: 7, sent: 7, refused: 0 });
    await recordHistory(system, deliveryWorkflowId('archive', exam), 'deliver-exam-delivered');
    assert.deepEqual(await giveTo('archive'), { status: 'delivered', stored: 7, sent: 0, refused: 0 });
    assert.equal((await giveTo('archive', { again: true }))?.sent, 7);
    const before = place.bodies.find((body) => body.includes(CAD_SR)) ?? '';

    place.refuses = MEASUREMENTS;
    await setClassifiers({ malignant: 0.625 });
    await system.process();
    place.bodies.length = 0;
    const refused = await giveTo('archive');
    assert.deepEqual([refused?.status, refused?.stored, refused?.refused], ['refused', 5, 2]);
    assert.match(refused?.reason ?? '', /measurement-report-1 ?(\.dcm)? \(the SOP class is not supported \(0x0122\)\)/);
    assert.deepEqual(
      (await rows()).map(({ status, reason }) => [status, reason]),
      [['undelivered', refused?.reason]],
    );
    const report = place.bodies.find((body) => body.includes(CAD_SR)) ?? '';
    const replaced = first(
      first(first(objectIn(report).PredecessorDocumentsSequence).ReferencedSeriesSequence).ReferencedSOPSequence,
    );
    assert.deepEqual(replaced.ReferencedSOPInstanceUID, objectIn(before).SOPInstanceUID);

    place.refuses = undefined;
    place.bodies.length = 0;
    assert.equal((await retryDeliveries(session, { destination: 'archive' })).started.length, 1);
    assert.deepEqual(await outcomeOf('archive'), { status: 'delivered', stored: 7, sent: 2, refused: 0 });
    assert.equal(place.bodies.length, 2);
    assert.deepEqual(await rows(), []);
    assert.deepEqual(
      (await rows({ exam })).map(({ status, stored }) => [status, stored]),
      [
        ['delivered', 7],
        ['delivered', 7],
      ],
    );
    await removeDestination(session, { destination: 'archive' });
  });

  it('gives a destination up after its time, and says why', async () => {
    await set('gone', { ...web(`http://127.0.0.1:${await freePort()}`), giveUpAfterHours: 0.001 });
    const outcome = await giveTo('gone');
    assert.equal(outcome?.status, 'undelivered');
    assert.match(outcome?.reason ?? '', /does not answer/);
    await recordHistory(system, deliveryWorkflowId('gone', exam), 'deliver-exam-given-up');
    assert.deepEqual(
      (await rows({ destination: 'gone' })).map(({ exam: of }) => of),
      [exam],
    );
    await set('gone', { authorization: 'MAMMOFLOW_DESTINATION_OTHER', giveUpAfterHours: 1 });
    await retryDeliveries(session);
    assert.match((await outcomeOf('gone')).reason, /MAMMOFLOW_DESTINATION_OTHER.* is not set/);
    await removeDestination(session, { destination: 'gone' });
    assert.deepEqual((await retryDeliveries(session)).left, [{ exam, destination: 'gone' }]);
  });

  itWithTools(
    ['orthanc', 'orthanc-dicomweb', 'storescu'],
    'sends what lands by itself, over the web and by association, once the archive is up again',
    async () => {
      const ports = { http: await freePort(), dicom: await freePort() };
      await set('web', { kind: 'web', url: `http://127.0.0.1:${ports.http}/dicom-web`, automatic: 'main' });
      await set('node', {
        ...{ kind: 'association', host: '127.0.0.1', port: ports.dicom, calledTitle: 'ORTHANC', automatic: 'main' },
        identity: 'pseudonyms',
      });
      await setClassifiers({ malignant: 0.875 });
      // Nobody is there, and the job ends all the same.
      assert.deepEqual((await system.process()).exams, { processed: 1, skipped: 0, failed: 0 });
      const client = await session.client();
      for (const name of ['web', 'node']) {
        const { status } = await client.workflow.getHandle(deliveryWorkflowId(name, exam)).describe();
        assert.equal(status.name, 'RUNNING', name);
      }
      // Who asks again has it tried at once, and does not start a second delivery.
      const [asked] = await give({ to: { destination: 'web' } });
      assert.equal(asked?.workflow, deliveryWorkflowId('web', exam));
      await until('the delivery to begin again', async () => {
        const { raw } = await client.workflow.getHandle(deliveryWorkflowId('web', exam)).describe();
        return raw.pendingActivities?.some(({ attempt, activityId }) => activityId !== '1' && Number(attempt) >= 1);
      });
      let orthanc: Orthanc | undefined;
      try {
        orthanc = await startOrthanc({}, ports);
        for (const name of ['web', 'node']) {
          assert.match((await checkDestination(session, { destination: name })).answer, /answers (C-ECHO|QIDO-RS)\./);
          assert.equal((await outcomeOf(name)).status, 'delivered', name);
        }
        await recordHistory(system, deliveryWorkflowId('web', exam), 'deliver-exam-asked-again');
        const studies = (await (await fetch(`${orthanc.web}/studies`)).json()) as Record<string, { Value: string[] }>[];
        const found = studies.map((study) => study['0020000D']?.Value[0]);
        assert.equal(found.length, 2);
        assert.ok(found.includes('1.2.840.99999.1'));
        const count = async () => ((await (await fetch(`${orthanc?.web}/instances`)).json()) as unknown[]).length;
        const before = await count();
        assert.equal(before, 14);
        assert.equal((await giveTo('web', { again: true }))?.sent, 7);
        assert.equal(await count(), before);
      } finally {
        await orthanc?.stop();
      }
    },
  );

  it('tells nobody whose results they are: not the bucket, not Temporal', async () => {
    const { store } = session.repository;
    const secrets = [
      PLANTED.patientId,
      ...PLANTED.patientName.split('^'),
      PLANTED.accession,
      PLANTED.date,
      '1.2.840.99999',
    ];
    const found: string[] = [];
    const search = (where: string, bytes: Buffer): void => {
      const text = bytes.toString('latin1');
      for (const secret of secrets) if (text.includes(secret)) found.push(`${secret} in ${where}`);
    };
    let records = 0;
    for await (const { key, versionId, deleteMarker } of store.listVersions('')) {
      search('a key', Buffer.from(key));
      if (deleteMarker) continue;
      if (key.includes('deliver')) records += 1;
      search(key, Buffer.from((await store.get(key, versionId))?.bytes ?? []));
    }
    assert.ok(records > 5, `${records} versions of records`);
    const client = await session.client();
    let histories = 0;
    const query = `WorkflowType = 'deliverExam' AND MammoflowExam = '${exam}'`;
    for await (const { id, text } of historiesAsText(client, query)) {
      search(id, text);
      histories += 1;
    }
    assert.ok(histories > 5, `${histories} histories`);
    assert.deepEqual(found, []);
  });

  it('is forgotten with its exam: what was delivered, what was not, and whose it is', async () => {
    const { store } = session.repository;
    const identity = join(system.folder, 'identities', `${exam}.identity`);
    await access(identity);
    const outcome = await forget(session, { exams: [exam], wait: 1 });
    const [forgotten] = outcome.exams;
    assert.equal(forgotten?.remaining, 0);
    assert.ok((forgotten?.removed.deliveries ?? 0) > 5);
    assert.ok((forgotten?.removed.undelivered ?? 0) > 0);
    assert.equal(forgotten?.removed.identity, 1);
    await assert.rejects(access(identity), { code: 'ENOENT' });
    for (const prefix of ['.mammoflow/deliveries/', '.mammoflow/undelivered/']) {
      for await (const { key } of store.listVersions(prefix)) assert.fail(key);
    }
    await until('nothing to be left to send', async () => (await rows()).length === 0);
  });
});

/** The object in a request of one part. */
function objectIn(body: string): Dataset {
  const from = body.indexOf('\r\n\r\n') + 4;
  return decodePart10(Buffer.from(body.slice(from, body.lastIndexOf('\r\n--')), 'latin1'));
}
