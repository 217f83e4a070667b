import { Command, Option } from 'commander';
import type { BundleUse } from '../index.js';
import { MODEL_ROLES } from '../pipeline/bundle.js';
import { DEFAULT_BRANCH } from '../pipeline/commit.js';
import type { ModelArrival } from '../pipeline/pipeline-document.js';
import { type CommitOptions, printFollowUp } from './follow-up.js';
import { importCommand } from './models-import.js';
import { addCommitOptions, type CommonOptions, commitOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine, table } from './output.js';
import { withMammoflow } from './session.js';

type UseOptions = CommitOptions & { readonly for: 'all' | 'new' };

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
    .addCommand(listCommand(), { isDefault: true })
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
      withMammoflow(options.data, async (mammoflow) => {
        const bundles = await mammoflow.models({ ref });
        if (options.json) return printJson(bundles);
        if (bundles.length === 0) return printLine('no bundles; put one with `mammoflow put models <folder>`');
        const cells = bundles.map(({ bundle, state, uses, commit, time, metrics }) => [
          state === 'present' ? bundle : `${bundle} (${state} since)`,
          commit?.slice(0, 12),
          time ?? undefined,
          usesText(uses),
          metricsText(metrics),
        ]);
        printLine(table(['BUNDLE', 'COMMIT', 'CHANGED', 'USED FOR', 'METRICS'], cells));
      }),
    );
}

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
      withMammoflow(options.data, async (mammoflow) => {
        const { roles: _, ...details } = await mammoflow.model({ bundle: text });
        if (options.json) return printJson(details);
        const { card, ...row } = details;
        const lines: [string, string][] = [
          ['bundle', row.bundle],
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
      withMammoflow(options.data, async (mammoflow) => {
        const outcome = await mammoflow.useBundle({ ...commitOptions(options), bundle: text, for: options.for });
        if (options.json) return printJson(outcome);
        const exams = outcome.for === 'all' ? 'all exams' : 'new and changed exams';
        if (outcome.commit === null) return printLine(`nothing to commit: ${outcome.bundle} is in use for ${exams}`);
        printLine(`commit ${outcome.commit}: ${outcome.bundle} is used for ${exams}`);
        printFollowUp(outcome, options);
      }),
    );
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
      withMammoflow(options.data, async (mammoflow) => {
        const outcome = await mammoflow.setArrivals({ ...commitOptions(options), arrivals: choice });
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
