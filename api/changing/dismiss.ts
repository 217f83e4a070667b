import { MammoflowError } from '../../pipeline/errors.js';
import type { InboxRepo } from '../../pipeline/inbox.js';
import { objectsNamed, removeObjects } from '../../repos/dicom-inbox.js';
import { dismissInboxItem, forgetRefusals, openInboxFolder } from '../../repos/inbox.js';
import type { Session } from '../session.js';

export interface DismissOutcome {
  readonly dismissed: readonly {
    readonly name: string;
    /** Where its files are now; of DICOM objects, which are removed, where they lay. */
    readonly keys: readonly string[];
  }[];
}

/**
 * Takes exams or bundles out of the inbox without committing them, also such as are nothing but stray files. Their files are moved to
 * `dismissed/<repo>/<name>/<time>/` in the same bucket. DICOM objects are removed for good, since they say whose they are and
 * their source has them.
 *
 * @param options.repo `exams` unless said. Of `dicom`, names are those that `inbox` tells: exams, `object-…` or `unsorted`.
 * @throws MammoflowError `not-found` when nothing lies there of one of them; then none is touched.
 * @example
 * await mammoflow.dismiss({ names: ['exam-17'] });
 */
export async function dismiss(
  { repository: { store }, now }: Session,
  { repo = 'exams', names }: { repo?: InboxRepo; names: readonly string[] },
): Promise<DismissOutcome> {
  const filesOf = (name: string) => (repo === 'dicom' ? objectsNamed(store, name) : openInboxFolder(store, repo, name));
  for (const name of names) {
    if ((await filesOf(name)).length > 0) continue;
    throw new MammoflowError(
      'not-found',
      `Nothing of ${repo}/${name} lies in the inbox, so nothing was dismissed.`,
      'See `mammoflow inbox`.',
    );
  }
  const time = now().toISOString().replaceAll(':', '-');
  const dismissed: DismissOutcome['dismissed'][number][] = [];
  for (const name of new Set(names)) {
    if (repo === 'dicom') {
      const objects = await objectsNamed(store, name);
      await removeObjects(store, objects);
      await forgetRefusals(store, repo, name);
      dismissed.push({ name, keys: objects.map(({ key }) => key) });
    } else dismissed.push({ name, keys: await dismissInboxItem(store, repo, name, time) });
  }
  return { dismissed };
}
