import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Mammoflow } from '../../api/mammoflow.js';
import type { ReceivedObject } from '../../api/types.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { LARGEST_OBJECT } from '../../pipeline/exam-objects.js';
import type { Access, User } from './access.js';
import { HttpError } from './http-error.js';
import { MultipartError, type SpooledPart, spoolParts } from './multipart.js';

/*
 * Store Transaction of DICOMweb (PS3.18, 10.5), for instances as files:
 *
 *   POST /dicom-web/studies, /dicom-web/studies/<study>
 *     multipart/related; type="application/dicom" ──► each part to disk ──► inbox/dicom/ ──► application/dicom+json
 *
 * What lies in the inbox is what is pending, so an instance is answered as stored once the bucket has it, and not before.
 */

/** Bytes and parts of one request: more than a study has with its tomosynthesis. */
const LARGEST_BODY = 16 * 1024 ** 3;
const MOST_PARTS = 5_000;
/** Requests at once; each has up to one object on disk. Further senders are asked to come again. */
const MOST_AT_ONCE = 64;
/** The inbox is looked into after this long, so that a sender of many objects one by one is one hint. */
const HINT_AFTER_MS = 500;

/** Failure reasons (PS3.18, table I.2-2). */
const REASONS: Readonly<Record<Extract<ReceivedObject, { outcome: 'refused' }>['why'], number>> = {
  'too-large': 0xa700,
  'another-study': 0xa900,
  'not-understood': 0xc000,
  'transfer-syntax': 0xc122,
};

const studyParams = z.object({ study: z.string().regex(/^[0-9.]{1,64}$/) });

/**
 * Takes DICOM objects by STOW-RS. Whoever sends proves themselves with a token, as a bearer or as the password of Basic
 * authentication, and may operate.
 *
 * @param folder where an object lies while it comes; emptied now.
 */
export async function addDicomWeb(
  app: FastifyInstance,
  { access, as, folder }: { access: Access; as: (user: User) => Mammoflow; folder: string },
): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  let running = 0;
  let hinting: NodeJS.Timeout | undefined;
  const hint = (mammoflow: Mammoflow): void => {
    hinting ??= setTimeout(() => {
      hinting = undefined;
      // The Schedule looks into the inbox every minute anyway.
      mammoflow.lookIntoInbox().catch((error) => app.log.warn({ err: error }, 'the inbox could not be told of'));
    }, HINT_AFTER_MS);
  };
  app.addHook('onClose', async () => clearTimeout(hinting));
  const users = new WeakMap<FastifyRequest, User>();
  // Read as it comes, by the handler.
  app.addContentTypeParser('multipart/related', (_request, payload, done) => done(null, payload));

  for (const url of ['/dicom-web/studies', '/dicom-web/studies/:study']) {
    app.route({
      method: 'POST',
      url,
      schema: {
        tags: ['dicom-web'],
        summary: 'Store Transaction (STOW-RS): DICOM objects into the inbox.',
        description: 'Role: operate.',
        consumes: ['multipart/related'],
        ...(url.endsWith(':study') ? { params: studyParams } : {}),
      },
      bodyLimit: LARGEST_BODY,
      onRequest: async (request) => {
        users.set(request, await access.requireProgram(request, 'operate'));
        requireJson(request);
      },
      handler: async (request, reply) => {
        const boundary = boundaryOf(request);
        if (running >= MOST_AT_ONCE) {
          reply.header('retry-after', '10');
          throw new HttpError(503, 'overloaded', `${MOST_AT_ONCE} senders are being served.`, 'Send it again then.');
        }
        const mammoflow = as(users.get(request) as User);
        const { study } = request.params as { study?: string };
        const answered: ReceivedObject[] = [];
        running += 1;
        try {
          await mkdir(folder, { recursive: true, mode: 0o700 });
          const options = {
            boundary,
            nextPath: () => join(folder, randomUUID()),
            partBytes: LARGEST_OBJECT,
            bodyBytes: LARGEST_BODY,
            parts: MOST_PARTS,
          };
          await spoolParts(request.body as Readable, options, async (part) => {
            answered.push(await received(mammoflow, part, study));
          });
        } catch (error) {
          // What came before it is in the inbox, and is not sent in vain: the same object again is the same one.
          if (!(error instanceof MultipartError)) throw error;
          const { problem, message } = error;
          if (problem === 'too-large') throw new HttpError(413, 'too-large', message, 'Send it in several requests.');
          throw new MammoflowError('invalid-argument', `The body cannot be read: ${message}`, 'Send it again.');
        } finally {
          running -= 1;
          const stored = answered.filter(({ outcome }) => outcome === 'stored').length;
          for (const one of answered) {
            if (one.outcome === 'refused')
              request.log.warn({ why: one.why, reason: one.reason }, 'an object was refused');
          }
          if (stored > 0) hint(mammoflow);
        }
        const failed = answered.filter(({ outcome }) => outcome === 'refused').length;
        return reply
          .status(failed === 0 ? 200 : failed < answered.length ? 202 : 409)
          .type('application/dicom+json')
          .serializer(JSON.stringify)
          .send(storeResponse(answered));
      },
    });
  }
}

