import { canonicalJson, type Json } from '../pipeline/canonical-json.js';
import type { Commit, InputItem, TreeRoot } from '../pipeline/commit.js';
import { MammoflowError } from '../pipeline/errors.js';
import {
  EMPTY_PIPELINE,
  PIPELINE_FILE,
  PIPELINE_ITEM,
  type PipelineDocument,
  pipelineDocumentSchema,
} from '../pipeline/pipeline-document.js';
import { readFileEntry, storeFile } from './committed-files.js';
import { sha256Hex } from './hash.js';
import { parseJson } from './json-objects.js';
import { type Repository, type Roots, rootOf } from './repository.js';

/** The pipeline document of a commit; the empty one when none was ever committed. */
export async function readPipeline(
  repository: Repository,
  holder: { roots: Roots } | Commit,
): Promise<PipelineDocument> {
  const item = await repository.inputs.get(rootOf(holder, 'pipeline'), PIPELINE_ITEM);
  const file = item?.files.find((entry) => entry.path === PIPELINE_FILE);
  if (file === undefined) return EMPTY_PIPELINE;
  return parseJson(file.key, await readFileEntry(repository.store, file), pipelineDocumentSchema);
}

/** Stores a pipeline document and returns the root of the `pipeline` repo that holds it. */
export async function writePipeline(
  repository: Repository,
  root: TreeRoot,
  document: PipelineDocument,
  sequence: number,
): Promise<TreeRoot> {
  const checked = pipelineDocumentSchema.safeParse(document);
  if (!checked.success) {
    throw new MammoflowError(
      'invalid-pipeline',
      `The pipeline would not be valid: ${checked.error.issues[0]?.message}.`,
    );
  }
  const bytes = Buffer.from(canonicalJson(document as unknown as Json));
  const sha256 = sha256Hex(bytes);
  const before = await repository.inputs.get(root, PIPELINE_ITEM);
  if (before?.files[0]?.sha256 === sha256) return root;
  const file = {
    repo: 'pipeline',
    item: PIPELINE_ITEM,
    path: PIPELINE_FILE,
    body: bytes,
    sha256,
    size: bytes.byteLength,
  };
  const { entry } = await storeFile(repository.store, file);
  const item: InputItem = { name: PIPELINE_ITEM, files: [entry], since: sequence };
  return repository.inputs.edit(root, new Map([[PIPELINE_ITEM, item]]));
}
