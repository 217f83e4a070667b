import type { Mammoflow } from '../../api/mammoflow.js';
import { pageOf } from '../../api/page.js';
import type { BundleRow, EraInUse } from '../../api/types.js';
import { MammoflowError } from '../../pipeline/errors.js';
import type { Handlers } from './routes.js';

type RepoHandlers = Pick<
  Handlers,
  | 'branches'
  | 'createBranch'
  | 'moveBranch'
  | 'holdBranch'
  | 'releaseBranch'
  | 'deleteBranch'
  | 'commits'
  | 'repos'
  | 'items'
  | 'item'
  | 'diff'
  | 'revert'
  | 'preview'
  | 'models'
  | 'model'
  | 'useModel'
  | 'stages'
  | 'setStage'
>;

/** Branches, commits, files, models and stages: all that is versioned. */
export const repoHandlers: RepoHandlers = {
  async branches({ mammoflow }) {
    const items = [];
    for await (const row of mammoflow.branches()) items.push(row);
    return { items };
  },
  createBranch: ({ body, mammoflow }) => mammoflow.createBranch(body),
  moveBranch: ({ params: { branch }, body: { ref, head }, mammoflow }) => mammoflow.moveBranch({ branch, ref, head }),
  async holdBranch({ params: { branch }, body: { reason }, mammoflow }) {
    const { hold, job } = await mammoflow.holdBranch({ branch, ...(reason === undefined ? {} : { reason }) });
    return { branch, hold, job };
  },
  async releaseBranch({ params: { branch }, mammoflow }) {
    const { hold, job } = await mammoflow.releaseBranch({ branch });
    return { branch, hold, job };
  },
  deleteBranch: ({ params: { branch }, query: { head }, mammoflow }) => mammoflow.deleteBranch({ branch, head }),

  async commits({ query: { ref, repo, withoutResults, limit, after }, mammoflow }) {
    const { items, more } = await pageOf(mammoflow.log({ ref, repo, withoutResults, after }), limit);
    return { items: items.map((row) => ({ ...row })), ...(more === undefined ? {} : { next: more.commit }) };
  },
  async repos({ query: { ref }, mammoflow }) {
    const { commit, repos } = await mammoflow.repos({ ref });
    return { commit: commit.id, sequence: commit.sequence, items: [...repos] };
  },
  async items({ params: { repo }, query: { ref, limit, after }, mammoflow }) {
    const [{ repos }, { items, more }] = await Promise.all([
      mammoflow.repos({ ref: withoutSteps(ref) }),
      pageOf(mammoflow.ls({ repo, ref, after }), limit),
    ]);
    const total = repos.find((row) => row.repo === repo)?.items ?? items.length;
    return { items: items.map((row) => ({ ...row })), total, ...(more === undefined ? {} : { next: more.name }) };
  },
  async item({ params: { repo, item }, query: { ref }, mammoflow }) {
    const { name, files, erased } = await mammoflow.lsItem({ repo, item, ref });
    return { name, files: [...files], ...(erased === undefined ? {} : { erased }) };
  },
  async diff({ params: { repo }, query: { ref, since, limit, after }, mammoflow }) {
    const skip = after === undefined ? 0 : Number(after);
    if (!Number.isSafeInteger(skip) || skip < 0)
      throw new MammoflowError('invalid-argument', 'That is no place in this list.');
    const { items, more } = await pageOf(mammoflow.diff({ repo, ref, since }), skip + limit);
    return {
      items: items.slice(skip).map((row) => ({ ...row, files: [...row.files] })),
      ...(more === undefined ? {} : { next: String(skip + limit) }),
    };
  },
  async revert({ params: { repo }, body: { ref, branch, head, message }, mammoflow }) {
    const { changed, ...outcome } = await mammoflow.revert({ repo, ref, branch, head, ...given(message) });
    return { ...outcome, changed: changed.length, examples: changed.slice(0, 20) };
  },
  async preview({ body, mammoflow }) {
    const previewed = await mammoflow.preview(body as Parameters<Mammoflow['preview']>[0]);
    return { ...previewed, stages: [...previewed.stages] };
  },

  async models({ query: { ref }, mammoflow }) {
    const [rows, used] = await Promise.all([
      mammoflow.models({ ref }),
      mammoflow.bundlesInUse({ ref: withoutSteps(ref) }),
    ]);
    return { items: rows.map((row) => ({ ...row, uses: usesOf(row, used) })) };
  },
  async model({ params: { bundle }, query: { ref }, mammoflow }) {
    const [{ roles: _, ...row }, used] = await Promise.all([
      mammoflow.model({ bundle: `${bundle}@${ref}` }),
      mammoflow.bundlesInUse({ ref: withoutSteps(ref) }),
    ]);
    return { ...row, uses: usesOf(row, used) };
  },
  useModel: ({ params: { bundle }, body: { for: scope, branch, head, message }, mammoflow }) =>
    mammoflow.useBundle({ bundle, for: scope, branch, head, ...given(message) }),

  async stages({ query: { ref }, mammoflow }) {
    const [rows, head] = await Promise.all([
      mammoflow.stagesServed({ ref }),
      mammoflow.repos({ ref: withoutSteps(ref) }).then(
        ({ commit }) => commit.id,
        (error) => {
          if (error instanceof MammoflowError && error.code === 'unknown-reference') return null;
          throw error;
        },
      ),
    ]);
    return {
      head,
      items: rows.map((row) => ({
        ...row,
        upstream: [...row.upstream],
        modelRoles: [...row.modelRoles],
        workers: row.workers === null ? null : [...row.workers],
      })) as never,
    };
  },
  async setStage({ params: { stage }, body: { message, parameters, ...body }, mammoflow }) {
    const {
      version,
      queue,
      parameters: set,
      commit,
      job,
      held,
    } = await mammoflow.setStage({
      stage,
      ...body,
      ...(parameters === undefined ? {} : { parameters }),
      ...given(message),
    });
    return { stage, version, queue, parameters: set as never, commit, job, ...(held === undefined ? {} : { held }) };
  },
};

/** `branch~n` counts the commits that changed one repo; of all repos together the branch itself is meant. */
const withoutSteps = (ref: string): string => ref.replace(/~\d+$/, '');

const given = (message: string | undefined): { message?: string } => (message === undefined ? {} : { message });

const usesOf = ({ bundle, uses }: BundleRow, used: readonly EraInUse[]) =>
  uses.map((use) => {
    const era = used.find((one) => one.bundle === bundle && one.fromSequence === use.fromSequence);
    return { ...use, since: era?.since ?? null, exams: era?.exams ?? null };
  });
