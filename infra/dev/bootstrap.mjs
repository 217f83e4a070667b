// Run first by `npm start`, `npm test` and the benchmarks, before anything is installed or built: plain Node without
// dependencies.
// Brings node_modules and dist up to date, and says nothing where they are.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, noteBuild } from './build.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const OLDEST_NODE = [20, 19];

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}

function modified(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}

/** The newest change of a file, or among the files below a folder whose names end in one of `endings`. */
function newestIn(folder, endings) {
  if (!statSync(folder).isDirectory()) return modified(folder);
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) newest = Math.max(newest, newestIn(path, endings));
    else if (endings.some((ending) => entry.name.endsWith(ending))) newest = Math.max(newest, modified(path));
  }
  return newest;
}

function run(why, command, args) {
  console.error(`${why}: ${command} ${args.join(' ')}`);
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['inherit', 2, 2],
    shell: process.platform === 'win32',
  });
  if (error) fail(`${command} could not be started: ${error.message}`);
  if (status !== 0) fail(`${command} ${args.join(' ')} failed. What it printed above says why.`);
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  fail(
    `mammoflow needs Node ${OLDEST_NODE.join('.')} or newer, this is ${process.versions.node}. Install a newer Node (https://nodejs.org) and try again.`,
  );
}

// npm writes this file last, whenever it installs.
const installed = join(root, 'node_modules', '.package-lock.json');
const compiler = join(root, 'node_modules', 'typescript', 'package.json');
if (modified(installed) < modified(join(root, 'package-lock.json')) || !existsSync(compiler)) {
  // Whatever NODE_ENV says: the compiler is a development dependency.
  const why = existsSync(installed) ? 'dependencies have changed' : 'installing dependencies';
  run(why, 'npm', ['ci', '--include=dev']);
}

// The folders and files that tsconfig.json compiles are the first parts of its `include`.
const { include } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'));
const sourceFolders = include
  .map((pattern) => join(root, pattern.split('/')[0]))
  .filter((folder) => existsSync(folder));
const newestSource = Math.max(
  modified(join(root, 'tsconfig.json')),
  modified(installed),
  ...sourceFolders.map((folder) => newestIn(folder, ['.ts', '.tsx', '.css', '.html', '.svg'])),
);
const built = join(root, 'dist', '.built');
if (modified(built) < newestSource) {
  console.error('building');
  if (build() !== 0) fail('The build failed. What it printed above says why.');
} else {
  // The same sources, but they may have been committed since.
  noteBuild();
}
