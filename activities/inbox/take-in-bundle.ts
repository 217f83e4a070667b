import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { checkBundle } from '../../inference/bundle.js';
import { type Bundle, bundleSchema, LARGEST_CARD, MODEL_CARD_FILE } from '../../pipeline/bundle.js';
import type { FileEntry } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { timeOf } from '../../pipeline/inbox.js';
import type { InboxSettings } from '../../pipeline/inbox-settings.js';
import type { ModelArrival, PipelineDocument } from '../../pipeline/pipeline-document.js';
import { checkBundleName, eraOf, filesOf, useBundle } from '../../planning/use-bundle.js';
import { copyFile } from '../../repos/committed-files.js';
import { sha256File } from '../../repos/hash.js';
import { openInboxItem, recordRefusal, removeFromInbox } from '../../repos/inbox.js';
import { withItems } from '../../repos/put-items.js';
import { type Repository, rootOf } from '../../repos/repository.js';
import { commitOfBatch } from './take-in-exams.js';

export interface TakeInBundleRequest {
  readonly branch: string;
  /** The folder in the inbox. */
  readonly folder: string;
  readonly settings: InboxSettings;
  /** As in taking in exams. */
  readonly batch: string;
  readonly after: number;
}

/** What came of taking a bundle in. */
export interface BundleTakenIn {
  readonly commit?: string;
  /** The bundle's name; absent when it was not taken. */
  readonly bundle?: string;
  /** What the pipeline says becomes of models that arrive. */
  readonly arrival?: ModelArrival;
  /** Why it is refused; it stays where it is. */
  readonly reason?: string;
}

/**
 * Moves one bundle from the inbox into a commit, after the same checks as `put`: card, hashes, interfaces, and that the
 * networks load and run. The pipeline's `arrivals.models` decides in the same commit whether exams use it. Repeating it
 * does no harm, as with exams.
 */
export async function takeInBundle(repository: Repository, request: TakeInBundleRequest): Promise<BundleTakenIn> {
  const { store, inputs } = repository;
  const { branch, folder, settings, batch } = request;
  const files = await openInboxItem(store, 'models', folder);
  const newest = Math.max(...files.map(timeOf));
  const isQuiet = newest + settings.quietSeconds * 1_000 <= store.serverTime();
  if (!files.some(({ path }) => path === MODEL_CARD_FILE) || !isQuiet) {
    const made = await commitOfBatch(repository, request);
    return made === undefined ? {} : { commit: made.id };
  }
  const committed = (await inputs.get(rootOf(await repository.head(branch), 'models'), folder))?.files ?? [];

  const temporary = await mkdtemp(join(tmpdir(), 'mammoflow-inbox-'));
  let bundle: Bundle;
  const entries: FileEntry[] = [];
  try {
    // Those that lie here win over those that are committed.
    const sources = new Map([...committed, ...files].map((file) => [file.path, file] as const));
    const download = async (path: string): Promise<void> => {
      const source = sources.get(path);
      const stream = source && (await store.getStream(source.key, source.versionId));
      if (stream !== undefined) await pipeline(stream, createWriteStream(join(temporary, path)));
    };
    if ((sources.get(MODEL_CARD_FILE)?.size ?? 0) > LARGEST_CARD) throw tooLarge();
    await download(MODEL_CARD_FILE);
    for (const path of await filesNamed(join(temporary, MODEL_CARD_FILE))) await download(path);
    bundle = (await checkBundle(temporary)).bundle;
    checkBundleName(bundle);
    for (const path of filesOf(bundle)) {
      const { sha256, size } = await sha256File(join(temporary, path));
      const from = sources.get(path);
      const entry = from && (await copyFile(store, { repo: 'models', item: bundle.name, path, from, sha256, size }));
      if (entry === undefined) return {};
      entries.push(entry);
    }
  } catch (error) {
    if (!(error instanceof MammoflowError) || error.code !== 'invalid-bundle') throw error;
    await recordRefusal(store, { repo: 'models', name: folder, files }, error.sentence);
    return { reason: error.sentence };
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }

  const items = new Map([[bundle.name, entries.sort((a, b) => (a.path < b.path ? -1 : 1))]]);
  let arrival: ModelArrival = 'keep';
  const details = {
    author: 'inbox',
    message: `Take in bundle ${bundle.name}`,
    by: { kind: 'take-in', batch },
  } as const;
  const commit = await repository.commitOnto(branch, details, async (roots, sequence) => {
    const edited = await withItems(repository, roots, sequence, {
      repo: 'models',
      items,
      lost: new Set(),
      editPipeline: (document, [item], at): PipelineDocument => {
        arrival = document.arrivals?.models ?? 'keep';
        return item === undefined ? document : useBundle(document, eraOf(bundle, item), at, arrival);
      },
    });
    return edited.roots === undefined ? undefined : { roots: edited.roots };
  });
  const taken = files.filter(({ path }) => filesOf(bundle).includes(path));
  await removeFromInbox(store, taken);
  const made = commit ?? (await commitOfBatch(repository, request));
  return { bundle: bundle.name, arrival, ...(made === undefined ? {} : { commit: made.id }) };
}

const tooLarge = (): MammoflowError =>
  new MammoflowError(
    'invalid-bundle',
    `${MODEL_CARD_FILE} is too large.`,
    `It describes the networks in at most ${LARGEST_CARD / 1024 / 1024} MiB.`,
  );

/** The networks that a card names; none when it is not valid, for which it is refused when it is checked. */
async function filesNamed(card: string): Promise<string[]> {
  const text = await readFile(card, 'utf8').catch(() => '');
  const bundle = bundleSchema.safeParse(parseOrUndefined(text));
  return bundle.success ? filesOf(bundle.data).filter((path) => path !== MODEL_CARD_FILE) : [];
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
