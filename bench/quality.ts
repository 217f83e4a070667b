import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { parseCount } from '../cli/options.js';
import { readGrey16Png } from '../imaging/grey16-png.js';
import type { Grey16Image } from '../imaging/planes.js';
import type { MeasuredExam } from '../imaging/quality/check.js';
import { inspectExam } from '../imaging/quality/inspect.js';
import { measureView } from '../imaging/quality/measure-view.js';
import { drawView } from '../models/phantom/draw-view.js';
import { STANDARD_MIX } from '../models/phantom/mix.js';
import { planExam } from '../models/phantom/plan-exam.js';
import { VIEWS, type View } from '../pipeline/exam.js';
import { qualityPolicySchema, qualitySettings } from '../pipeline/quality-policy.js';
import { type Finding, worstVerdict } from '../pipeline/quality-report.js';
import { alterations, type Pictures } from '../tests/support/alterations.js';
import { sharedFolder } from '../tests/support/shared.js';
import { machine, table } from './system.js';

/**
 * How often each check of `check_quality` fires on sound pictures and on altered ones. The bounds in
 * pipeline/quality-policy.ts come from it. See docs/quality.md.
 */

/** A seed of its own range, used for no model and for no demonstration. */
const DEFAULT_SEED = 820_000;
const DEFAULT_SOUND = 100;
const DEFAULT_ALTERED = 12;

interface Options {
  readonly sound: number;
  readonly altered: number;
  readonly seed: number;
  readonly policy: 'strict' | 'lenient';
  readonly json?: string;
}

/** What became of the exams of one kind. */
interface Row {
  readonly name: string;
  readonly strength: string;
  readonly gross: boolean;
  exams: number;
  refused: number;
  warned: number;
  readonly codes: Map<string, number>;
}

function drawPhantom(seed: number, index: number): Pictures {
  const plan = planExam(seed, index, STANDARD_MIX);
  return Object.fromEntries(VIEWS.map((view) => [view, drawView(plan, view)])) as unknown as Pictures;
}

/** Exams of real pictures where the golden data is: the two exams, and what the synthetic fields can be put together to. */
async function realExams(): Promise<{ readonly name: string; readonly pictures: Pictures }[]> {
  const shared = sharedFolder();
  if (shared === undefined) return [];
  const read = async (file: string): Promise<Grey16Image> => readGrey16Png(join(shared, file));
  const exam = async (name: string, fileOf: (view: View) => string) => ({
    name,
    pictures: Object.fromEntries(
      await Promise.all(VIEWS.map(async (view) => [view, await read(fileOf(view))] as const)),
    ) as unknown as Pictures,
  });
  return [
    await exam('gmic-0', (view) => `exams/gmic-0/${view}.png`),
    await exam('mixed', (view) => `exams/mixed/${view}.png`),
    await exam('field', (view) => `reference/golden/synthetic/field_${view.replace('_', '-')}.png`),
  ];
}

const measureExam = (pictures: Partial<Pictures>): Partial<MeasuredExam> =>
  Object.fromEntries(Object.entries(pictures).map(([view, image]) => [view, measureView(image as Grey16Image)]));

