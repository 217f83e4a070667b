import { Command, Option } from 'commander';
import { type BundleState, type BundleUse, listBundles } from '../api/reading/list-bundles.js';
import { MODEL_ROLES } from '../pipeline/bundle.js';
import { canonicalJson, type Json } from '../pipeline/canonical-json.js';
import { DEFAULT_BRANCH, type InputItem } from '../pipeline/commit.js';
import { MammoflowError } from '../pipeline/errors.js';
import {
  type ModelArrival,
  modelArrivalSchema,
  type PipelineDocument,
  useForAll,
  useForNew,
} from '../pipeline/pipeline-document.js';
import { eraOf, readBundleCard } from '../planning/use-bundle.js';
import { missingVersion } from '../repos/committed-files.js';
import { readPipeline, writePipeline } from '../repos/pipeline-repo.js';
import { type Repository, rootOf } from '../repos/repository.js';
import { type CommitOptions, type Committed, printFollowUp, startIfWanted } from './follow-up.js';
import { importCommand } from './models-import.js';
import { addCommitOptions, type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine, table } from './output.js';
import { author, requireHead, type Session, withSession } from './session.js';

type UseOptions = CommitOptions & { readonly for: 'all' | 'new' };

/** What `mammoflow models use --json` prints. */
export interface UseOutcome extends Committed {
  readonly bundle: string;
  readonly for: 'all' | 'new';
}

/** `mammoflow models`: which bundles there are, and which exams use them. */
export function modelsCommand(): Command {
  return new Command('models')
    .description('list model bundles, show one, choose the one that exams are processed with, or import one')
    .addHelpText(
      'after',
      `
Bundles are put with \`mammoflow put models <folder>\`, imported with \`mammoflow models import nyu <folder>\`, or
uploaded to inbox/models/. They are removed with \`mammoflow rm models <bundle>\`.

Example:
  $ mammoflow models list
  $ mammoflow models use nyu-v2 --for new`,
    )
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(useCommand())
    .addCommand(importCommand())
    .addCommand(arrivalsCommand());
}

function listCommand(): Command {
  return new Command('list')
    .description('list the bundles, when each last changed, its metrics, and which exams use it')
    .argument('[ref]', 'a commit, a branch, or branch~n', DEFAULT_BRANCH)
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  $ mammoflow models list')
    .action((ref: string, options: CommonOptions) =>
      withSession(options.data, async ({ repository }) => {
        const bundles = await listBundles(repository, await repository.resolve(ref, 'models'));
        if (options.json) return printJson(bundles.map(asRow));
        if (bundles.length === 0) return printLine('no bundles; put one with `mammoflow put models <folder>`');
        const cells = bundles.map(({ bundle, state, uses, changed, card }) => [
          state === 'present' ? bundle : `${bundle} (${state} since)`,
          changed?.commit.slice(0, 12),
          changed?.time,
          usesText(uses),
          metricsText(card?.metrics),
        ]);
        printLine(table(['BUNDLE', 'COMMIT', 'CHANGED', 'USED FOR', 'METRICS'], cells));
      }),
    );
}

/** A row of `mammoflow models list --json`. `current`: new and changed exams use it. */
const asRow = ({ bundle, state, uses, changed, card }: BundleState) => ({
  bundle,
  state,
  current: uses.some(({ untilSequence }) => untilSequence === undefined),
  uses,
  commit: changed?.commit ?? null,
  sequence: changed?.sequence ?? null,
  time: changed?.time ?? null,
  metrics: card?.metrics ?? {},
  ...(card?.notice === undefined ? {} : { notice: card.notice }),
});

function usesText(uses: readonly BundleUse[]): string {
  const parts = uses.map(({ fromSequence, untilSequence }) => {
    if (untilSequence === undefined) return fromSequence === 0 ? 'all exams' : `new exams, from commit ${fromSequence}`;
    return fromSequence === 0
      ? `exams before commit ${untilSequence}`
      : `exams of commits ${fromSequence} to ${untilSequence - 1}`;
  });
  return parts.join('; ') || 'no exams';
}

const metricsText = (metrics: Readonly<Record<string, number>> | undefined): string =>
  Object.entries(metrics ?? {})
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');

