import { z } from 'zod';
import { sha256Schema } from './bundle.js';
import { canonicalJson, type Json } from './canonical-json.js';
import { type FileEntry, fileEntrySchema } from './commit.js';
import { graphFor, isOfObjects } from './exam-objects.js';
import type { StageGraph, StageLabel, StageNode } from './graph.js';
import type { ModelReference } from './model-reference.js';
import type { Era, EraModels } from './pipeline-document.js';

/** SHA-256 of UTF-8 text as lower-case hex. Handed in, because this folder is free of Node's modules. */
export type Sha256 = (text: string) => string;

/**
 * Everything that can change what a stage writes for an exam. Code and parameters are in it as well as data.
 * Execution provider and batch are not: they are recorded as provenance, and change bytes only within rounding.
 */
export interface DatumKeyDocument {
  readonly stage: string;
  readonly version: string;
  readonly parameters: Json;
  readonly exam: string;
  /** SHA-256 and preprocessing of each model file the stage reads, by role. */
  readonly models: { readonly [role: string]: { readonly sha256: string; readonly preprocessing: Json } };
  /** SHA-256 of each input file, by `<repo>/<path>`. */
  readonly inputs: { readonly [path: string]: string };
  /** What the stage depends on that is no file; absent for a stage that depends on nothing of that kind. */
  readonly labels?: StageLabels;
}

/** By what it is: a name, or several joined by commas. */
export type StageLabels = Readonly<Partial<Record<StageLabel, string>>>;

/** Builds the document that a datum's key is the hash of. `inputs` holds the files of each upstream repo. */
export function datumKeyDocument(
  node: StageNode,
  exam: string,
  models: EraModels,
  inputs: Readonly<Record<string, readonly FileEntry[]>>,
  labels: StageLabels = {},
): DatumKeyDocument {
  const modelHashes: Record<string, { sha256: string; preprocessing: Json }> = {};
  for (const role of node.modelRoles) {
    const model = models[role];
    if (model !== undefined)
      modelHashes[role] = { sha256: model.file.sha256, preprocessing: model.preprocessing as Json };
  }
  const inputHashes: Record<string, string> = {};
  for (const repo of node.upstream) {
    for (const file of inputs[repo] ?? []) inputHashes[`${repo}/${file.path}`] = file.sha256;
  }
  return {
    stage: node.name,
    version: node.version,
    parameters: node.parameters as Json,
    exam,
    models: modelHashes,
    inputs: inputHashes,
    ...(node.labels === undefined ? {} : { labels: labelsOf(node, labels) }),
  };
}

/** What there is to depend on for an exam: its era's, what a person lets it pass, and the policies for its objects' pixels. */
export function stageLabels(era: Era | undefined, accepted: readonly string[] = [], pixels = ''): StageLabels {
  const json = (value: unknown): string => (value === undefined ? '' : canonicalJson(value as Json));
  // Apart, so that a bundle whose network's answers were measured has no picture looked at again.
  const { response, ...pictures } = era?.reference ?? {};
  return {
    bundle: era?.bundle ?? '',
    accepted: accepted.join(','),
    reference: era?.reference === undefined ? '' : json(pictures),
    response: json(response),
    pixels,
  };
}

/** No part of a key where there is nothing: what was made before anybody could warn is as good as what is made now. */
const ABSENT_IF_EMPTY: ReadonlySet<StageLabel> = new Set(['warnings']);

/** Those that a stage depends on. */
export const labelsOf = ({ labels = [] }: StageNode, names: StageLabels): StageLabels =>
  Object.fromEntries(
    labels.filter((label) => names[label] || !ABSENT_IF_EMPTY.has(label)).map((label) => [label, names[label] ?? '']),
  );

export const datumKey = (document: DatumKeyDocument, sha256: Sha256): string =>
  sha256(canonicalJson(document as unknown as Json));

/** `.mammoflow/datums/<stage>/<exam>/<key>.json`: what a datum key produced, and how. */
export const datumRecordSchema = z.object({
  schemaVersion: z.literal(1),
  key: sha256Schema,
  document: z.object({
    stage: z.string(),
    version: z.string(),
    parameters: z.json(),
    exam: z.string(),
    models: z.record(z.string(), z.object({ sha256: sha256Schema, preprocessing: z.json() })),
    inputs: z.record(z.string(), sha256Schema),
    labels: z.record(z.string(), z.string()).optional(),
  }),
  files: z.array(fileEntrySchema),
  summary: z.json().optional(),
  job: z.string(),
  /** Worker build, host, execution provider and the like: what does not belong into the files. */
  provenance: z.record(z.string(), z.json()),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
});
export type DatumRecord = z.infer<typeof datumRecordSchema>;

/** The digest of the stages that results come from: names, versions, parameters and what each reads. */
export const graphDigest = (graph: StageGraph, sha256: Sha256): string =>
  sha256(
    canonicalJson(
      graph.map(({ name, version, parameters, upstream, modelRoles }) => ({
        name,
        version,
        parameters: parameters as Json,
        upstream,
        modelRoles,
      })),
    ),
  );

/**
 * The digest of the stages that one exam's results come from. Of DICOM objects it covers the policies for the pixels of
 * their devices, and of no others.
 */
export function examGraphDigest(
  graph: StageGraph,
  { files, pixels }: { readonly files: readonly { readonly path: string }[]; readonly pixels?: string | undefined },
  sha256: Sha256,
): string {
  const ofObjects = isOfObjects(files);
  const stages = graphDigest(graphFor(graph, ofObjects), sha256);
  return ofObjects ? sha256(canonicalJson({ stages, pixels: pixels ?? '' })) : stages;
}

/** What an exam's results should come from: its files, the models that apply to it, and the stages, by digest. */
export interface Wants {
  readonly exam: string;
  readonly files: readonly FileEntry[];
  readonly era: string;
  readonly graph: string;
  /** Quality checks that a person lets the exam pass. */
  readonly accepted?: readonly string[];
}

/** The hash of what an exam's results should come from. Results made for another hash no longer belong to the exam. */
export const wantedHash = ({ exam, files, era, graph, accepted = [] }: Wants, sha256: Sha256): string =>
  sha256(
    canonicalJson({
      exam,
      files: Object.fromEntries(files.map((file) => [file.path, file.sha256])),
      models: era,
      stages: graph,
      // Nothing of almost every exam, whose hash therefore is what it was before there were acceptances.
      ...(accepted.length === 0 ? {} : { accepted }),
    }),
  );

/**
 * The digest of an era: equal for equal model files and preprocessing whatever the bundle is called. A reference is in it,
 * since checks compare with it; an era without one has the digest of before there were any.
 */
export const eraDigest = (models: EraModels, sha256: Sha256, reference?: ModelReference): string =>
  sha256(
    canonicalJson({
      ...Object.fromEntries(
        Object.entries(models).map(([role, model]) => [
          role,
          { sha256: model.file.sha256, preprocessing: model.preprocessing as Json },
        ]),
      ),
      ...(reference === undefined ? {} : { reference }),
    }),
  );