async function received(mammoflow: Mammoflow, part: SpooledPart, study: string | undefined): Promise<ReceivedObject> {
  if (part.contentType !== '' && part.contentType !== 'application/dicom') {
    return { outcome: 'refused', why: 'not-understood', reason: 'A part is no application/dicom.' };
  }
  const { path, cutShort } = part;
  return mammoflow.receiveObject({ path, cutShort, ...(study !== undefined && { study }) });
}

/** @throws HttpError 406 for a sender that takes no JSON for an answer. */
function requireJson({ headers: { accept = '*/*' } }: FastifyRequest): void {
  const types = accept.split(',').map((type) => type.split(';')[0]?.trim().toLowerCase());
  if (types.some((type) => ['*/*', 'application/*', 'application/dicom+json', 'application/json'].includes(type ?? '')))
    return;
  throw new HttpError(406, 'not-acceptable', 'The answer is application/dicom+json.', 'Accept that.');
}

/** @throws HttpError 415 for a body of another type, 400 for one without a boundary. */
function boundaryOf({ headers }: FastifyRequest): string {
  const said = headers['content-type'] ?? '';
  const parameter = (name: string): string | undefined =>
    new RegExp(`;\\s*${name}\\s*=\\s*(?:"([^"]{1,200})"|([^;\\s]{1,200}))`, 'i').exec(said)?.slice(1).find(Boolean);
  const type = parameter('type')?.toLowerCase() ?? 'application/dicom';
  if (!/^multipart\/related\s*(;|$)/i.test(said) || type !== 'application/dicom') {
    throw new HttpError(
      415,
      'unsupported-media-type',
      'Objects are taken as multipart/related of type application/dicom.',
      'Send DICOM files, not metadata apart from pixels.',
    );
  }
  const boundary = parameter('boundary');
  // RFC 2046 allows 70 characters, and Orthanc sends 73.
  if (boundary !== undefined) return boundary;
  throw new MammoflowError('invalid-argument', 'The Content-Type has no boundary.', 'Give one (RFC 2046, 5.1.1).');
}

/** Store Instances Response Module (PS3.18, I.2), in DICOM's JSON. */
function storeResponse(answered: readonly ReceivedObject[]): Record<string, unknown> {
  const named = ({ sopClass, sopInstance }: ReceivedObject) => ({
    '00081150': { vr: 'UI', ...(sopClass !== undefined && { Value: [sopClass] }) },
    '00081155': { vr: 'UI', ...(sopInstance !== undefined && { Value: [sopInstance] }) },
  });
  const stored = answered.filter(({ outcome }) => outcome === 'stored').map(named);
  const failed = answered.flatMap((one) =>
    one.outcome === 'refused' ? [{ ...named(one), '00081197': { vr: 'US', Value: [REASONS[one.why]] } }] : [],
  );
  return {
    // Nothing can be fetched here: an object leaves the inbox without its identity.
    '00081190': { vr: 'UR' },
    ...(failed.length > 0 && { '00081198': { vr: 'SQ', Value: failed } }),
    ...(stored.length > 0 && { '00081199': { vr: 'SQ', Value: stored } }),
  };
}
