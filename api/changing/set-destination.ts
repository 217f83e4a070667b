import { canonicalJson, type Json } from '../../pipeline/canonical-json.js';
import { DEFAULT_BRANCH } from '../../pipeline/commit.js';
import {
  type Destination,
  type Destinations,
  destinationNameSchema,
  destinationSchema,
} from '../../pipeline/destination.js';
import { MammoflowError } from '../../pipeline/errors.js';
import type { PipelineDocument } from '../../pipeline/pipeline-document.js';
import { requireDestination } from '../../planning/delivery/destinations.js';
import { readPipeline, writePipeline } from '../../repos/pipeline-repo.js';
import { rootOf } from '../../repos/repository.js';
import { requireHead, type Session } from '../session.js';
import { type CommitOptions, sinceHead } from './follow-up.js';

export interface SetDestinationOptions extends Omit<CommitOptions, 'process'> {
  readonly destination: string;
  /** Over what is set now; what is not named stays as it is, and null takes a setting away. */
  readonly settings: Readonly<Record<string, Json>>;
}

export interface DestinationOutcome {
  readonly destination: string;
  /** Null where nothing had to be committed. */
  readonly commit: string | null;
}

/**
 * Says where results go, in a commit. Nothing is computed again, and nothing is sent: what lands from then on is, where the
 * destination is automatic. Credentials are not part of it: it names the variable that holds them.
 *
 * @throws MammoflowError `invalid-argument` naming the setting that will not do.
 * @example
 * await mammoflow.setDestination({
 *   destination: 'pacs',
 *   settings: { kind: 'web', url: 'https://pacs.example.org/dicom-web', authorization: 'MAMMOFLOW_DESTINATION_PACS' },
 * });
 */
export async function setDestination(
  session: Session,
  options: SetDestinationOptions,
): Promise<DestinationOutcome & { readonly settings: Destination }> {
  const { destination, settings: said } = options;
  const named = destinationNameSchema.safeParse(destination);
  if (!named.success) {
    throw new MammoflowError('invalid-argument', `${JSON.stringify(destination)}: ${named.error.issues[0]?.message}.`);
  }
  let settings: Destination | undefined;
  const commit = await changeDestinations(session, options, `Set destination ${destination}`, (before) => {
    settings = checked(destination, { ...kept(before[destination], said.kind), ...said });
    return { ...before, [destination]: settings };
  });
  return { destination, settings: settings as Destination, commit };
}

/**
 * Takes a destination away, in a commit. What it got stays there, and is remembered.
 *
 * @throws MammoflowError `not-found` where there is none of that name.
 * @example
 * await mammoflow.removeDestination({ destination: 'pacs' });
 */
export async function removeDestination(
  session: Session,
  options: Omit<CommitOptions, 'process'> & { readonly destination: string },
): Promise<DestinationOutcome> {
  const { destination, branch = DEFAULT_BRANCH } = options;
  await requireDestination(session.repository, await requireHead(session.repository, branch), destination);
  const commit = await changeDestinations(session, options, `Remove destination ${destination}`, (before) => {
    const { [destination]: _, ...others } = before;
    return others;
  });
  return { destination, commit };
}

async function changeDestinations(
  session: Session,
  { branch = DEFAULT_BRANCH, head, message }: Omit<CommitOptions, 'process'>,
  does: string,
  change: (before: Destinations) => Destinations,
): Promise<string | null> {
  const repository = sinceHead(session.repository, head);
  if (branch !== DEFAULT_BRANCH) await requireHead(repository, branch);
  const commit = await repository.commitOnto(
    branch,
    { author: session.author, message: message ?? does, by: { kind: 'stage' } },
    async (roots, sequence) => {
      const document = await readPipeline(repository, { roots });
      const next = withDestinations(document, change(document.destinations ?? {}));
      if (canonicalJson(next as unknown as Json) === canonicalJson(document as unknown as Json)) return undefined;
      const pipeline = await writePipeline(repository, rootOf({ roots }, 'pipeline'), next, sequence);
      return { roots: { ...roots, pipeline } };
    },
  );
  return commit?.id ?? null;
}

const ADDRESS = ['kind', 'url', 'authorization', 'host', 'port', 'calledTitle', 'callingTitle'];

/** What stays of a destination's settings: where it is does not where it becomes one of another kind. */
function kept(before: Destination | undefined, kind: Json | undefined): Partial<Destination> {
  if (before === undefined || kind === undefined || kind === before.kind) return before ?? {};
  return Object.fromEntries(Object.entries(before).filter(([name]) => !ADDRESS.includes(name)));
}

/** Without any, the document is that of before there were destinations. */
function withDestinations(document: PipelineDocument, next: Destinations): PipelineDocument {
  const { destinations: _, ...rest } = document;
  return Object.keys(next).length === 0 ? rest : { ...rest, destinations: { ...next } };
}

function checked(name: string, said: Readonly<Record<string, unknown>>): Destination {
  const given = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== null));
  const result = destinationSchema.safeParse(given);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const what = issue?.path.join('.') || (issue?.code === 'unrecognized_keys' ? issue.keys.join(', ') : 'it');
  const kind = given.kind === 'web' || given.kind === 'association' ? given.kind : undefined;
  throw new MammoflowError(
    'invalid-argument',
    `The destination ${name} will not do: ${what}: ${issue?.message}.`,
    kind === undefined
      ? 'Say kind=web with url, or kind=association with host, port and calledTitle.'
      : 'docs/dicom-objects.md says what a destination may be told.',
  );
}