async function main(options: Options): Promise<void> {
  const settings = qualitySettings(qualityPolicySchema.parse({ policy: options.policy }));
  const rows: Row[] = [];
  const rowOf = (name: string, strength: string, gross: boolean): Row => {
    const known = rows.find((row) => row.name === name && row.strength === strength);
    if (known !== undefined) return known;
    const row: Row = { name, strength, gross, exams: 0, refused: 0, warned: 0, codes: new Map() };
    rows.push(row);
    return row;
  };
  const ranges = new Map<string, { low: number; high: number }>();
  const count = (row: Row, findings: readonly Finding[]): void => {
    row.exams += 1;
    const verdict = worstVerdict(findings);
    if (verdict === 'refuse') row.refused += 1;
    if (verdict === 'warn') row.warned += 1;
    for (const code of new Set(findings.filter((each) => each.verdict !== 'ok').map((each) => each.code)))
      row.codes.set(code, (row.codes.get(code) ?? 0) + 1);
  };
  const soundRow = rowOf('sound phantoms', '', false);
  const alter = (pictures: Pictures, measured: MeasuredExam, other: Pictures, turn: number, prefix: string): void => {
    for (const { name, strength, gross, apply } of alterations) {
      const view = VIEWS[turn % VIEWS.length] as View;
      const changed = measureExam(apply(pictures, view, other));
      count(rowOf(`${prefix}${name}`, strength, gross), inspectExam({ ...measured, ...changed }, 'NO', settings));
    }
  };
  const cpu = { measured: 0, microseconds: 0 };
  let previous: Pictures | undefined;
  for (let index = 1; index <= Math.max(options.sound, options.altered); index += 1) {
    const pictures = drawPhantom(options.seed, index);
    const before = process.cpuUsage();
    const measured = measureExam(pictures) as MeasuredExam;
    const findings = inspectExam(measured, 'NO', settings);
    const { user, system } = process.cpuUsage(before);
    cpu.measured += 1;
    cpu.microseconds += user + system;
    count(soundRow, findings);
    for (const { code, value, verdict, view } of findings) {
      if (verdict !== 'ok') console.error(`sound ${options.seed}-${index} ${view ?? ''} ${code} ${value}: ${verdict}`);
      if (value === undefined) continue;
      const range = ranges.get(code) ?? { low: value, high: value };
      ranges.set(code, { low: Math.min(range.low, value), high: Math.max(range.high, value) });
    }
    if (index <= options.altered) {
      previous ??= drawPhantom(options.seed, options.sound + options.altered + 1);
      alter(pictures, measured, previous, index, '');
      previous = pictures;
    }
    if (index % 10 === 0) console.error(`${index} exams`);
  }
  const real = await realExams();
  const realRow = rowOf('sound real exams', '', false);
  for (const [turn, { name, pictures }] of real.entries()) {
    const measured = measureExam(pictures) as MeasuredExam;
    const findings = inspectExam(measured, 'NO', settings);
    count(realRow, findings);
    for (const { code, value, verdict, view } of findings)
      if (verdict !== 'ok') console.error(`sound ${name} ${view ?? ''} ${code} ${value}: ${verdict}`);
    if (options.altered === 0) continue;
    for (const offset of [0, 1, 2, 3]) {
      const other = (real[(turn + 1) % real.length] as (typeof real)[number]).pictures;
      alter(pictures, measured, other, turn + offset, 'real: ');
    }
  }
  const percent = (part: number, whole: number): string =>
    whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`;
  console.log(
    table(
      ['pictures', 'strength', 'exams', 'refused', 'warned', 'neither', 'by'],
      rows.map((row) => [
        `${row.name}${row.gross || row.name.startsWith('sound') ? '' : ' (mild)'}`,
        row.strength,
        String(row.exams),
        percent(row.refused, row.exams),
        percent(row.warned, row.exams),
        percent(row.exams - row.refused - row.warned, row.exams),
        [...row.codes]
          .sort((a, b) => b[1] - a[1])
          .map(([code, times]) => `${code} ${times}`)
          .join(', '),
      ]),
    ),
  );
  console.log(
    table(
      ['check', 'lowest on sound phantoms', 'highest', 'expected', 'accepted'],
      [...ranges].map(([code, { low, high }]) => {
        const setting = settings[code as keyof typeof settings];
        return [code, String(low), String(high), JSON.stringify(setting.expected), JSON.stringify(setting.accepted)];
      }),
    ),
  );
  const gross = rows.filter((row) => row.gross);
  const sum = (of: (row: Row) => number): number => gross.reduce((total, row) => total + of(row), 0);
  const seen = sum((row) => row.refused + row.warned);
  console.log(
    `gross alterations refused or warned: ${seen} of ${sum((row) => row.exams)} (${percent(
      seen,
      sum((row) => row.exams),
    )})`,
  );
  console.log(
    `${(cpu.microseconds / cpu.measured / 1000).toFixed(0)} ms of CPU a phantom exam, decoding not counted; ${machine()}`,
  );
  if (options.json !== undefined) {
    const plain = rows.map((row) => ({ ...row, codes: Object.fromEntries(row.codes) }));
    await writeFile(
      options.json,
      `${JSON.stringify({ rows: plain, ranges: Object.fromEntries(ranges) }, undefined, 2)}\n`,
    );
  }
}

await new Command('quality')
  .description('How often each quality check fires on sound and on altered exams')
  .option('--sound <number>', 'phantom exams that are looked at as they are', parseCount, DEFAULT_SOUND)
  .option('--altered <number>', 'of these, exams that are altered in every way', parseCount, DEFAULT_ALTERED)
  .option('--seed <number>', 'seed of the phantom exams', Number, DEFAULT_SEED)
  .option('--policy <name>', 'strict or lenient', 'strict')
  .option('--json <file>', 'write the counts there')
  .action(main)
  .parseAsync();
