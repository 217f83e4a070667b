import { Command, InvalidArgumentError, Option } from 'commander';
import type { ExportedExam, ExportOptions } from '../index.js';
import { DEFAULT_BRANCH } from '../pipeline/commit.js';
import { OBJECT_KINDS, type ObjectKind } from '../pipeline/result-objects.js';
import { type CommonOptions, dataOption, jsonOption, parseProbability } from './options.js';
import { printJson, printLine } from './output.js';
import { withMammoflow } from './session.js';

interface ExportCommandOptions extends CommonOptions {
  readonly to: string;
  readonly ref?: string;
  readonly objects?: ObjectKind[];
  readonly threshold?: number;
  readonly identity?: NonNullable<ExportOptions['identity']>;
  readonly force?: true;
  readonly again?: true;
  readonly wait?: true;
  readonly branch: string;
}

/** `mammoflow export`: results as DICOM objects, to a folder or a destination. */
export function exportCommand(): Command {
  return new Command('export')
    .description('give results back as DICOM objects, to a folder or to a destination')
    .argument('<exam|job>', 'an exam, or a job: then every exam that it processed')
    .requiredOption('--to <destination|folder>', 'a destination that is set, or a folder (with a "/" or "." in it)')
    .option('--ref <ref>', 'a commit, a branch, <branch>~<n>, or a job that has ended')
    .addOption(
      new Option('--objects <kinds>', `to a folder: some of ${OBJECT_KINDS.join(', ')}, separated by commas`).argParser(
        parseKinds,
      ),
    )
    .option(
      '--threshold <probability>',
      'to a folder: from which probability on a region is a finding',
      parseProbability,
    )
    .addOption(
      new Option('--identity <whose>', 'to a folder: whose patient and study the objects name').choices([
        'if-known',
        'original',
        'pseudonyms',
      ]),
    )
    .option('--force', 'to a folder: replace files that are there with another content')
    .option('--again', 'to a destination: send what it has said to have, too')
    .option('--wait', 'to a destination: wait until each delivery has ended')
    .option('--branch <name>', 'whose settings of the destination apply', DEFAULT_BRANCH)
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Objects name the patient, the study and the images that an exam came from where this machine has its identity and the key;
to a folder, pseudonyms otherwise, which is said. Exams that came as pictures have no study to go back to.

A destination gets what docs/dicom-objects.md says, by a delivery worker; \`mammoflow deliveries\` shows what it did not get.

The exit code is 2 when something was not exported.

Examples:
  $ mammoflow export dx-3f0c1a2b3c4d5e6f7a8b --to ./out
  $ mammoflow export main-12-a1b2c3 --to pacs --wait`,
    )
    .action((what: string, options: ExportCommandOptions) =>
      withMammoflow(options.data, async (mammoflow) => {
        const { to: place, branch, threshold, ref, objects, identity, force, again, wait } = options;
        const isFolder = /[/\\.]/.test(place) && !(await mammoflow.isDestination({ name: place, branch }));
        const given = { ref, objects, identity, force, again, wait };
        const exported: ExportedExam[] = [];
        for await (const exam of mammoflow.exportResults({
          what,
          branch,
          to: isFolder ? { folder: place } : { destination: place },
          ...(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as typeof given),
          ...(threshold === undefined ? {} : { findings: { threshold } }),
        } as ExportOptions)) {
          exported.push(exam);
          if (!options.json) printExam(exam);
        }
        if (options.json) printJson(exported);
        if (exported.some(isNotExported)) process.exitCode = 2;
      }),
    );
}

const isNotExported = ({ reason, delivery }: ExportedExam): boolean =>
  reason !== undefined || delivery?.status === 'refused' || delivery?.status === 'undelivered';

function printExam({ exam, files, identity, workflow, delivery, reason }: ExportedExam): void {
  if (reason !== undefined) printLine(`${exam}: ${reason}`);
  if (files !== undefined) {
    const whose =
      identity === 'original'
        ? 'of the original study'
        : 'under pseudonyms, since its identity is not here or not asked for';
    printLine(`${exam}: ${files.length} objects, ${whose}`);
    for (const file of files) printLine(`  ${file}`);
  }
  if (delivery !== undefined) {
    const { status, stored, sent, refused } = delivery;
    const counts = `${stored} objects there, ${sent} of them sent now${refused > 0 ? `, ${refused} refused` : ''}`;
    printLine(`${exam}: ${status}${status === 'delivered' || status === 'refused' ? ` (${counts})` : ''}`);
    if (delivery.reason !== undefined) printLine(`  ${delivery.reason}`);
  } else if (workflow !== undefined) printLine(`${exam}: delivery started (${workflow})`);
}

function parseKinds(text: string): ObjectKind[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !(OBJECT_KINDS as readonly string[]).includes(name));
  if (unknown === undefined) return OBJECT_KINDS.filter((kind) => names.includes(kind));
  throw new InvalidArgumentError(`"${unknown}" is no kind of object. Kinds are ${OBJECT_KINDS.join(', ')}.`);
}
