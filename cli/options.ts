import { type Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_DATA_FOLDER } from '../infra/dev/data-folder.js';
import { SERVED_ROLES, type ServedRole, WORKER_ROLES, type WorkerRole } from '../infra/dev/worker-roles.js';
import { DEFAULT_BRANCH } from '../pipeline/commit.js';

/** What every verb that needs the services takes. */
export interface CommonOptions {
  readonly data: string;
  readonly json?: boolean;
}

/** `--data`: where the embedded services keep their data. */
export function dataOption(): Option {
  return new Option('--data <folder>', 'data folder of the embedded services')
    .env('MAMMOFLOW_DATA')
    .default(DEFAULT_DATA_FOLDER);
}

/** `--json`: the answer for programs. */
export function jsonOption(): Option {
  return new Option('--json', 'print JSON for programs');
}

/** Adds what every verb that commits takes: `--message`, `--branch` and `--no-process`. */
export function addCommitOptions(command: Command): Command {
  return command
    .option('-m, --message <text>', "the commit's message")
    .option('--branch <name>', 'the branch to commit to', DEFAULT_BRANCH)
    .option('--no-process', 'commit only; `mammoflow process` does the rest later');
}

/** What verbs that commit are given, as `api` takes it. */
export const commitOptions = ({
  branch,
  process,
  message,
}: {
  readonly branch: string;
  readonly process: boolean;
  readonly message?: string;
}) => ({ branch, process, ...(message === undefined ? {} : { message }) });

/** Parses `workflow,cpu` into roles that have a process each. */
export const parseRoles = (text: string): WorkerRole[] => parseNames(text, WORKER_ROLES);

/** Parses `cpu,delivery` into what one process serves. */
export const parseServedRoles = (text: string): ServedRole[] => parseNames(text, SERVED_ROLES);

function parseNames<Role extends string>(text: string, roles: readonly Role[]): Role[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !(roles as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`"${unknown}" is not a role. Roles are ${roles.join(', ')}.`);
  }
  return roles.filter((role) => names.includes(role));
}

/** Parses how many of something to show. */
export function parseCount(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a whole number from 1 on.');
}

/** Parses a time in seconds. */
export function parseSeconds(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a whole number of seconds.');
}

/** Parses a probability. */
export function parseProbability(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('Give a probability from 0 to 1.');
}
