import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { importCheckpoints, sourceRemark } from '../../models/nyu/import-checkpoints.js';
import type { ModelRole } from '../../pipeline/bundle.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { examIdSchema } from '../../pipeline/exam.js';
import type { Session } from '../session.js';
import type { CommitOptions, Committed } from './follow-up.js';
import { put } from './put.js';

export interface ImportModelsOptions extends CommitOptions {
  /** The folder with the checkpoints. */
  readonly folder: string;
  /** The bundle's name; `nyu` unless said. */
  readonly name?: string;
  /** Names of checkpoints by role, where they are not NYU's. */
  readonly files?: Readonly<Partial<Record<ModelRole, string>>>;
  /** Use the bundle for all exams, or for new and changed ones. */
  readonly for?: 'all' | 'new' | undefined;
  /** Told what is being done. */
  readonly onProgress?: (step: string) => void;
}

export interface ImportOutcome extends Committed {
  readonly bundle: string;
  /** The bundle that new exams are processed with from now on. */
  readonly inUse: string | null;
  /** How weights lay in checkpoints of other tools: under which key, with which prefix. Absent when as in NYU's. */
  readonly remarks?: readonly string[];
}

/**
 * Imports NYU's three PyTorch checkpoints as a bundle in one commit, and starts the job that follows. Every tensor is
 * checked against the networks, no pickle is run, and the networks are tried before anything is committed.
 *
 * @throws MammoflowError `invalid-argument` for a name that cannot be a folder's; otherwise as `importCheckpoints` and
 *   `put` do. Nothing is committed then.
 * @example
 * await mammoflow.importModels({ folder: './models', name: 'nyu-retrained', for: 'new' });
 */
export async function importModels(session: Session, options: ImportModelsOptions): Promise<ImportOutcome> {
  const { folder, name = 'nyu', files = {}, onProgress = () => undefined } = options;
  if (!examIdSchema.safeParse(name).success) {
    throw new MammoflowError(
      'invalid-argument',
      `${JSON.stringify(name)} cannot name a bundle.`,
      'Use letters, digits, ".", "_" and "-".',
    );
  }
  const temporary = await mkdtemp(join(tmpdir(), 'mammoflow-import-'));
  try {
    const target = join(temporary, name);
    const told = (file: string): void => onProgress(`converting ${file}`);
    const { sources = [] } = await importCheckpoints({
      folder: resolve(folder),
      files: { ...files },
      name,
      target,
      onProgress: told,
    });
    const remarks = sources.flatMap((source) => sourceRemark(source) ?? []);
    onProgress('trying the networks');
    const { commit, job, held, inUse } = await put(session, {
      repo: 'models',
      paths: [target],
      message: options.message ?? `Import bundle ${name} from NYU's checkpoints`,
      ...(options.branch === undefined ? {} : { branch: options.branch }),
      ...(options.process === undefined ? {} : { process: options.process }),
      for: options.for,
    });
    return { bundle: name, commit, job, inUse, ...(held && { held }), ...(remarks.length > 0 && { remarks }) };
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
