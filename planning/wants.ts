import { acceptedOf } from '../pipeline/acceptance.js';
import { canonicalJson, type Json } from '../pipeline/canonical-json.js';
import type { InputItem } from '../pipeline/commit.js';
import { graphDigest, wantedHash } from '../pipeline/datum.js';
import type { StageGraph } from '../pipeline/graph.js';
import { type Era, eraFor, type PipelineDocument } from '../pipeline/pipeline-document.js';
import type { StageDeclaration } from '../pipeline/stage.js';
import { sha256Hex } from '../repos/hash.js';
import { readPipeline } from '../repos/pipeline-repo.js';
import type { Repository, Roots } from '../repos/repository.js';
import { resolveGraph } from './resolve-graph.js';

/** What a commit wants of its exams, as far as it is the same for all of them. */
export interface CommitWants {
  readonly document: PipelineDocument;
  readonly graph: StageGraph;
  readonly graphDigest: string;
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
}

export async function wantsOf(
  repository: Repository,
  definitions: readonly StageDeclaration[],
  holder: { roots: Roots },
): Promise<CommitWants> {
  const document = await readPipeline(repository, holder);
  const graph = resolveGraph(definitions, document);
  const digest = graphDigest(graph, sha256Hex);
  const eraOf = (exam: InputItem): Era => eraFor(document.eras, exam.since);
  const accepted = (exam: InputItem): string[] => acceptedOf(document.accepted, exam, sha256Hex);
  const wantedWith = (exam: InputItem, era: string, graphWanted: string): string =>
    wantedHash({ exam: exam.name, files: exam.files, era, graph: graphWanted, accepted: accepted(exam) }, sha256Hex);
  return {
    document,
    graph,
    graphDigest: digest,
    eraOf,
    acceptedOf: accepted,
    wantedOf: (exam, graphWanted = digest) => wantedWith(exam, eraOf(exam).digest, graphWanted),
    wantedWith,
    context: (count = document.eras.length) => {
      // Before the first era there is none, so its beginning does not matter.
      const eras = document.eras.slice(0, count).map((era, index) => [index === 0 ? 0 : era.fromSequence, era.digest]);
      return sha256Hex(canonicalJson({ graph: digest, eras } as Json));
    },
  };
}