function showCommand(): Command {
  return new Command('show')
    .description('show what a bundle says of itself, its files, and which exams use it')
    .argument('<bundle>', 'its name, with @REF for an earlier state')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  $ mammoflow models show placeholder@main~1')
    .action((text: string, options: CommonOptions) =>
      withSession(options.data, async ({ repository }) => {
        const { name, ref = DEFAULT_BRANCH } = parseBundle(text);
        const item = await requireBundle(repository, name, ref);
        const states = await listBundles(repository, await repository.resolve(ref, 'models'));
        const state = states.find(({ bundle, state: kind }) => bundle === name && kind === 'present');
        const card = state?.card ?? (await readBundleCard(repository.store, item));
        const row = asRow(state ?? { bundle: name, state: 'present', uses: [], card });
        if (options.json) return printJson({ ...row, card });
        const lines: [string, string][] = [
          ['bundle', name],
          ['description', card.description],
          ['intended use', card.intendedUse],
          ['licence', card.licence],
          ...(card.notice === undefined ? [] : [['notice', card.notice] as [string, string]]),
          ['metrics', metricsText(card.metrics) || 'none given'],
          ['changed', row.commit === null ? 'unknown' : `${row.time} in commit ${row.commit.slice(0, 12)}`],
          ['used for', usesText(row.uses)],
          ...MODEL_ROLES.map((role): [string, string] => {
            const { path, sha256 } = card.files[role];
            return [role, `${path}, SHA-256 ${sha256}`];
          }),
          ...(card.sources ?? []).map(({ role, file, sha256 }): [string, string] => [
            'source',
            `${file} (${role}), SHA-256 ${sha256}`,
          ]),
        ];
        for (const [label, value] of lines) printLine(`${label.padEnd(14)}${value}`);
      }),
    );
}

function useCommand(): Command {
  return addCommitOptions(
    new Command('use')
      .description('process exams with a bundle from now on: all of them, or those that are new or change')
      .argument('<bundle>', 'its name, with @REF for an earlier state'),
  )
    .addOption(
      new Option('--for <exams>', 'all exams, or new and changed ones').choices(['all', 'new']).makeOptionMandatory(),
    )
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
With --for new, exams that are there keep the model they were made with until they change or another choice is made for
all. Either way the choice is one small commit, whatever the number of exams. The files are held by object version, so
putting other bytes under the bundle's name later changes no result unless you say so.

Examples:
  $ mammoflow models use nyu-v2 --for new
  $ mammoflow models use nyu@main~1 --for all`,
    )
    .action((text: string, options: UseOptions & CommonOptions) =>
      withSession(options.data, async (session) => {
        const outcome = await applyBundle(session, text, options);
        if (options.json) return printJson(outcome);
        const exams = outcome.for === 'all' ? 'all exams' : 'new and changed exams';
        if (outcome.commit === null) return printLine(`nothing to commit: ${outcome.bundle} is in use for ${exams}`);
        printLine(`commit ${outcome.commit}: ${outcome.bundle} is used for ${exams}`);
        printFollowUp(outcome, options);
      }),
    );
}

/** What `mammoflow models arrivals --json` prints. */
export interface ArrivalsOutcome extends Committed {
  readonly arrivals: ModelArrival;
}

function arrivalsCommand(): Command {
  return addCommitOptions(
    new Command('arrivals')
      .description('show or set what becomes of bundles that are uploaded to inbox/models/')
      .argument('[choice]', 'keep, new or all'),
  )
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
A bundle that arrives is checked and committed. Then exams
  keep  go on with the models they have (the default); the first bundle is used all the same
  new   that are new or change are processed with it
  all   are processed with it, old ones too

Example:
  $ mammoflow models arrivals new`,
    )
    .action((choice: string | undefined, options: CommitOptions & CommonOptions) =>
      withSession(options.data, async ({ repository }) => {
        const outcome = await setArrivals(repository, choice, options);
        if (options.json) return printJson(outcome);
        if (outcome.commit !== null) printLine(`commit ${outcome.commit}`);
        printLine(`${outcome.arrivals}: ${ARRIVAL_TEXT[outcome.arrivals]}`);
      }),
    );
}

const ARRIVAL_TEXT: Readonly<Record<ModelArrival, string>> = {
  keep: 'a bundle that arrives is committed, and exams go on with the models they have',
  new: 'new and changed exams are processed with a bundle that arrives',
  all: 'all exams are processed with a bundle that arrives',
};

/**
 * Sets what becomes of bundles that arrive, where a choice is given. It changes no results, so there is never a job.
 * @throws MammoflowError `invalid-argument` for a choice that there is not.
 */
