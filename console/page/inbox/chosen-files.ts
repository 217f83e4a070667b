/** A file that somebody chose, and the exam whose folder it lies in. */
export interface ChosenFile {
  readonly exam: string;
  readonly file: string;
  readonly blob: File;
}

/** The folder a file lies in is its exam. A file that was chosen without one has no exam, which the console then says. */
export function chosenFile(path: string, blob: File): ChosenFile {
  const parts = path.split('/').filter((part) => part !== '');
  return { exam: parts.at(-2) ?? '(no folder)', file: parts.at(-1) ?? blob.name, blob };
}

/** Files that systems leave in folders by themselves: nobody means to upload them. */
const LEFT_BY_SYSTEMS = /^(\.DS_Store|Thumbs\.db|desktop\.ini|\._.*)$/i;

/** The files of an `<input webkitdirectory>`. */
export const filesOfInput = (files: Iterable<File>): ChosenFile[] =>
  [...files]
    .filter(({ name }) => !LEFT_BY_SYSTEMS.test(name))
    .map((file) => chosenFile(file.webkitRelativePath || file.name, file));

/** The files of what was dropped: folders with everything below them. */
export async function filesOfDrop(transfer: DataTransfer): Promise<ChosenFile[]> {
  // The list is gone after the first wait, so the entries are taken out at once.
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  const files: ChosenFile[] = [];
  for (const entry of entries) await collect(entry, files);
  return files;
}

async function collect(entry: FileSystemEntry, files: ChosenFile[]): Promise<void> {
  if (entry.isFile) {
    if (LEFT_BY_SYSTEMS.test(entry.name)) return;
    const blob = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    files.push(chosenFile(entry.fullPath, blob));
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // Some hundred at a time; an empty answer is the end.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const one of some) await collect(one, files);
  }
}
