import { DEFAULT_BRANCH } from '../pipeline/commit.js';
import { MammoflowError } from '../pipeline/errors.js';
import { stageNameSchema } from '../pipeline/graph.js';

/** What `<repo>[@REF][:path]` names. */
export interface RepoPath {
  readonly repo: string;
  readonly reference: string;
  /** The first part of the path: an exam or a bundle. */
  readonly item?: string;
  /** The rest of it: a file. */
  readonly file?: string;
}

/** @throws MammoflowError `invalid-argument` when the text is not of that form. */
export function parseRepoPath(text: string): RepoPath {
  const match = /^([^@:]+)(?:@([^:]+))?(?::(.*))?$/.exec(text);
  const repo = match?.[1] ?? '';
  if (match === null || !stageNameSchema.safeParse(repo).success) {
    const [, repoBeforeSlash] = /^([a-z][a-z0-9_]*)\/[^:]+$/.exec(text) ?? [];
    throw new MammoflowError(
      'invalid-argument',
      `${JSON.stringify(text)} does not name a repo.`,
      repoBeforeSlash === undefined
        ? 'Write <repo>[@REF][:path], e.g. exams, classify@main~1 or crop:exam-17/L_CC.png.'
        : `What is meant inside a repo comes after a colon: ${repoBeforeSlash}:${text.slice(repoBeforeSlash.length + 1)}.`,
    );
  }
  const [item, ...rest] = (match[3] ?? '').split('/').filter((part) => part !== '');
  return {
    repo,
    reference: match[2] ?? DEFAULT_BRANCH,
    ...(item === undefined ? {} : { item }),
    ...(rest.length === 0 ? {} : { file: rest.join('/') }),
  };
}

/** @throws MammoflowError `invalid-argument` when the text names an exam, a bundle or a file, where only a repo will do. */
export function wholeRepo(path: RepoPath): RepoPath {
  if (path.item === undefined) return path;
  throw new MammoflowError(
    'invalid-argument',
    'This works on a whole repo.',
    `Leave out ":${[path.item, path.file].filter(Boolean).join('/')}".`,
  );
}

/** The error `not-found` for an exam, a bundle or a file that is not in the repo at that reference. */
export function notInRepo({ repo, reference, item, file }: RepoPath): MammoflowError {
  const where = reference === DEFAULT_BRANCH ? repo : `${repo}@${reference}`;
  const what = file === undefined ? item : `file ${file} in ${item}`;
  const look = file === undefined ? where : `${where}:${item}`;
  return new MammoflowError('not-found', `${where} has no ${what}.`, `See \`mammoflow ls ${look}\`.`);
}
