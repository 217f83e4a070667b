import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { parseCount } from '../cli/options.js';
import { readGrey16Png, writeGrey16Png } from '../imaging/grey16-png.js';
import type { MeasuredExam } from '../imaging/quality/check.js';
import { inspectExam } from '../imaging/quality/inspect.js';
import { measureView } from '../imaging/quality/measure-view.js';
import { readBundle } from '../inference/bundle.js';
import { packageRoot } from '../infra/package-root.js';
import { drawView } from '../models/phantom/draw-view.js';
import { STANDARD_MIX } from '../models/phantom/mix.js';
import { planExam } from '../models/phantom/plan-exam.js';
import { VIEWS, type View } from '../pipeline/exam.js';
import type { ModelReference } from '../pipeline/model-reference.js';
import {
  type CheckCode,
  QUALITY_CHECKS,
  type QualityCheckCode,
  type QualitySettings,
  qualityPolicySchema,
  qualitySettings,
} from '../pipeline/quality-policy.js';
import { type Finding, worstVerdict } from '../pipeline/quality-report.js';
import { alterations, type Pictures } from '../tests/support/alterations.js';
import { sharedFolder } from '../tests/support/shared.js';
import { machine, table } from './system.js';

/**
 * How often each check of `check_quality` fires on sound pictures and on altered ones, and what looking costs. The
 * bounds in pipeline/quality-policy.ts come from it. See docs/quality.md.
 */

/** A seed of its own range, used for no model and for no demonstration. */
const DEFAULT_SEED = 820_000;
const DEFAULT_SOUND = 100;
const DEFAULT_ALTERED = 12;
/** Shares of sound exams that may be warned of, and of gross alterations that must be seen. */
const TARGETS = { warned: 0.005, seen: 0.99, milliseconds: 250 } as const;
const FULL_SIZE = { rows: 3_328, columns: 2_560 } as const;

interface Options {
  readonly sound: number;
  readonly altered: number;
  readonly seed: number;
  readonly policy: 'strict' | 'lenient';
  readonly json?: string;
}

/** What became of the exams of one kind. */
interface Tally {
  exams: number;
  refused: number;
  warned: number;
  readonly codes: Map<CheckCode, number>;
}

interface Row {
  readonly name: string;
  readonly strength: string;
  readonly gross: boolean;
  readonly phantom: Tally;
  readonly real: Tally;
}

const newTally = (): Tally => ({ exams: 0, refused: 0, warned: 0, codes: new Map() });

function count(tally: Tally, findings: readonly Finding[]): void {
  const verdict = worstVerdict(findings);
  tally.exams += 1;
  if (verdict === 'refuse') tally.refused += 1;
  if (verdict === 'warn') tally.warned += 1;
  const fired = new Set(findings.filter((finding) => finding.verdict !== 'ok').map(({ code }) => code));
  for (const code of fired) tally.codes.set(code, (tally.codes.get(code) ?? 0) + 1);
}

function drawPhantom(seed: number, index: number): Pictures {
  const plan = planExam(seed, index, STANDARD_MIX);
  return Object.fromEntries(VIEWS.map((view) => [view, drawView(plan, view)])) as unknown as Pictures;
}

/** Exams of real pictures, where the golden data is: the two exams, and four views in larger fields. */
async function realExams(): Promise<{ readonly name: string; readonly pictures: Pictures }[]> {
  const shared = sharedFolder();
  if (shared === undefined) return [];
  const exam = async (name: string, fileOf: (view: View) => string) => {
    const read = async (view: View) => [view, await readGrey16Png(join(shared, fileOf(view)))] as const;
    return { name, pictures: Object.fromEntries(await Promise.all(VIEWS.map(read))) as unknown as Pictures };
  };
  return [
    await exam('gmic-0', (view) => `exams/gmic-0/${view}.png`),
    await exam('mixed', (view) => `exams/mixed/${view}.png`),
    await exam('field', (view) => `reference/golden/synthetic/field_${view.replace('_', '-')}.png`),
  ];
}

const measureExam = (pictures: Pictures): MeasuredExam =>
  Object.fromEntries(VIEWS.map((view) => [view, measureView(pictures[view])])) as unknown as MeasuredExam;

interface Altering {
  readonly turn: number;
  readonly other: Pictures;
  readonly settings: QualitySettings;
  readonly reference?: ModelReference | undefined;
}

