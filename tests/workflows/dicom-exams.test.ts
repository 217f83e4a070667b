import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GetObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { readDicom } from '../../activities/stages/read-dicom.js';
import { dismiss } from '../../api/changing/dismiss.js';
import { put } from '../../api/changing/put.js';
import { setDevice } from '../../api/changing/set-device.js';
import { inbox as lookedInto } from '../../api/reading/inbox.js';
import { lsItem } from '../../api/reading/ls.js';
import type { Session } from '../../api/session.js';
import { TAGS } from '../../dicom/data-set/tags.js';
import { textElement } from '../../dicom/data-set/write-object.js';
import { openIdentities } from '../../dicom/identity/identities.js';
import type { Grey16Image } from '../../imaging/planes.js';
import { DEVICE_IMITATIONS, type DeviceImitation, imitateDevice } from '../../models/phantom/imitate-device.js';
import { VIEWS, type View } from '../../pipeline/exam.js';
import type { WaitingItem } from '../../pipeline/take-in.js';
import { findTraces, removeTraces } from '../../repos/forget-exam.js';
import { rootOf } from '../../repos/repository.js';
import { hintInbox } from '../../triggers/hint.js';
import { drawObjects, PLANTED, studyOf } from '../support/dicom/draw-objects.js';
import { historiesAsText } from '../support/histories.js';
import { openInbox, type TestInbox } from '../support/inbox.js';
import { s3ClientOf } from '../support/services.js';
import { openSmallSystem, SMALL_STAGES, type SmallSystem } from '../support/small-system.js';
import { until } from '../support/until.js';

/** What nobody may find: of the patient, the study, the private data and the files' own names. */
const IDENTIFYING = [
  ...[PLANTED.patientId, 'Zyxwvut', 'Quintessa', 'Marigold', PLANTED.birthDate, PLANTED.accession, PLANTED.date],
  ...['1.2.840.99999', 'SECRET-PRIVATE', 'Saint Nowhere', 'Dr^Incognito'],
];

/** In attributes that hold names, texts and whatever a vendor likes. */
const TELLING = [
  textElement(TAGS.InstitutionName, 'LO', 'Saint Nowhere'),
  textElement(0x00080090, 'PN', 'Dr^Incognito'),
  textElement(0x00081030, 'LO', 'Zyxwvut screening'),
  textElement(0x00104000, 'LT', 'Marigold has a sister'),
  textElement(0x00190010, 'LO', 'A VENDOR'),
  textElement(0x00191001, 'LO', 'SECRET-PRIVATE Zyxwvut'),
];

