import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The compiled file lies in `dist/tests/support`, three folders below the root. */
export const repositoryRoot: string = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * The folder with the golden data that is too large, or not ours, to keep in the repository: `MAMMOFLOW_SHARED`, or
 * `shared` beside the checkout. Undefined where there is none.
 */
export function sharedFolder(): string | undefined {
  const folder = process.env.MAMMOFLOW_SHARED ?? join(repositoryRoot, '..', 'shared');
  return existsSync(join(folder, 'reference', 'golden')) ? folder : undefined;
}

/**
 * A test that needs the golden data. Without it the test is reported as skipped with the reason, or fails where
 * `MAMMOFLOW_REQUIRE_SHARED=1` says that the data must be there (CI).
 */
export function itWithShared(title: string, test: (this: Mocha.Context, shared: string) => Promise<void> | void): void {
  const shared = sharedFolder();
  if (shared !== undefined) {
    it(title, function () {
      return test.call(this, shared);
    });
  } else if (process.env.MAMMOFLOW_REQUIRE_SHARED === '1') {
    it(title, () => {
      throw new Error('MAMMOFLOW_REQUIRE_SHARED=1, but the folder with the golden data is missing');
    });
  } else {
    it.skip(`${title} (skipped: needs the golden data, set MAMMOFLOW_SHARED to its folder)`);
  }
}
