// `npm run build`: compiles, bundles the console's page, and writes down what was compiled. Plain Node, since nothing is built yet.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';

const root = fileURLToPath(new URL('../..', import.meta.url));

const BUNDLED = ['page', 'workflow-bundle'].map((folder) => join(root, 'dist', folder));

/**
 * Compiles everything to dist/ and, where that succeeded, writes dist/.built and dist/build.json.
 *
 * @returns the exit code of what failed, or 0
 */
export function build() {
  const modules = join(root, 'node_modules');
  const run = (...command) => spawnSync(process.execPath, command, { cwd: root, stdio: ['inherit', 2, 2] }).status ?? 1;
  const compiler = join(modules, 'typescript', 'bin', 'tsc');
  let status =
    run(compiler, '-p', '.') ||
    run(compiler, '-p', 'console/page') ||
    run(join(modules, 'vite', 'bin', 'vite.js'), 'build', 'console/page', '--config', 'console/page/vite.config.ts');
  if (status === 0) {
    removeStale(join(root, 'dist'));
    // After what is stale is gone: it is made from all compiled workflows.
    status = run(join(root, 'dist', 'workers', 'workflow-bundle.js'));
  }
  if (status === 0) {
    compress(join(root, 'dist', 'page'));
    noteBuild();
    // Compiled files alone do not tell whether all of them are there: this one is written after a build that succeeded.
    writeFileSync(join(root, 'dist', '.built'), '');
  }
  return status;
}

/** Leaves a compressed copy beside each file of the page, for the console to send. */
function compress(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    writeFileSync(`${path}.br`, brotliCompressSync(readFileSync(path)));
  }
}

/**
 * Removes what was compiled from sources that are gone: a test of that kind would go on being run. Files that are not the
 * compiler's stay.
 */
function removeStale(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      // The console's page and the workflows that workers load are bundled, and not the compiler's.
      if (!BUNDLED.includes(path)) removeStale(path);
      continue;
    }
    const [, stem] = /^(.+?)(?:\.d)?\.[jt]s(?:\.map)?$/.exec(relative(join(root, 'dist'), path)) ?? [];
    if (stem !== undefined && !['.ts', '.tsx'].some((ending) => existsSync(join(root, stem + ending)))) rmSync(path);
  }
}

/**
 * Writes dist/build.json: the commit that dist/ was compiled from, and whether anything differed from it. `{}` where
 * this is no git checkout, or there is no git.
 */
export function noteBuild() {
  const commit = git('rev-parse', '--verify', 'HEAD');
  // The checkout of something else, for instance of a project that has this one in its node_modules, tells nothing.
  const ours = commit !== undefined && realpathSync(git('rev-parse', '--show-toplevel') ?? '/') === realpathSync(root);
  const note = ours ? { commit, clean: git('status', '--porcelain') === '' } : {};
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(join(root, 'dist', 'build.json'), `${JSON.stringify(note)}\n`);
}

function git(...args) {
  const { status, stdout } = spawnSync('git', args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return status === 0 ? stdout.trim() : undefined;
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = build();
}
