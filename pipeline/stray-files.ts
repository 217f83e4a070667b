import { isExamId } from './exam.js';
import { committedName, type Likeness, likenessOf, likenessText } from './view-names.js';

/** Files of one folder of the inbox that are not taken in and look like something of an exam. */
export interface StrayFolder {
  /** Beginning of their keys, with a slash at its end. */
  readonly folder: string;
  /** The exam that they seem to be of. */
  readonly exam?: string;
  readonly files: number;
  /** What they look like, where they lie, and what to do. */
  readonly sentence: string;
}

/** Folders that are told apart; files of further ones are counted only. */
const MOST_FOLDERS = 200;

/** Gathers what stray files look like, folder by folder, in bounded memory. */
export interface StrayFolders {
  add(key: string): void;
  /** In the order of their first files. */
  list(): StrayFolder[];
}

export function gatherStrayFolders(): StrayFolders {
  const folders = new Map<string, { exam?: string; files: number; first: string; rest: string }>();
  return {
    add(key) {
      const end = key.lastIndexOf('/') + 1;
      const [folder, file] = [key.slice(0, end), key.slice(end)];
      const known = folders.get(folder);
      const told = strayFile(folder, file);
      if (told === undefined) return;
      if (known !== undefined) known.files += 1;
      else if (folders.size < MOST_FOLDERS) folders.set(folder, { ...told, files: 1 });
    },
    list: () =>
      [...folders].map(([folder, { exam, files, first, rest }]) => ({
        folder,
        ...(exam === undefined ? {} : { exam }),
        files,
        sentence: `${first}${files === 1 ? '' : `, as do others of its ${files}`}. ${rest}`,
      })),
  };
}

/** What one stray file seems to be. Undefined where it looks like nothing of an exam. */
function strayFile(folder: string, file: string): { exam?: string; first: string; rest: string } | undefined {
  const committed = committedName(file);
  const likeness: Likeness | undefined =
    committed === undefined ? likenessOf(file) : { what: `an exam's ${committed}`, next: '' };
  if (likeness === undefined) return undefined;
  const first = `${file} ${likenessText(likeness)}`;
  const [, repo, ...names] = folder.split('/').filter((name) => name !== '');
  // The folder of an exam, in its place.
  if (repo === 'exams' && names.length === 1) return { exam: names[0] as string, first, rest: likeness.next };
  const exam = names.at(-1) ?? (repo === 'exams' ? undefined : repo);
  const isView = committed !== undefined || likeness.view !== undefined;
  const isExam = exam !== undefined && isExamId(exam) && isView;
  const where = `inbox/exams/${isExam ? exam : '<exam>'}/`;
  return {
    ...(isExam ? { exam } : {}),
    first: `${first} and lies outside of an exam's folder`,
    rest: [`Upload it to ${where}.`, likeness.next].filter(Boolean).join(' '),
  };
}
