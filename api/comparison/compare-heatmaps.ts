import { readNpz } from '../../imaging/npz.js';
import { type PlaneDifference, planeDifference } from '../../imaging/plane-difference.js';
import type { FileEntry, StageItem } from '../../pipeline/commit.js';
import { VIEWS, type View } from '../../pipeline/exam.js';
import { HEATMAP_CLASSES, type HeatmapClass, heatmapFile } from '../../pipeline/heatmaps.js';
import { readFileEntry } from '../../repos/committed-files.js';
import type { ObjectStore } from '../../repos/object-store.js';

/** How one heatmap of one exam differs. */
export interface HeatmapDifference {
  readonly exam: string;
  readonly view: View;
  readonly class: HeatmapClass;
  /** Mean and maximum of the absolute difference, and where the maximum is, in disk orientation. */
  readonly difference?: PlaneDifference;
  /** Rows and columns, where they differ: the view was cropped otherwise, so pixels cannot be compared. */
  readonly shapes?: { readonly before: readonly [number, number]; readonly after: readonly [number, number] };
}

/**
 * Compares the heatmaps of one exam view by view; only files whose bytes differ are read, one view at a time, because a
 * view's planes take some 30 MB.
 * @throws MammoflowError `missing-object` or `corrupt-data` for a file that is gone or damaged.
 */
export async function compareHeatmaps(
  store: ObjectStore,
  before: StageItem,
  after: StageItem,
): Promise<HeatmapDifference[]> {
  const differences: HeatmapDifference[] = [];
  for (const view of VIEWS) {
    const [a, b] = [fileOf(before, view), fileOf(after, view)];
    if (a === undefined || b === undefined || a.sha256 === b.sha256) continue;
    const [left, right] = await Promise.all([read(store, a), read(store, b)]);
    for (const name of HEATMAP_CLASSES) {
      const [old, now] = [left[name], right[name]];
      const difference = planeDifference(old, now);
      differences.push({
        exam: after.name,
        view,
        class: name,
        ...(difference === undefined
          ? { shapes: { before: [old.rows, old.columns], after: [now.rows, now.columns] } }
          : { difference }),
      });
    }
  }
  return differences;
}

const fileOf = (item: StageItem, view: View): FileEntry | undefined =>
  item.files.find((file) => file.path === heatmapFile(view));

const read = async (store: ObjectStore, entry: FileEntry) =>
  readNpz(await readFileEntry(store, entry), HEATMAP_CLASSES, entry.key);
