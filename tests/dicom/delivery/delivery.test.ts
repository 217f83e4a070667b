import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { storeByAssociation } from '../../../dicom/delivery/store-by-association.js';
import { storeOverWeb } from '../../../dicom/delivery/store-over-web.js';
import { decodePart10 } from '../../../dicom/objects/dataset.js';
import { type WrittenObject, writeObjects } from '../../../dicom/objects/write-objects.js';
import { freePort } from '../../../infra/dev/ports.js';
import { OBJECT_KINDS } from '../../../pipeline/result-objects.js';
import { type Orthanc, startOrthanc } from '../../support/dicom/orthanc.js';
import { itWithTools } from '../../support/dicom/peers.js';
import { samplePixels, sampleResult } from '../objects/sample-result.js';

async function objects(): Promise<WrittenObject[]> {
  const list: WrittenObject[] = [];
  for await (const object of writeObjects(sampleResult(), samplePixels(), { kinds: [...OBJECT_KINDS] }))
    list.push(object);
  return list;
}

/** Under an object's UIDs, what no archive can read. */
const broken = (object: WrittenObject): WrittenObject => ({ ...object, bytes: Buffer.from('no object') });

async function withOrthanc(use: (orthanc: Orthanc) => Promise<void>, settings = {}): Promise<void> {
  const orthanc = await startOrthanc(settings);
  try {
    await use(orthanc);
  } finally {
    await orthanc.stop();
  }
}

/** A server that gives one answer. */
async function withAnswer(status: number, body: string, use: (url: string) => Promise<void>): Promise<void> {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => response.writeHead(status).end(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/dicom-web`);
  } finally {
    server.close();
  }
}

describe('storing objects over the web', () => {
  itWithTools(
    ['orthanc', 'orthanc-dicomweb'],
    'leaves every object whole in Orthanc, however often it is sent',
    async () => {
      await withOrthanc(async (orthanc) => {
        for (const object of await objects()) {
          for (const _ of ['first', 'again']) {
            assert.deepEqual(await storeOverWeb(object, { url: orthanc.web }), {
              sopInstanceUid: object.sopInstanceUid,
              outcome: 'stored',
            });
          }
          assert.deepEqual(await orthanc.file(object.sopInstanceUid), object.bytes, object.name);
        }
      });
    },
  );

  itWithTools(['orthanc', 'orthanc-dicomweb'], 'tells of an object that Orthanc refuses', async () => {
    await withOrthanc(async (orthanc) => {
      const [first] = await objects();
      const answer = await storeOverWeb(broken(first as WrittenObject), { url: orthanc.web });
      assert.equal(answer.outcome, 'refused');
      assert.ok(answer.reason);
    });
  });

  it('reads what the server says of the object', async () => {
    const [object] = (await objects()) as [WrittenObject];
    const { sopInstanceUid } = object;
    const answer = (sequence: string, reason: string, code: number) =>
      JSON.stringify({
        [sequence]: { vr: 'SQ', Value: [{ '00081155': { Value: [sopInstanceUid] }, [reason]: { Value: [code] } }] },
      });
    await withAnswer(202, answer('00081199', '00081196', 0xb000), async (url) => {
      assert.deepEqual(await storeOverWeb(object, { url }), {
        sopInstanceUid,
        outcome: 'stored',
        reason: 'values were coerced (0xB000)',
      });
    });
    await withAnswer(409, answer('00081198', '00081197', 0x0122), async (url) => {
      assert.deepEqual(await storeOverWeb(object, { url }), {
        sopInstanceUid,
        outcome: 'refused',
        reason: 'the SOP class is not supported (0x0122)',
      });
    });
  });

  it('says whether trying again may help', async () => {
    const [object] = (await objects()) as [WrittenObject];
    for (const [status, code] of [
      [503, 'service-unavailable'],
      [429, 'service-unavailable'],
      [401, 'invalid-configuration'],
      [404, 'invalid-configuration'],
    ] as const) {
      await withAnswer(status, 'no', (url) => assert.rejects(storeOverWeb(object, { url }), { code }));
    }
    const url = `http://127.0.0.1:${await freePort()}/dicom-web`;
    await assert.rejects(storeOverWeb(object, { url }), { code: 'service-unavailable' });
  });
});

describe('storing objects by association', () => {
  const from = { host: '127.0.0.1', calledTitle: 'ORTHANC', callingTitle: 'MAMMOFLOW' };

  itWithTools(['orthanc', 'orthanc-dicomweb', 'storescu'], 'leaves every object whole in Orthanc', async () => {
    await withOrthanc(async (orthanc) => {
      for (const object of await objects()) {
        assert.deepEqual(await storeByAssociation(object, { ...from, port: orthanc.dicomPort }), {
          sopInstanceUid: object.sopInstanceUid,
          outcome: 'stored',
        });
        // Lengths of sequences are written anew on the way: what counts is what is read.
        const stored = (await orthanc.file(object.sopInstanceUid)) as Buffer;
        assert.deepEqual(decodePart10(stored), decodePart10(object.bytes), object.name);
      }
    });
  });

  itWithTools(
    ['orthanc', 'orthanc-dicomweb', 'storescu'],
    'says what is wrong with a title, or with an address',
    async () => {
      const [object] = (await objects()) as [WrittenObject];
      await withOrthanc(
        async (orthanc) => {
          const destination = { ...from, port: orthanc.dicomPort, calledTitle: 'OTHER' };
          await assert.rejects(storeByAssociation(object, destination), {
            code: 'invalid-configuration',
            message: /does not know the AE title OTHER/,
          });
        },
        { DicomCheckCalledAet: true },
      );
      await assert.rejects(storeByAssociation(object, { ...from, port: await freePort() }), {
        code: 'service-unavailable',
      });
    },
  );
});
