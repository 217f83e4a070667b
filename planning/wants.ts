import { POLICY_TABLE, policiesText, sitePolicies } from '../dicom/policies/policy-table.js';
import { acceptedOf } from '../pipeline/acceptance.js';
import { canonicalJson, type Json } from '../pipeline/canonical-json.js';
import type { InputItem } from '../pipeline/commit.js';
import { examGraphDigest, graphDigest, wantedHash } from '../pipeline/datum.js';
import { devicesOf, graphFor, isOfObjects } from '../pipeline/exam-objects.js';
import type { StageGraph } from '../pipeline/graph.js';
import { type Era, eraFor, type PipelineDocument } from '../pipeline/pipeline-document.js';
import type { StageDeclaration } from '../pipeline/stage.js';
import { sha256Hex } from '../repos/hash.js';
import { readPipeline } from '../repos/pipeline-repo.js';
import type { Repository, Roots } from '../repos/repository.js';
import { resolveGraph } from './resolve-graph.js';

/** An exam, as far as its files' names tell what is wanted of it. */
type Paths = { readonly files: readonly { readonly path: string }[] };

/** What a commit wants of its exams, as far as it is the same for all of them. */
export interface CommitWants {
  readonly document: PipelineDocument;
  /** All stages; what one exam has of them is `graphOf`. */
  readonly graph: StageGraph;
  /** The digest of the stages of a folder of pictures. */
  readonly graphDigest: string;
  graphOf(exam: Paths): StageGraph;
  /** The digest of what an exam's results come from but its files and models. */
  digestOf(exam: Paths): string;
  /** The policies for the pixels of an exam of DICOM objects; undefined for a folder of pictures. */
  pixelsOf(exam: Paths): string | undefined;
  eraOf(exam: InputItem): Era;
  /** The quality checks that a person lets an exam pass as its files are now. */
  acceptedOf(exam: InputItem): readonly string[];
  /** The wanted hash of an exam; with a graph digest given, as if those stages were wanted. */
  wantedOf(exam: InputItem, graph?: string): string;
  /** The wanted hash of an exam, as if models of that digest and those stages were wanted. */
  wantedWith(exam: InputItem, era: string, graph: string): string;
  /**
   * Equal for commits that want the same of equal exams: the digest of the graph, and of the first `eras` eras (all of
   * them unless given). What people accept of single exams is not in it: see `findCandidates`.
   */
  context(eras?: number): string;
  /** What `context` was before there were exams of DICOM objects: states remembered under it have none. */
  contextOfPictures(eras?: number): string;
}

export async function wantsOf(
  repository: Repository,
  definitions: readonly StageDeclaration[],
  holder: { roots: Roots },
): Promise<CommitWants> {
  const document = await readPipeline(repository, holder);
  const graph = resolveGraph(definitions, document);
  const digest = graphDigest(graphFor(graph, false), sha256Hex);
  const own = sitePolicies(document);
  const pixelsOf = ({ files }: Paths): string | undefined =>
    isOfObjects(files) ? policiesText(devicesOf(files), own) : undefined;
  const digestOf = ({ files }: Paths): string =>
    examGraphDigest(graph, { files, pixels: pixelsOf({ files }) }, sha256Hex);
  const eraOf = (exam: InputItem): Era => eraFor(document.eras, exam.since);
  const accepted = (exam: InputItem): string[] => acceptedOf(document.accepted, exam, sha256Hex);
  const wantedWith = (exam: InputItem, era: string, graphWanted: string): string =>
    wantedHash({ exam: exam.name, files: exam.files, era, graph: graphWanted, accepted: accepted(exam) }, sha256Hex);
  const dicom = sha256Hex(
    canonicalJson({
      stages: graphDigest(graphFor(graph, true), sha256Hex),
      table: POLICY_TABLE,
      own,
    } as unknown as Json),
  );
  const contextOf = (count = document.eras.length) => ({
    graph: digest,
    // Before the first era there is none, so its beginning does not matter.
    eras: document.eras.slice(0, count).map((era, index) => [index === 0 ? 0 : era.fromSequence, era.digest]),
  });
  return {
    document,
    graph,
    graphDigest: digest,
    graphOf: ({ files }) => graphFor(graph, isOfObjects(files)),
    digestOf,
    pixelsOf,
    eraOf,
    acceptedOf: accepted,
    wantedOf: (exam, graphWanted = digestOf(exam)) => wantedWith(exam, eraOf(exam).digest, graphWanted),
    wantedWith,
    context: (count) => sha256Hex(canonicalJson({ ...contextOf(count), dicom } as Json)),
    contextOfPictures: (count) => sha256Hex(canonicalJson(contextOf(count) as Json)),
  };
}
