import { MammoflowError } from '../pipeline/errors.js';

/** Prints a verb's answer for programs: one JSON document on standard output. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Prints a line of a verb's answer for people. */
export function printLine(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/** A remark beside the answer, on standard error, so that what a program reads stays as it is. */
export function printNote(line: string): void {
  process.stderr.write(`${line}\n`);
}

/**
 * A table for people: columns as wide as their widest cell, two spaces between, no trailing spaces. Numbers, and cells
 * that look like one, stand at the right.
 */
export function table(header: readonly string[], rows: readonly (readonly (string | number | undefined)[])[]): string {
  const cells = [header, ...rows].map((row) => header.map((_, column) => String(row[column] ?? '')));
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const numeric = header.map((_, column) => cells.slice(1).every((row) => /^([+-]?[\d.,]+%?)?$/.test(row[column]!)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => (numeric[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Lines of CSV (RFC 4180), without a line end after the last. */
export function csv(lines: readonly (readonly (string | number)[])[]): string {
  return lines.map((cells) => cells.map((cell) => quote(String(cell))).join(',')).join('\r\n');
}

const quote = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** One clear line with what to do next; the stack as well with `MAMMOFLOW_DEBUG=1`, and for a defect. */
export function printError(error: unknown): void {
  const debug = process.env.MAMMOFLOW_DEBUG === '1';
  if (error instanceof MammoflowError) {
    process.stderr.write(`error: ${error.sentence}\n`);
    if (debug) process.stderr.write(`${error.code}\n${stackOf(error)}\n`);
    return;
  }
  const message = error instanceof Error ? error.message || error.name : String(error);
  process.stderr.write(`error: ${message}\n`);
  if (debug) process.stderr.write(`${stackOf(error)}\n`);
  else process.stderr.write('This was not expected. Set MAMMOFLOW_DEBUG=1 to see where it happened.\n');
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause)}`;
  return `${error.stack}${cause}`;
}
