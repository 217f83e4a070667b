import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stages } from '../../../activities/stages/index.js';
import { policiesText } from '../../../dicom/policies/policy-table.js';
import { readNpz } from '../../../imaging/npz.js';
import { sharp } from '../../../imaging/sharp.js';
import { checkBundle } from '../../../inference/bundle.js';
import { type Lanes, startLanes } from '../../../inference/lanes.js';
import { VIEWS } from '../../../pipeline/exam.js';
import { objectPath, READ_STAGE } from '../../../pipeline/exam-objects.js';
import { predictionsSchema } from '../../../pipeline/predictions.js';
import { RESPONSE_FILE, responseDocumentSchema } from '../../../pipeline/quality-report.js';
import { sha256Hex } from '../../../repos/hash.js';
import { drawObjects, sampleViews, studyOf } from '../../support/dicom/draw-objects.js';
import { drawSampleExam } from '../../support/draw-exam.js';
import { repositoryRoot } from '../../support/shared.js';
import { filesOf, modelsOf, runStageHere } from '../../support/stage-run.js';
import { PLACEHOLDER } from '../../support/system.js';
import { withTemporaryFolder } from '../../support/temporary-folder.js';

/** What each version of each stage makes of the sample exam with the placeholder's networks. */
const RECORD = join(repositoryRoot, 'tests', 'activities', 'stages', 'outputs-by-version.json');

/**
 * Networks round differently from processor to processor, in the seventh digit. What follows from them is therefore
 * compared as numbers, and everything else by the hash of its content.
 */
const TOLERANCE = 1e-4;

type Fingerprint = Record<string, string | number>;

/**
 * A stage's version is part of every datum key, so code that writes something else under an old version would mix two
 * kinds of results unseen. Bump the version in the stage's file, then record with MAMMOFLOW_RECORD_OUTPUTS=1.
 */
describe('a stage that writes something else', () => {
  let lanes: Lanes;
  before(() => {
    lanes = startLanes({ ...process.env, MAMMOFLOW_EXECUTION_PROVIDERS: 'cpu' });
  });
  after(() => lanes.close());

  it('has another version', async () => {
    const found = await withTemporaryFolder((folder) => runAll(folder, lanes));
    const recorded: Record<string, Fingerprint> = JSON.parse(await readFile(RECORD, 'utf8').catch(() => '{}'));
    if (process.env.MAMMOFLOW_RECORD_OUTPUTS === '1') {
      await writeFile(RECORD, `${JSON.stringify({ ...recorded, ...found }, null, 2)}\n`);
      return;
    }
    for (const [version, fingerprint] of Object.entries(found)) {
      const expected = recorded[version];
      assert.ok(expected !== undefined, `${version} is not recorded: run with MAMMOFLOW_RECORD_OUTPUTS=1`);
      assert.deepEqual(Object.keys(fingerprint), Object.keys(expected), version);
      for (const [what, value] of Object.entries(fingerprint)) {
        const advice = `${what} of ${version} is not what that version wrote: bump the stage's version`;
        if (typeof value === 'string') assert.equal(value, expected[what], advice);
        else
          assert.ok(
            Math.abs(value - (expected[what] as number)) <= TOLERANCE,
            `${advice} (${value}, ${expected[what]})`,
          );
      }
    }
    assert.equal(Object.keys(found).length, stages.length);
  });
});

async function runAll(folder: string, lanes: Lanes): Promise<Record<string, Fingerprint>> {
  await drawSampleExam(join(folder, 'exams'), 1);
  const models = modelsOf(await checkBundle(PLACEHOLDER));
  const files: Record<string, Record<string, string>> = { exams: await filesOf(join(folder, 'exams')) };
  const found: Record<string, Fingerprint> = {};
  for (const stage of stages) {
    const output = join(folder, stage.name);
    // The one stage for exams of DICOM objects; those after it read the folder of pictures.
    const inputs = stage.name === READ_STAGE ? await objectsOf(folder) : { files };
    const result = await runStageHere(stage, { exam: 'sample-1', models, ...inputs }, output, {
      inference: lanes,
      parameters: stage.name === 'classify' ? { passes: 2 } : {},
    });
    files[stage.name] = await filesOf(output);
    const fingerprint: Fingerprint = {};
    for (const file of result.files) Object.assign(fingerprint, await fingerprintOf(join(output, file), file));
    found[`${stage.name} ${stage.version}`] = fingerprint;
  }
  return found;
}

async function objectsOf(folder: string) {
  const paths = await drawObjects(join(folder, 'objects'), await sampleViews(1));
  const device = 'hologic-selenia-dimensions';
  const exams = Object.fromEntries(
    VIEWS.map((view) => [objectPath({ view, device, instance: studyOf(1, view).sopInstance }), paths[view]]),
  );
  return { files: { exams }, labels: { pixels: policiesText([device], {}) } };
}

async function fingerprintOf(path: string, file: string): Promise<Fingerprint> {
  const bytes = await readFile(path);
  if (file.endsWith('.npz')) {
    const maps = readNpz(bytes, ['benign', 'malignant']);
    return Object.fromEntries(
      Object.entries(maps).map(([name, { pixels }]) => [
        `${file} ${name}`,
        pixels.reduce((sum, value) => sum + value, 0) / pixels.length,
      ]),
    );
  }
  if (file === 'predictions.json') {
    const { image, imageheatmaps } = predictionsSchema.parse(JSON.parse(bytes.toString()));
    return Object.fromEntries(
      Object.entries({ image, imageheatmaps }).flatMap(([variant, labels]) =>
        Object.entries(labels).map(([label, value]) => [`${variant} ${label}`, value]),
      ),
    );
  }
  if (file === RESPONSE_FILE) {
    const { measured, ...rest } = responseDocumentSchema.parse(JSON.parse(bytes.toString()));
    const answers = Object.entries(measured).flatMap(([view, statistics]) =>
      Object.entries(statistics).map(([name, odds]) => [`${view} ${name}`, 1 / (1 + Math.exp(-odds))]),
    );
    return { [file]: sha256Hex(JSON.stringify(rest)), ...Object.fromEntries(answers) };
  }
  if (file.endsWith('.csv')) return { [file]: bytes.toString().split('\n')[0] as string };
  if (!file.endsWith('.png')) return { [file]: sha256Hex(bytes) };
  const isCropped = VIEWS.some((view) => file === `${view}.png`);
  // Pictures of heatmaps follow the networks' rounding; their size and mean colour tell a change of the drawing.
  if (isCropped)
    return { [file]: sha256Hex(await sharp(bytes).toColourspace('grey16').raw({ depth: 'ushort' }).toBuffer()) };
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length / 255;
  return { [file]: `${info.width} x ${info.height} x ${info.channels}`, [`${file} mean`]: mean };
}
