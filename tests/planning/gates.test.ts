import assert from 'node:assert/strict';
import { stages } from '../../activities/stages/index.js';
import { EMPTY_PIPELINE } from '../../pipeline/pipeline-document.js';
import type { StageDeclaration } from '../../pipeline/stage.js';
import { resolveGraph } from '../../planning/resolve-graph.js';

const afterOf = (definitions: readonly StageDeclaration[]) =>
  Object.fromEntries(resolveGraph(definitions, EMPTY_PIPELINE).map(({ name, after }) => [name, after]));

describe('the graph with gates', () => {
  it('has the gpu stages wait for the checks that do not read them, and pictures for what they warn of', () => {
    assert.deepEqual(afterOf(stages), {
      read_dicom: undefined,
      crop: undefined,
      extract_centers: undefined,
      check_quality: undefined,
      generate_heatmaps: ['check_quality'],
      check_response: undefined,
      // What they warn of is drawn into its pictures.
      visualize_heatmaps: ['check_quality', 'check_response'],
      classify: ['check_quality', 'check_response'],
    });
  });

  it('orders every stage behind its gates, wherever they are declared', () => {
    const names = resolveGraph([...stages].reverse(), EMPTY_PIPELINE).map(({ name }) => name);
    assert.ok(names.indexOf('check_quality') < names.indexOf('generate_heatmaps'));
    assert.ok(names.indexOf('check_quality') < names.indexOf('classify'));
  });

  it('has no gpu stage wait for a gate that reads it', () => {
    const gate = { ...(stages.find(({ name }) => name === 'check_quality') as StageDeclaration), name: 'late' };
    const late: StageDeclaration = { ...gate, upstream: ['generate_heatmaps'] };
    const after = afterOf([...stages, late]);
    assert.deepEqual(after.generate_heatmaps, ['check_quality']);
    assert.deepEqual(after.classify, ['check_quality', 'check_response', 'late']);
  });
});
