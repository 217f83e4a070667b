import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readNpz } from '../../imaging/npz.js';
import { readRgbPng } from '../../imaging/rgb-png.js';
import { HEATMAP_CLASSES, heatmapFile } from '../../pipeline/heatmaps.js';
import type { ResultPixels } from './exam-result.js';

/**
 * The pixels of a result whose files lie in folders, as `mammoflow get generate_heatmaps:<exam>` and
 * `get visualize_heatmaps:<exam>` leave them there: `<VIEW>.npz` and `<VIEW>_absolute.png`. A file is read when it is needed.
 *
 * @throws MammoflowError `corrupt-data` from either function, for a file that is not what its stage writes
 */
export function pixelsOfFiles(folders: { readonly heatmaps: string; readonly pictures: string }): ResultPixels {
  return {
    async heatmaps(view) {
      const file = join(folders.heatmaps, heatmapFile(view));
      return readNpz(await readFile(file), HEATMAP_CLASSES, file);
    },
    async absolutePicture(view) {
      const file = join(folders.pictures, `${view}_absolute.png`);
      return readRgbPng(await readFile(file), file);
    },
  };
}
