import { canonicalJson, type Json } from '../../pipeline/canonical-json.js';
import { DEFAULT_BRANCH } from '../../pipeline/commit.js';
import { type PipelineDocument, useForAll, useForNew } from '../../pipeline/pipeline-document.js';
import { eraOf, readBundleCard } from '../../planning/use-bundle.js';
import { missingVersion } from '../../repos/committed-files.js';
import { readPipeline, writePipeline } from '../../repos/pipeline-repo.js';
import { rootOf } from '../../repos/repository.js';
import { parseBundleReference, requireBundle } from '../bundle-reference.js';
import { requireHead, type Session } from '../session.js';
import { type CommitOptions, type Committed, NO_JOB, sinceHead, startIfWanted } from './follow-up.js';

export interface UseBundleOptions extends CommitOptions {
  /** Its name, with `@REF` for an earlier state. */
  readonly bundle: string;
  /** All exams, or those that are new or change from now on. */
  readonly for: 'all' | 'new';
}

export interface UseOutcome extends Committed {
  readonly bundle: string;
  readonly for: 'all' | 'new';
}

/**
 * Makes the pipeline use a bundle, and starts the job that follows. The choice is one small commit, whatever the number
 * of exams; the files are held by object version.
 *
 * @throws MammoflowError `not-found` when there is no such bundle, `missing-object` when a file of it is gone.
 * @example
 * await mammoflow.useBundle({ bundle: 'nyu-v2', for: 'new' });
 */
export async function useBundle(session: Session, options: UseBundleOptions): Promise<UseOutcome> {
  const { author } = session;
  const repository = sinceHead(session.repository, options.head);
  const { branch = DEFAULT_BRANCH, bundle: text } = options;
  const reference = parseBundleReference(text, branch);
  await requireHead(repository, branch);
  const item = await requireBundle(repository, reference);
  const era = eraOf(await readBundleCard(repository.store, item), item);
  for (const { file } of Object.values(era.models)) {
    if ((await repository.store.head(file.key, file.versionId)) === undefined) throw missingVersion(file);
  }
  const message = options.message ?? `Use ${text} for ${options.for === 'all' ? 'all exams' : 'new and changed exams'}`;
  const commit = await repository.commitOnto(
    branch,
    { author, message, by: { kind: 'models' } },
    async (roots, sequence) => {
      const document = await readPipeline(repository, { roots });
      const next = options.for === 'all' ? useForAll(document, era) : useForNewOnce(document, era, sequence);
      if (canonicalJson(next as unknown as Json) === canonicalJson(document as unknown as Json)) return undefined;
      return {
        roots: { ...roots, pipeline: await writePipeline(repository, rootOf({ roots }, 'pipeline'), next, sequence) },
      };
    },
  );
  const followUp = commit === undefined ? NO_JOB : await startIfWanted(session, commit, options);
  return { bundle: reference.name, for: options.for, commit: commit?.id ?? null, ...followUp };
}

/** Choosing again what new exams use already begins no era. */
function useForNewOnce(
  document: PipelineDocument,
  era: Parameters<typeof useForNew>[1],
  sequence: number,
): PipelineDocument {
  const current = document.eras.at(-1);
  if (current === undefined) return useForAll(document, era);
  return current.bundle === era.bundle && current.digest === era.digest ? document : useForNew(document, era, sequence);
}
