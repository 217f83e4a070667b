import { sha256File } from '../../repos/hash.js';
import { inboxKey } from '../../repos/layout.js';
import type { Session } from '../session.js';
import { findExamFolders, type RefusedExam } from './exam-folders.js';

/**
 * Puts folders of exams into the inbox, as any S3 client does: they are committed when they are taken in.
 *
 * @throws MammoflowError `not-found` when a path does not exist or holds no exam at all. One exam of several that cannot be
 *   right is refused alone, with its reason.
 * @example
 * const { exams, refused } = await mammoflow.sendToInbox({ paths: ['./november'] });
 */
export async function sendToInbox(
  { repository: { store } }: Session,
  { paths }: { paths: readonly string[] },
): Promise<{ exams: readonly string[]; refused: readonly RefusedExam[] }> {
  const { exams, refused } = await findExamFolders(paths);
  for (const { name, files } of exams) {
    for (const { path, local } of files) {
      const { sha256, size } = await sha256File(local);
      await store.put(inboxKey('exams', name, path), { path: local, size }, { sha256 });
    }
  }
  return { exams: exams.map(({ name }) => name), refused };
}
