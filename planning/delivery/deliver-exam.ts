import type { Identities } from '../../dicom/identity/identities.js';
import type { ExamResult } from '../../dicom/objects/exam-result.js';
import { writeObjects } from '../../dicom/objects/write-objects.js';
import type { DeliveryOutcome, DeliveryRequest } from '../../pipeline/delivery.js';
import type { Destination } from '../../pipeline/destination.js';
import { ExamError, MammoflowError } from '../../pipeline/errors.js';
import type { StageDeclaration } from '../../pipeline/stage.js';
import {
  clearUndelivered,
  type DeliveredObject,
  type Delivery,
  deliveredObjectsSchema,
  markUndelivered,
  readDeliveries,
  writeDeliveries,
} from '../../repos/delivery-records.js';
import { isErased, readErasure } from '../../repos/erasures.js';
import { type Repository, rootOf } from '../../repos/repository.js';
import { type CommittedResult, committedResult } from './committed-result.js';
import { requireDestination } from './destinations.js';
import { pixelsOf } from './exam-result-of.js';
import { openDestination } from './open-destination.js';
import { type ResultToWrite, resultToWrite } from './result-to-write.js';

export interface DeliveryContext {
  readonly repository: Repository;
  readonly stages: readonly StageDeclaration[];
  readonly identities: () => Promise<Identities>;
  /** Where credentials of destinations are. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
}

/**
 * Brings what a destination should have of an exam there: one attempt, which may be repeated at any time. Objects that the
 * destination has said to have are not sent again; one that it got and did not confirm is, and has the same bytes under the
 * same UID. What it has is written down after every attempt, also one that broke off.
 *
 * @returns `nothing` where there is nothing to send (any more): a newer version of the exam has no results yet, or it is gone
 * @throws MammoflowError `service-unavailable` where trying again may help; `invalid-configuration`, `not-found` and the like
 *   where somebody has to do something first
 */
export async function deliverExam(context: DeliveryContext, request: DeliveryRequest): Promise<DeliveryOutcome> {
  const { repository, environment, signal } = context;
  const { store } = repository;
  const { exam, destination: name } = request;
  const settings = await settingsOf(repository, request);
  const committed = await stillToDeliver(context, request);
  if ('nothing' in committed) {
    await clearUndelivered(store, exam, name);
    return { status: 'nothing', stored: 0, sent: 0, refused: 0, reason: committed.nothing };
  }
  const written = await resultToWrite(
    repository,
    committed,
    { objects: settings.objects, findings: findingsOf(settings), identity: settings.identity },
    context.identities,
  );
  const before = (await readDeliveries(store, exam, name))?.deliveries ?? [];
  const latest = before.at(-1);
  const isSame = latest?.result === written.digest;
  if (isSame && latest.status === 'delivered' && request.again !== true) {
    await clearUndelivered(store, exam, name);
    return { status: 'delivered', stored: latest.stored, sent: 0, refused: 0 };
  }
  const earlier = isSame ? before.slice(0, -1) : before;
  const sealing = sealingOf(context, exam);
  const alike = earlier.filter(({ identity }) => identity === written.identity);
  const result = await replacing(written.result, alike, sealing);
  const objects = new Map<string, DeliveredObject>();
  for (const object of isSame && request.again !== true ? await sealing.open(latest) : []) {
    if (object.outcome === 'stored') objects.set(object.sopInstanceUid, object);
  }
  const begunAt = isSame ? latest.begunAt : timeOf(repository);
  const open = openDestination(settings, environment);
  // Writing costs seconds, which a destination that is down would have spent for nothing.
  await open.reach(signal);

  let sent = 0;
  const keep = async (status: Delivery['status']): Promise<Delivery> => {
    const list = [...objects.values()];
    const delivery: Delivery = {
      result: written.digest,
      identity: written.identity,
      commit: committed.commit.id,
      begunAt,
      ...(status === 'under-way' ? {} : { endedAt: timeOf(repository) }),
      status,
      stored: list.filter(({ outcome }) => outcome === 'stored').length,
      refused: list.filter(({ outcome }) => outcome === 'refused').length,
      objects: await sealing.close(list, written),
    };
    const erasure = await readErasure(store, exam);
    // Nothing is written of an exam that was erased meanwhile.
    if (erasure === undefined || !isErased(erasure, committed.item.files)) {
      await writeDeliveries(store, { schemaVersion: 1, exam, destination: name, deliveries: [...earlier, delivery] });
    }
    return delivery;
  };
  try {
    for await (const { bytes, kind, ...object } of writeObjects(
      result,
      pixelsOf(repository, committed),
      written.options,
    )) {
      if (objects.has(object.sopInstanceUid)) continue;
      signal?.throwIfAborted();
      const { outcome, reason } = await open.store({ ...object, kind, bytes }, signal);
      if (outcome === 'stored') sent += 1;
      objects.set(object.sopInstanceUid, { kind, ...object, outcome, ...(reason === undefined ? {} : { reason }) });
    }
  } catch (error) {
    if (objects.size > 0) await keep('under-way');
    throw error;
  }
  const refused = [...objects.values()].filter(({ outcome }) => outcome === 'refused');
  const { stored } = await keep(refused.length === 0 ? 'delivered' : 'refused');
  if (refused.length === 0) {
    await clearUndelivered(store, exam, name);
    return { status: 'delivered', stored, sent, refused: 0 };
  }
  const reason = `${name} refused ${refused.map((one) => `${one.name} (${one.reason ?? 'no reason given'})`).join(', ')}.`;
  await buryRequest(repository, request, reason);
  return { status: 'refused', stored, sent, refused: refused.length, reason };
}

/** Puts a delivery on the list of those that somebody has to look at. Nothing is kept of an exam that was erased. */
export async function buryRequest(
  repository: Repository,
  { exam, destination, branch, commit }: DeliveryRequest,
  reason: string,
): Promise<void> {
  const state = commit === undefined ? await repository.head(branch) : await repository.commit(commit);
  const item = await repository.inputs.get(rootOf(state, 'exams'), exam);
  const erasure = await readErasure(repository.store, exam);
  if (item === undefined || (erasure !== undefined && isErased(erasure, item.files))) return;
  const since = timeOf(repository);
  const letter = { exam, destination, branch, since, reason, ...(commit === undefined ? {} : { commit }) };
  await markUndelivered(repository.store, letter);
}

const timeOf = ({ store }: Repository): string => new Date(store.serverTime()).toISOString();

const findingsOf = ({ threshold, toleranceMillimetres, renderingIntent }: Destination) => ({
  threshold,
  toleranceMillimetres,
  renderingIntent,
});

async function settingsOf(repository: Repository, { branch, destination }: DeliveryRequest): Promise<Destination> {
  const head = await repository.head(branch);
  if (head !== undefined) return requireDestination(repository, head, destination);
  throw new MammoflowError('unknown-reference', `There is no branch ${branch} any more.`, 'Export from another one.');
}

/** What is to be sent, or why nothing is. What a commit was asked for of by name has to be there. */
async function stillToDeliver(
  { repository, stages }: DeliveryContext,
  { exam, branch, commit }: DeliveryRequest,
): Promise<CommittedResult | { readonly nothing: string }> {
  if (commit !== undefined) {
    return committedResult(repository, stages, await repository.commit(commit), exam, 'then');
  }
  const head = await repository.head(branch);
  if (head === undefined) return { nothing: `There is no branch ${branch} any more.` };
  try {
    return await committedResult(repository, stages, head, exam, 'now');
  } catch (error) {
    const isNothing = error instanceof MammoflowError && (error.code === 'not-found' || error instanceof ExamError);
    if (isNothing) return { nothing: error.message };
    throw error;
  }
}

/** The result with the reports that it replaces: those of the last delivery before that got so far. */
async function replacing(result: ExamResult, earlier: readonly Delivery[], sealing: Sealing): Promise<ExamResult> {
  for (const delivery of [...earlier].reverse()) {
    const objects = (await sealing.open(delivery)).filter(({ outcome }) => outcome === 'stored');
    const reports = (kind: DeliveredObject['kind']) =>
      objects
        .filter((object) => object.kind === kind)
        .map(({ studyInstanceUid, seriesInstanceUid, sopClassUid, sopInstanceUid }) => ({
          ...{ studyInstanceUid, seriesInstanceUid, sopClassUid, sopInstanceUid },
        }));
    const [[cadSr], measurementReports] = [reports('cad-sr'), reports('measurement-report')];
    if (cadSr === undefined && measurementReports.length === 0) continue;
    return { ...result, replaces: { ...(cadSr && { cadSr }), measurementReports } };
  }
  return result;
}

/** Lists of delivered objects as they may lie in the bucket. */
interface Sealing {
  open(delivery: Delivery): Promise<readonly DeliveredObject[]>;
  close(objects: readonly DeliveredObject[], written: ResultToWrite): Promise<Delivery['objects']>;
}

function sealingOf({ identities }: DeliveryContext, exam: string): Sealing {
  return {
    async open({ objects }) {
      if (!('sealed' in objects)) return objects;
      return deliveredObjectsSchema.parse(JSON.parse((await identities()).unseal(exam, objects.sealed)));
    },
    async close(objects, { identity }) {
      if (identity === 'pseudonyms') return [...objects];
      return { sealed: (await identities()).seal(exam, JSON.stringify(objects)) };
    },
  };
}