/** Alters an exam in every way and looks at each: only the views that changed are measured again. */
function alterExam(
  pictures: Pictures,
  measured: MeasuredExam,
  { turn, other, settings, reference }: Altering,
  tell: (alteration: number, findings: readonly Finding[]) => void,
): void {
  const view = VIEWS[turn % VIEWS.length] as View;
  const before = inspectExam(measured, 'NO', settings, reference);
  for (const [index, { apply }] of alterations.entries()) {
    const changed = Object.entries(apply(pictures, view, other)).map(([name, image]) => [name, measureView(image)]);
    const findings = inspectExam({ ...measured, ...Object.fromEntries(changed) }, 'NO', settings, reference);
    tell(
      index,
      findings.filter((finding) => !before.some((known) => isSameFault(known, finding))),
    );
  }
}

/** What was found before the alteration is not counted for it. */
const isSameFault = (known: Finding, finding: Finding): boolean =>
  known.verdict !== 'ok' && known.code === finding.code && known.view === finding.view;

/** The median CPU time, in milliseconds, of reading and of measuring a view of a large detector. */
async function fullSizeCost(seed: number): Promise<{ readonly read: number; readonly measured: number }> {
  const { rows, columns, pixels } = drawView(planExam(seed, 1, STANDARD_MIX), 'L_MLO');
  const large = new Uint16Array(FULL_SIZE.rows * FULL_SIZE.columns);
  for (let index = 0; index < large.length; index += 1) {
    const row = Math.floor((Math.floor(index / FULL_SIZE.columns) * rows) / FULL_SIZE.rows);
    const column = Math.floor(((index % FULL_SIZE.columns) * columns) / FULL_SIZE.columns);
    large[index] = pixels[row * columns + column] as number;
  }
  const png = await writeGrey16Png({ ...FULL_SIZE, pixels: large });
  const runs: { read: number; measured: number }[] = [];
  for (let run = 0; run < 7; run += 1) {
    const before = process.cpuUsage();
    const image = await readGrey16Png(png);
    const { user, system } = process.cpuUsage(before);
    measureView(image);
    const all = process.cpuUsage(before);
    runs.push({ read: user + system, measured: all.user + all.system - user - system });
  }
  const median = (values: number[]): number => Math.round((values.sort((a, b) => a - b)[3] as number) / 1000);
  return { read: median(runs.map(({ read }) => read)), measured: median(runs.map(({ measured }) => measured)) };
}