export async function setArrivals(
  repository: Repository,
  choice: string | undefined,
  { branch, message }: Pick<CommitOptions, 'branch' | 'message'>,
): Promise<ArrivalsOutcome> {
  const head = await requireHead(repository, branch);
  const chosen = modelArrivalSchema.safeParse(
    choice ?? (await readPipeline(repository, head)).arrivals?.models ?? 'keep',
  );
  if (!chosen.success) {
    throw new MammoflowError(
      'invalid-argument',
      `${JSON.stringify(choice)} is none of ${modelArrivalSchema.options.join(', ')}.`,
      'See `mammoflow models arrivals --help`.',
    );
  }
  const models = chosen.data;
  if (choice === undefined) return { arrivals: models, commit: null, job: null };
  const details = {
    author: author(),
    message: message ?? `Models that arrive: ${models}`,
    by: { kind: 'models' },
  } as const;
  const commit = await repository.commitOnto(branch, details, async (roots, sequence) => {
    const document = await readPipeline(repository, { roots });
    if ((document.arrivals?.models ?? 'keep') === models) return undefined;
    const next = { ...document, arrivals: { models } };
    return {
      roots: { ...roots, pipeline: await writePipeline(repository, rootOf({ roots }, 'pipeline'), next, sequence) },
    };
  });
  return { arrivals: models, commit: commit?.id ?? null, job: null };
}

/** Makes the pipeline use a bundle, and starts the job that follows. */
export async function applyBundle(session: Session, text: string, options: UseOptions): Promise<UseOutcome> {
  const { repository } = session;
  const { name, ref = options.branch } = parseBundle(text);
  await requireHead(repository, options.branch);
  const item = await requireBundle(repository, name, ref);
  const era = eraOf(await readBundleCard(repository.store, item), item);
  for (const { file } of Object.values(era.models)) {
    if ((await repository.store.head(file.key, file.versionId)) === undefined) throw missingVersion(file);
  }
  const commit = await repository.commitOnto(
    options.branch,
    {
      author: author(),
      message: options.message ?? `Use ${text} for ${options.for === 'all' ? 'all exams' : 'new and changed exams'}`,
      by: { kind: 'models' },
    },
    async (roots, sequence) => {
      const document = await readPipeline(repository, { roots });
      const next = options.for === 'all' ? useForAll(document, era) : useForNewOnce(document, era, sequence);
      if (canonicalJson(next as unknown as Json) === canonicalJson(document as unknown as Json)) return undefined;
      return {
        roots: { ...roots, pipeline: await writePipeline(repository, rootOf({ roots }, 'pipeline'), next, sequence) },
      };
    },
  );
  const followUp = commit === undefined ? { job: null } : await startIfWanted(session, commit, options);
  return { bundle: name, for: options.for, commit: commit?.id ?? null, ...followUp };
}

/** Choosing again what new exams use already begins no era. */
function useForNewOnce(
  document: PipelineDocument,
  era: Parameters<typeof useForNew>[1],
  sequence: number,
): PipelineDocument {
  const current = document.eras.at(-1);
  if (current === undefined) return useForAll(document, era);
  return current.bundle === era.bundle && current.digest === era.digest ? document : useForNew(document, era, sequence);
}

function parseBundle(text: string): { name: string; ref?: string } {
  const [, name = '', ref] = /^([^@]+)(?:@(.+))?$/.exec(text) ?? [];
  if (name !== '') return { name, ...(ref === undefined ? {} : { ref }) };
  throw new MammoflowError(
    'invalid-argument',
    `${JSON.stringify(text)} does not name a bundle.`,
    'Write <bundle> or <bundle>@<REF>.',
  );
}

async function requireBundle(repository: Repository, name: string, ref: string): Promise<InputItem> {
  const commit = await repository.resolve(ref, 'models');
  const item = await repository.inputs.get(rootOf(commit, 'models'), name);
  if (item !== undefined) return item;
  const known: string[] = [];
  for await (const other of repository.inputs.items(rootOf(commit, 'models'))) known.push(other.name);
  throw new MammoflowError(
    'not-found',
    `There is no bundle ${name} at ${ref}.`,
    known.length === 0
      ? 'Put it with `mammoflow put models <folder>`.'
      : `There are ${known.sort().join(', ')}; put others with \`mammoflow put models <folder>\`.`,
  );
}
