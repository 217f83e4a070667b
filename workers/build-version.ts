import { readFileSync } from 'node:fs';

/** `package.json` lies two folders above the compiled file. */
const packageJson: { version: string } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
);

/** The version of this build, recorded with every datum; a deployment adds its commit in `MAMMOFLOW_BUILD`. */
export const buildVersion: string =
  process.env.MAMMOFLOW_BUILD === undefined
    ? packageJson.version
    : `${packageJson.version}+${process.env.MAMMOFLOW_BUILD}`;