const percent = (part: number, whole: number): string => (whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`);

const cellsOf = ({ exams, refused, warned }: Tally): string[] => [
  String(exams),
  percent(refused, exams),
  percent(warned, exams),
];

function mostFrequent(tallies: readonly Tally[]): string {
  const sums = new Map<string, number>();
  for (const { codes } of tallies) for (const [code, times] of codes) sums.set(code, (sums.get(code) ?? 0) + times);
  const ordered = [...sums].sort((a, b) => b[1] - a[1]).map(([code]) => code);
  return ordered.slice(0, 3).join(', ') + (ordered.length > 3 ? ', …' : '');
}

async function main(options: Options): Promise<void> {
  const settings = qualitySettings(qualityPolicySchema.parse({ policy: options.policy }));
  const sound: Row = { name: 'sound', strength: '', gross: false, phantom: newTally(), real: newTally() };
  const rows = alterations.map(
    ({ name, strength, gross }): Row => ({ name, strength, gross, phantom: newTally(), real: newTally() }),
  );
  const ranges = new Map<CheckCode, { low: number; high: number }>();
  // The phantom model's; real exams are unlike it, and none of them has a model of its own here.
  const { reference } = (await readBundle(join(packageRoot, 'models', 'phantom', 'bundle'))).bundle;
  const lookAt = (kind: 'phantom' | 'real', name: string, measured: MeasuredExam): void => {
    const findings = inspectExam(measured, 'NO', settings, kind === 'phantom' ? reference : undefined);
    count(sound[kind], findings);
    for (const { code, value, verdict, view } of findings) {
      if (verdict !== 'ok') console.error(`${name} ${view ?? ''} ${code} ${value}: ${verdict}`);
      if (value === undefined || kind === 'real') continue;
      const range = ranges.get(code) ?? { low: value, high: value };
      ranges.set(code, { low: Math.min(range.low, value), high: Math.max(range.high, value) });
    }
  };

  let microseconds = 0;
  let other = drawPhantom(options.seed, options.sound + 1);
  for (let index = 1; index <= options.sound; index += 1) {
    const pictures = drawPhantom(options.seed, index);
    const before = process.cpuUsage();
    const measured = measureExam(pictures);
    const { user, system } = process.cpuUsage(before);
    microseconds += user + system;
    lookAt('phantom', `phantom-${options.seed}-${index}`, measured);
    if (index > options.altered) continue;
    alterExam(pictures, measured, { turn: index, other, settings, reference }, (alteration, findings) =>
      count((rows[alteration] as Row).phantom, findings),
    );
    other = pictures;
    console.error(`${index} of ${options.altered} phantom exams altered`);
  }
  const real = await realExams();
  for (const [index, { name, pictures }] of real.entries()) {
    const measured = measureExam(pictures);
    lookAt('real', name, measured);
    const another = (real[(index + 1) % real.length] as (typeof real)[number]).pictures;
    for (const turn of VIEWS.keys()) {
      alterExam(pictures, measured, { turn, other: another, settings }, (alteration, findings) =>
        count((rows[alteration] as Row).real, findings),
      );
    }
    console.error(`real exam ${name} altered`);
  }

  console.log(`${machine()}; policy ${options.policy}, phantom exams 1 to ${options.sound} of seed ${options.seed}\n`);
  const header = ['pictures', 'strength', 'phantoms', 'refused', 'warned', 'real', 'refused', 'warned', 'seen by'];
  console.log(
    table(
      header,
      [sound, ...rows].map(({ name, strength, gross, phantom, real }) => [
        gross || name === 'sound' ? name : `${name} (mild)`,
        strength,
        ...cellsOf(phantom),
        ...cellsOf(real),
        mostFrequent([phantom, real]),
      ]),
    ),
  );
  console.log('');
  console.log(
    table(
      ['check', 'lowest of sound phantoms', 'highest', 'expected', 'accepted', 'action'],
      QUALITY_CHECKS.map((code) => {
        const { low, high } = ranges.get(code) ?? {};
        const { expected, accepted, action } = settings[code];
        return [code, String(low ?? '–'), String(high ?? '–'), boundsText(expected), boundsText(accepted), action];
      }),
    ),
  );
  const gross = rows.filter((row) => row.gross).flatMap((row) => [row.phantom, row.real]);
  const altered = gross.reduce((sum, { exams }) => sum + exams, 0);
  const seen = gross.reduce((sum, { refused, warned }) => sum + refused + warned, 0);
  const { read, measured } = await fullSizeCost(options.seed);
  console.log(`
Gross alterations refused or warned of: ${seen} of ${altered} (${percent(seen, altered)})
A phantom exam: ${(microseconds / options.sound / 1000).toFixed(0)} ms of CPU to measure
A view of ${FULL_SIZE.columns} × ${FULL_SIZE.rows}: ${read} ms of CPU to read, ${measured} ms to measure`);
  if (options.json !== undefined) {
    const plain = [sound, ...rows].map((row) => ({
      ...row,
      phantom: { ...row.phantom, codes: Object.fromEntries(row.phantom.codes) },
      real: { ...row.real, codes: Object.fromEntries(row.real.codes) },
    }));
    const figures = { rows: plain, ranges: Object.fromEntries(ranges), read, measured };
    await writeFile(options.json, `${JSON.stringify(figures, undefined, 2)}\n`);
  }
  const { exams, refused, warned } = sound.phantom;
  const met =
    refused === 0 &&
    warned <= TARGETS.warned * exams &&
    seen >= TARGETS.seen * altered &&
    read + measured <= TARGETS.milliseconds;
  if (!met && options.policy === 'strict') process.exitCode = 1;
}

function boundsText([low, high]: QualitySettings[QualityCheckCode]['expected']): string {
  if (low === null && high === null) return '–';
  if (low === null) return `≤ ${high}`;
  return high === null ? `≥ ${low}` : `${low} to ${high}`;
}

await new Command('bench:quality')
  .description('how often each quality check fires on sound and on altered exams, and what looking costs')
  .option('--sound <number>', 'phantom exams that are looked at', parseCount, DEFAULT_SOUND)
  .option('--altered <number>', 'the first of these that are altered in every way as well', parseCount, DEFAULT_ALTERED)
  .option('--seed <number>', 'seed of the phantom exams', Number, DEFAULT_SEED)
  .option('--policy <name>', 'strict or lenient', 'strict')
  .option('--json <file>', 'write the counts there')
  .action(main)
  .parseAsync();
