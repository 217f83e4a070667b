import type { ExamExplanation, SourceFile, SourceModel, StageExplanation } from '../api/provenance/explain-exam.js';
import type { FileTrace } from '../api/provenance/trace-file.js';
import { canonicalJson } from '../pipeline/canonical-json.js';
import { RESEARCH_USE_ONLY } from '../pipeline/predictions.js';
import { printLine } from './output.js';
import { warningText } from './results-output.js';

/** Hashes, commits and datum keys are cut to this many digits for people; `--json` has them whole. */
const short = (hash: string): string => hash.slice(0, 12);

/** One screen: the exam first, then every stage with what it did, why, and from what. */
export function printExplanation(explanation: ExamExplanation): void {
  const { exam, outcome, reason, bundle, job, commit, landed, files, since, accepted, stages, history } = explanation;
  printLine(`${exam}: ${outcome}${reason === undefined ? '' : `: ${reason}`}`);
  printLine(`  commit ${short(commit.id)} (${commit.sequence}), files as of commit ${since}`);
  if (job !== undefined) {
    const how =
      landed === undefined ? '' : `, in commit ${short(landed.commit)} (${landed.sequence}) of ${landed.time}`;
    printLine(`  results of job ${job} with bundle ${bundle}${how}`);
  }
  if (landed !== undefined && (landed.by.kind !== 'job' || landed.by.job !== job)) {
    printLine(
      `  known before, and brought back by ${landed.by.kind === 'job' ? `job ${landed.by.job}` : landed.by.kind}`,
    );
  }
  for (const { check, view, author, time, reason } of accepted) {
    const what = view === undefined ? check : `${check} of ${view}`;
    printLine(
      `  passes ${what}, by ${author} on ${time.slice(0, 10)}: ${reason ?? 'the reason is gone from the bucket'}`,
    );
  }
  if (stages.length === 0) for (const file of files) printLine(`  exams/${file.path} ${short(file.sha256)}`);
  for (const stage of stages) printStage(stage);
  if (!history.complete) {
    printLine();
    printLine(`The history was followed for ${history.commits} commits; --depth goes further back.`);
  }
  printLine();
  printLine(RESEARCH_USE_ONLY);
}

function printStage(stage: StageExplanation): void {
  printLine();
  printLine(`${stage.stage} ${stage.status}${stage.why.length === 0 ? '' : `: ${stage.why.join('; ')}`}`);
  printLine(`  ${codeOf(stage)}${stage.datum === undefined ? '' : `, datum ${short(stage.datum)}`}`);
  for (const warning of stage.warnings ?? []) printLine(`  warning: ${warningText(warning)}`);
  for (const line of groups(stage.inputs)) printLine(`  read ${line}`);
  for (const model of stage.models) printLine(`  model ${modelText(model)}`);
  const run = runOf(stage);
  if (run !== '') printLine(`  ${run}`);
}

/** A file and everything it comes from, as a tree; a datum that has been shown is only named again. */
export function printTrace(exam: string, trace: FileTrace): void {
  const shown = new Set<string>();
  const print = (node: FileTrace, indent: string): void => {
    for (const file of node.files) printLine(`${indent}${node.repo}/${exam}/${fileText(file)}`);
    const { made } = node;
    if (made === undefined) return;
    const datum = made.datum === undefined ? '' : ` datum ${short(made.datum)}`;
    if (shown.has(node.repo)) {
      printLine(`${indent}  made by ${made.stage}${datum}, as above`);
      return;
    }
    shown.add(node.repo);
    printLine(`${indent}  made by ${made.stage}${datum}: ${codeOf(made)}`);
    const run = runOf(made);
    if (run !== '') printLine(`${indent}  ${run}`);
    for (const model of made.models) printLine(`${indent}  with model ${modelText(model)}`);
    printLine(`${indent}  from`);
    for (const source of node.from) print(source, `${indent}    `);
  };
  print(trace, '');
  printLine(RESEARCH_USE_ONLY);
}

function codeOf({ version, parameters }: StageExplanation): string {
  const departing = Object.entries(parameters ?? {}).map(([name, value]) => `${name}=${canonicalJson(value)}`);
  return `version ${version ?? 'unknown'}, ${departing.length === 0 ? 'default parameters' : departing.join(' ')}`;
}

function runOf({ job, provenance, startedAt, seconds }: StageExplanation): string {
  const named = [
    ['build', provenance?.build],
    ['on', provenance?.host],
    ['with', provenance?.executionProvider],
    ['at', startedAt],
  ] as const;
  return [
    ...(job === undefined ? [] : [`job ${job}`]),
    ...named.flatMap(([word, value]) => (value === undefined ? [] : [`${word} ${String(value)}`])),
    ...(seconds === undefined ? [] : [`${seconds.toFixed(1)} s`]),
  ].join(', ');
}

/** One line a repo: `exams: L_CC.png 3f9c21ab1234 @version, …`. */
function groups(inputs: readonly SourceFile[]): string[] {
  const repos = new Map<string, string[]>();
  for (const input of inputs) repos.set(input.repo, [...(repos.get(input.repo) ?? []), input.path]);
  return [...repos].map(([repo]) => {
    const files = inputs.filter((input) => input.repo === repo);
    // Versions are told for what people put; those of stage outputs are in --json and --file.
    return `${repo}: ${files.map((file) => (repo === 'exams' ? fileText(file) : `${file.path} ${short(file.sha256)}`)).join(', ')}`;
  });
}

const fileText = ({ path, sha256, versionId }: SourceFile): string =>
  `${path} ${short(sha256)}${versionId === undefined ? ' (no version left)' : ` @${versionId}`}`;

const modelText = ({ role, bundle, path, sha256, versionId }: SourceModel): string =>
  bundle === undefined
    ? `${role} ${short(sha256)}`
    : `${role} models/${bundle}/${path} ${short(sha256)}${versionId === undefined ? '' : ` @${versionId}`}`;
