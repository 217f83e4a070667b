/*
 * A result as DICOM objects: reads what is known of an exam from a JSON file (docs/dicom-objects.md says what is in it), its
 * heatmaps and pictures from folders, and writes one file for each object.
 *
 *   npm run build && mammoflow get generate_heatmaps:e-17 ./heatmaps && mammoflow get visualize_heatmaps:e-17 ./pictures
 *   node dist/docs/examples/dicom-objects.js result.json ./heatmaps/e-17 ./pictures/e-17 ./dicom
 *
 * Research use only. Not for diagnosis.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MammoflowError, OBJECT_KINDS, pixelsOfFiles, writeObjects } from 'mammoflow/dicom-objects';

const [result, heatmaps, pictures, folder] = process.argv.slice(2);
if (result === undefined || heatmaps === undefined || pictures === undefined || folder === undefined) {
  throw new Error('Name the file of the result, the folders of heatmaps and pictures, and the folder to write to.');
}

try {
  await mkdir(folder, { recursive: true });
  const objects = writeObjects(JSON.parse(await readFile(result, 'utf8')), pixelsOfFiles({ heatmaps, pictures }), {
    kinds: [...OBJECT_KINDS],
    findings: { threshold: 0.5 },
  });
  for await (const { name, sopInstanceUid, bytes } of objects) {
    await writeFile(join(folder, name), bytes);
    console.log(`${name}  ${sopInstanceUid}`);
  }
} catch (error) {
  if (!(error instanceof MammoflowError)) throw error;
  console.error(`${error.code}: ${error.sentence}`);
  process.exitCode = 1;
}
