import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import { DEFAULT_BRANCH, type FileEntry } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { damagedVersion, missingVersion } from '../../repos/committed-files.js';
import { erasedOn, openErasures } from '../../repos/erasures.js';
import { viewRepo } from '../../repos/read-tree.js';
import { resolveState } from '../resolve-state.js';
import type { Session } from '../session.js';
import { findFiles, type LsItemOptions } from './ls.js';

/** A committed file that is being read. */
export interface OpenFile {
  readonly entry: FileEntry;
  /** Ends with an error, and not whole, when the bytes are not those that were committed. */
  readonly stream: Transform;
}

/**
 * One committed file as a stream, for files too large to hold. Its bytes are held against their SHA-256 as they pass.
 *
 * @throws MammoflowError `not-found` when it is not there; `missing-object` when it was erased or is gone.
 * @example
 * const { stream } = await mammoflow.openFile({ repo: 'models', item: 'nyu', file: 'patch.onnx' });
 */
export async function openFile(
  { repository }: Session,
  options: LsItemOptions & { readonly file: string },
): Promise<OpenFile> {
  const { repo, ref = DEFAULT_BRANCH } = options;
  const commit = await (ref.includes('~') ? repository.resolve(ref, repo) : resolveState(repository, ref));
  const { found, files } = await findFiles(viewRepo(repository, commit, repo), options);
  const erasure = await (await openErasures(repository.store))(found);
  if (erasure !== undefined) throw new MammoflowError('missing-object', `Exam ${found.name}: ${erasedOn(erasure)}`);
  const entry = files[0] as FileEntry;
  const source = await repository.store.getStream(entry.key, entry.versionId);
  if (source === undefined) throw missingVersion(entry);
  const hash = createHash('sha256');
  // A chunk is held back, so that a reader never gets the last of a file that turns out to be damaged.
  let held: Buffer | undefined;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      const before = held;
      held = chunk;
      done(null, before);
    },
    flush(done) {
      if (hash.digest('hex') === entry.sha256) done(null, held);
      else done(damagedVersion(entry));
    },
  });
  source.on('error', (error) => stream.destroy(error));
  stream.on('close', () => source.destroy());
  source.pipe(stream);
  return { entry, stream };
}