describe('exams of DICOM objects', () => {
  let system: SmallSystem;
  let session: Session;
  let views: Record<View, Grey16Image>;
  let inbox: TestInbox;
  let hasKey = false;
  const tiny = (): Grey16Image => ({ rows: 8, columns: 6, pixels: new Uint16Array(48).map((_, at) => at * 1000) });

  before(async () => {
    views = Object.fromEntries(VIEWS.map((view) => [view, tiny()])) as Record<View, Grey16Image>;
    system = await openSmallSystem(undefined, [readDicom, ...SMALL_STAGES]);
    const places = { keyFile: join(system.folder, 'secret', 'key'), folder: join(system.folder, 'identities') };
    const identities = openIdentities(places);
    const nowhere = { keyFile: join(system.folder, 'no', 'key'), folder: join(system.folder, 'identities') };
    session = { ...system.session, identities: () => identities };
    await system.startSmallWorkers({
      identities: async () => (hasKey ? identities : openIdentities(nowhere, { mustExist: true })),
    });
    inbox = openInbox(system.s3);
    await system.useModel('green', 'all');
  });
  after(async () => {
    inbox.close();
    await system.close();
  });

  const study = async (number: number, vendor: string, more: Parameters<typeof drawObjects>[2] = {}) => {
    const folder = join(system.folder, `study-${number}`, 'DICOM', 'A', 'B');
    const device = DEVICE_IMITATIONS[vendor] as DeviceImitation;
    await drawObjects(folder, views, { device, number, more: TELLING, ...more });
    return join(system.folder, `study-${number}`);
  };
  const putAll = async (...paths: string[]) => put(session, { repo: 'exams', paths, process: false });
  const examOf = async (number: number): Promise<string> =>
    (await (session.identities as NonNullable<Session['identities']>)()).pseudonyms.exam(`1.2.840.99999.${number}`);
  const objectsOf = async (number: number): Promise<Buffer[]> => {
    const folder = join(await study(number, 'hologic'), 'DICOM', 'A', 'B');
    return Promise.all((await readdir(folder)).sort().map((name) => readFile(join(folder, name))));
  };
  const drop = async (name: string, object: Buffer | undefined): Promise<void> => {
    await inbox.upload(`dicom/${name}`, object as Buffer);
    await hintInbox(await session.client());
  };
  const filesOf = async (exam: string) =>
    (await session.repository.inputs.get(rootOf(await session.repository.head('main'), 'exams'), exam))?.files ?? [];
  const committed = (exam: string, files: number) =>
    until(`${files} objects of ${exam}`, async () => (await filesOf(exam)).length === files);
  const reported = (
    which: (item: WaitingItem) => boolean,
    is: (item: WaitingItem) => boolean = () => true,
  ): Promise<WaitingItem> =>
    until('the report', async () => {
      const found = (await lookedInto(session)).items.find(which);
      return found !== undefined && is(found) && found;
    });
  const ranSince = (before: number): string[] => [...system.ran].slice(before).sort();

  it('are put, processed and told beside folders of pictures, which have no stage that reads DICOM', async () => {
    await system.putScan(['pictures-1'], '7');
    const outcome = await putAll(await study(1, 'hologic'), await study(2, 'fuji'));
    assert.deepEqual(outcome.refused, []);
    const [one, two] = [await examOf(1), await examOf(2)];
    assert.deepEqual([...outcome.changed].sort(), [one, two].sort());
    const summary = await system.process();
    assert.deepEqual(summary.exams, { processed: 3, skipped: 0, failed: 0 });
    assert.deepEqual(
      ranSince(0).filter((line) => line.endsWith('read_dicom')),
      [`${one} read_dicom`, `${two} read_dicom`].sort(),
    );
    const head = await session.repository.head('main');
    const items = await session.repository.stages.getMany(
      head?.roots.read_dicom ?? { tree: null, items: 0, files: 0, bytes: 0 },
      [one, 'pictures-1'],
    );
    assert.deepEqual([...items.keys()], [one]);
    assert.deepEqual((await system.process()).exams, { processed: 0, skipped: 3, failed: 0 });
  });

  it('are read again where the policy of their device changes, and no others', async () => {
    const before = system.ran.length;
    const [one, two] = [await examOf(1), await examOf(2)];
    const paths = (await lsItem(session, { repo: 'exams', item: two })).files.map(({ path }) => path);
    assert.match(paths[0] ?? '', /^L_CC\/fujifilm-fdr-3000aws\/2\.25\.\d+\.dcm$/);
    const set = { device: 'fujifilm-fdr-3000aws', process: false };
    await setDevice(session, { ...set, policy: { inversion: 'never' } });
    const summary = await system.process();
    assert.equal(summary.exams.processed, 1);
    assert.deepEqual(
      ranSince(before).filter((line) => line.endsWith('read_dicom')),
      [`${two} read_dicom`],
    );
    assert.ok(ranSince(before).every((line) => !line.startsWith(one) && !line.startsWith('pictures-1')));
    // Going back computes nothing: what it was made with then is known.
    const after = system.ran.length;
    await setDevice(session, { ...set, reset: true });
    await system.process();
    assert.equal(system.ran.length, after);
  });

  it('are superseded view by view: a later image is taken, and the others stay', async () => {
    const one = await examOf(1);
    const device = DEVICE_IMITATIONS.hologic as DeviceImitation;
    const later = studyOf(1, 'L_CC', { sopInstance: '1.2.840.99999.1.1.50', instanceNumber: 9 });
    const path = join(system.folder, 'later.dcm');
    await writeFile(path, imitateDevice({ ...tiny(), pixels: new Uint16Array(48).fill(500) }, 'L_CC', device, later));
    const { refused, changed } = await putAll(path);
    assert.deepEqual([refused, changed], [[], [one]]);
    assert.equal((await lsItem(session, { repo: 'exams', item: one })).files.length, 5);
    const summary = await system.process();
    assert.equal(summary.exams.processed, 1);
    // The same file again is nothing new.
    assert.deepEqual((await putAll(path)).changed, []);
  });

  it('are refused alone, with the reason: another patient, a missing view, an instance with two contents', async () => {
    const other = await study(3, 'hologic');
    await rm(join(other, 'DICOM', 'A', 'B', 'IM0004'));
    const mixed = await study(4, 'hologic');
    const device = DEVICE_IMITATIONS.hologic as DeviceImitation;
    const foreign = studyOf(4, 'L_CC', { patientId: 'ANOTHER', sopInstance: '1.2.840.99999.4.7' });
    await writeFile(join(mixed, 'extra'), imitateDevice(views.L_CC, 'L_CC', device, foreign));
    const doubled = await study(5, 'hologic');
    const same = studyOf(5, 'L_CC');
    await writeFile(
      join(doubled, 'extra'),
      imitateDevice({ ...tiny(), pixels: new Uint16Array(48) }, 'L_CC', device, same),
    );
    const cut = await study(6, 'hologic');
    const whole = await readFile(join(cut, 'DICOM', 'A', 'B', 'IM0001'));
    await writeFile(join(cut, 'DICOM', 'A', 'B', 'IM0001'), whole.subarray(0, -40));
    const { refused, changed, leftOutReasons = {} } = await putAll(other, mixed, doubled, cut, await study(7, 'ge'));
    assert.deepEqual(changed, [await examOf(7)]);
    const reasons = new Map(refused.map((one) => [(one as { exam: string }).exam, one.reason]));
    assert.match(reasons.get(await examOf(3)) ?? '', /no image for R_MLO/);
    assert.match(reasons.get(await examOf(4)) ?? '', /more than one patient/);
    assert.match(reasons.get(await examOf(5)) ?? '', /one SOP instance with two contents/);
    assert.match(reasons.get(await examOf(6)) ?? '', /no image for L_CC/);
    assert.match(Object.values(leftOutReasons).join(' '), /cut short/);
  });

  it('wait in the inbox where the workers have no key, and are then taken in at once when their fourth view has come', async () => {
    const [first, ...others] = await objectsOf(11);
    await drop('ward 3/one', first);
    const held = await reported(
      ({ name }) => name === 'unsorted',
      ({ state }) => state === 'refused',
    );
    assert.match(
      held.sentence,
      /^One object waits since .*: There is no key for pseudonyms at .* Copy the one that `put` uses/,
    );
    hasKey = true;
    for (const [index, object] of others.entries()) await drop(`b/${index}`, object);
    const exam = await examOf(11);
    await committed(exam, 4);
    await until('the originals to be gone', async () => (await inbox.keys('inbox/dicom/')).length === 0);
    await until('nothing to be remembered of them', async () => (await inbox.keys('.mammoflow/sorted/')).length === 0);
  });

  it('are superseded from the inbox by a later image; a repeated one is nothing new, another content is refused', async () => {
    const exam = await examOf(11);
    const device = DEVICE_IMITATIONS.hologic as DeviceImitation;
    const imitate = (value: number, more: Parameters<typeof studyOf>[2]) =>
      imitateDevice({ ...tiny(), pixels: new Uint16Array(48).fill(value) }, 'L_CC', device, studyOf(11, 'L_CC', more));
    const later = { sopInstance: '1.2.840.99999.11.1.50', instanceNumber: 9 };
    await drop('later', imitate(500, later));
    await committed(exam, 5);
    await drop('once more', imitate(500, later));
    await until('the repetition to be gone', async () => (await inbox.keys('inbox/dicom/')).length === 0);
    await drop('other', imitate(700, later));
    const item = await reported(
      ({ name }) => name === exam,
      ({ state }) => state === 'refused',
    );
    assert.match(item.sentence, /Left out: its SOP instance is committed with another content/);
    await drop('stranger', imitate(900, { sopInstance: '1.2.840.99999.11.1.51', patientId: 'MRN-7731943' }));
    const mixed = await reported(
      ({ name }) => name === exam,
      ({ sentence }) => /more than one patient/.test(sentence),
    );
    assert.equal(mixed.state, 'refused');
    assert.deepEqual((await filesOf(exam)).length, 5);
    await dismiss(session, { repo: 'dicom', names: [exam] });
    assert.deepEqual(await inbox.keys('inbox/dicom/'), []);
  });

  it('harm no others from the inbox: what cannot be read stays there with its reason until it is dismissed', async () => {
    const [first, ...others] = await objectsOf(12);
    await drop('cut', (first as Buffer).subarray(0, -40));
    for (const [index, object] of others.entries()) await drop(`c/${index}`, object);
    await drop('no-dicom', Buffer.from('a letter'));
    const ours = (await objectsOf(13))[0] as Buffer;
    ours.write('1.2.840.99.9.9.9.99', ours.indexOf('1.2.840.10008.1.2.1\0'), 'latin1');
    await drop('syntax', ours);
    for (const [index, object] of (await objectsOf(14)).entries()) await drop(`d/${index}`, object);
    await committed(await examOf(14), 4);
    const exam = await examOf(12);
    const waits = await reported(
      ({ name }) => name === exam,
      ({ missing }) => missing.length > 0,
    );
    assert.deepEqual([waits.state, waits.missing], ['incomplete', ['L_CC']]);
    assert.match(waits.sentence, /^Waiting for L_CC since .* Left out: L_CC's object is cut short/);
    const letter = await reported(({ here }) => here.includes('inbox/dicom/no-dicom'));
    assert.match(letter.sentence, /is no DICOM file/);
    const syntax = await reported(({ here }) => here.includes('inbox/dicom/syntax'));
    assert.match(syntax.sentence, /the transfer syntax 1\.2\.840\.99\.9\.9\.9\.99, which is not read/);
    await dismiss(session, { repo: 'dicom', names: [exam, letter.name] });
    assert.deepEqual(await inbox.keys('inbox/dicom/'), ['inbox/dicom/syntax']);
    await dismiss(session, { repo: 'dicom', names: [syntax.name] });
    assert.deepEqual(await inbox.keys('inbox/dicom/'), []);
    await assert.rejects(dismiss(session, { repo: 'dicom', names: [letter.name] }), { code: 'not-found' });
  });

  it('are found and erased with their exam where they still lie in the inbox', async () => {
    const [first] = await objectsOf(15);
    await drop('e/only', first);
    const exam = await examOf(15);
    await reported(
      ({ name }) => name === exam,
      ({ state }) => state === 'incomplete',
    );
    const { store } = session.repository;
    const traces = await findTraces(store, [], exam);
    assert.deepEqual(
      traces.versions.get('inbox')?.map(({ key }) => key),
      ['inbox/dicom/e/only'],
    );
    assert.equal(traces.versions.get('refusals')?.length, 1, 'what is remembered of it');
    await removeTraces(store, traces);
    assert.deepEqual(await inbox.keys('inbox/dicom/'), []);
  });

  it('tell nobody whose they are: not keys, objects, workflows or their histories', async () => {
    const client = s3ClientOf(system.s3);
    const found: string[] = [];
    const search = (where: string, bytes: Buffer): void => {
      const text = bytes.toString('latin1');
      for (const secret of IDENTIFYING) if (text.includes(secret)) found.push(`${secret} in ${where}`);
    };
    let searched = 0;
    try {
      const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: system.s3.bucket }));
      for (const { Key = '', VersionId } of Versions) {
        search('a key', Buffer.from(Key));
        const { Body } = await client.send(new GetObjectCommand({ Bucket: system.s3.bucket, Key, VersionId }));
        search(Key, Buffer.from((await Body?.transformToByteArray()) ?? []));
        searched += 1;
      }
    } finally {
      client.destroy();
    }
    assert.ok(searched > 30, `${searched} objects`);
    const temporal = await session.client();
    let histories = 0;
    for await (const { id, text } of historiesAsText(temporal)) {
      search(id, text);
      histories += 1;
    }
    assert.ok(histories > 3, `${histories} histories`);
    assert.deepEqual(found, []);
  });

  it('lead back to their study for whoever has the key, and for nobody else', async () => {
    const one = await examOf(1);
    const identities = await (session.identities as NonNullable<Session['identities']>)();
    const identity = await identities.recall(one);
    assert.equal(identity.study, '1.2.840.99999.1');
    assert.equal(identity.patientId, PLANTED.patientId);
    assert.equal(identity.accession, PLANTED.accession);
    assert.ok(Object.values(identity.uids).includes('1.2.840.99999.1.1.50'));
    const sealed = await readFile(join(system.folder, 'identities', `${one}.identity`));
    assert.ok(!IDENTIFYING.some((secret) => sealed.includes(secret)));
    await mkdir(join(system.folder, 'other'), { recursive: true });
    const stranger = await openIdentities({
      keyFile: join(system.folder, 'other', 'key'),
      folder: join(system.folder, 'identities'),
    });
    await assert.rejects(stranger.recall(one), { code: 'corrupt-data' });
  });
});
