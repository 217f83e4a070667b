import { readFileSync } from 'node:fs';

/** Files of the package's root and of its build lie two folders and one above the compiled file. */
const packageJson = readJson('../../package.json') as { version: string };
const note = readJson('../build.json') as { commit?: string; clean?: boolean } | undefined;

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * What a build is called in provenance, with semantic versioning's sign for build metadata: `0.1.0+<commit>`, with
 * `.modified` where the files that were compiled differed from the commit, and `0.1.0` where nothing is known.
 *
 * @param told what a deployment says of its build, instead of what was found when it was built
 */
export function buildName(version: string, found: { commit?: string; clean?: boolean } = {}, told?: string): string {
  if (told) return `${version}+${told}`;
  if (found.commit === undefined) return version;
  return `${version}+${found.commit}${found.clean === true ? '' : '.modified'}`;
}

/** The exact code of this build, recorded with every datum. `MAMMOFLOW_BUILD` says it where a deployment has no git. */
export const buildVersion: string = buildName(packageJson.version, note, process.env.MAMMOFLOW_BUILD);
