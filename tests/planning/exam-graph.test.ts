import assert from 'node:assert/strict';
import { stages } from '../../activities/stages/index.js';
import { examGraphDigest, graphDigest } from '../../pipeline/datum.js';
import { examObject, graphFor, objectPath, READ_STAGE } from '../../pipeline/exam-objects.js';
import { EMPTY_PIPELINE } from '../../pipeline/pipeline-document.js';
import { resolveGraph } from '../../planning/resolve-graph.js';
import { sha256Hex } from '../../repos/hash.js';
import { pictureStages } from '../support/picture-stages.js';

describe('the stages of an exam', () => {
  const graph = resolveGraph(stages, EMPTY_PIPELINE);
  const without = resolveGraph(pictureStages, EMPTY_PIPELINE);
  const pictures = { files: [{ path: 'L_CC.png' }] };
  const objects = { files: [{ path: objectPath({ view: 'L_CC', device: 'hologic-x', instance: '2.25.1' }) }] };

  it('that is a folder of pictures are those of a build that knows nothing of DICOM', () => {
    assert.deepEqual(graphFor(graph, false), without);
    assert.equal(examGraphDigest(graph, pictures, sha256Hex), graphDigest(without, sha256Hex));
    assert.equal(examGraphDigest(without, pictures, sha256Hex), graphDigest(without, sha256Hex));
  });

  it('that is of DICOM objects read what one stage makes of them, and nothing else reads the objects', () => {
    const readers = graphFor(graph, true).filter(({ upstream }) => upstream.includes('exams'));
    assert.deepEqual(
      readers.map(({ name }) => name),
      [READ_STAGE],
    );
    const crop = graphFor(graph, true).find(({ name }) => name === 'crop');
    assert.deepEqual(crop?.upstream, [READ_STAGE]);
  });

  it('have another digest for another policy, and for DICOM objects only', () => {
    const digest = (pixels: string) => examGraphDigest(graph, { ...objects, pixels }, sha256Hex);
    assert.notEqual(digest('{"a":1}'), digest('{"a":2}'));
    assert.equal(digest('{"a":1}'), digest('{"a":1}'));
    assert.equal(
      examGraphDigest(graph, { ...pictures, pixels: '{"a":1}' }, sha256Hex),
      examGraphDigest(graph, pictures, sha256Hex),
    );
  });

  it('are told by paths that say view, device and instance', () => {
    assert.deepEqual(examObject('L_CC/hologic-x/2.25.1.dcm'), {
      view: 'L_CC',
      device: 'hologic-x',
      instance: '2.25.1',
    });
    for (const path of [
      'L_CC.png',
      'L_ML/hologic/1.dcm',
      'L_CC/../1.dcm',
      'L_CC/A/1.dcm',
      'L_CC/a/1.dcm/x',
      'scan.txt',
    ]) {
      assert.equal(examObject(path), undefined, path);
    }
  });
});
