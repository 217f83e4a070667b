import { randomUUID } from 'node:crypto';
import { mkdir, rename, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writeWhole } from './write-whole.js';

/**
 * Variables that lead a program to other services than those of its data folder, or through a proxy: left over in the
 * shell from other work, or set for the machine. The servers have settings of the same kind (`VGW_*`, `ROOT_*`).
 */
const LEADS_ELSEWHERE = [
  /^(AWS|VGW|ROOT_ACCESS|ROOT_SECRET)_/,
  /^TEMPORAL_(?!CLI$)/,
  /^(no_)?((https?|all|grpc)_)?proxy$/i,
  /^MAMMOFLOW_(BUCKET|DATA|METRICS|RECEIVER_METRICS|WEBHOOK_TOKEN|WEBHOOK_SECRET)$/,
];

/** Whether a variable names a proxy. */
export const setsProxy = (name: string): boolean => /^(https?|all|grpc)_proxy$/i.test(name);

/** Whether a variable decides which services a program finds, and how. */
export const leadsElsewhere = (name: string): boolean => LEADS_ELSEWHERE.some((pattern) => pattern.test(name));

/**
 * The environment of a program that belongs to a data folder: what this process has, without anything that would lead
 * elsewhere, and with what the program is told. Files of settings in the user's home are out of its sight too.
 */
export function programEnvironment(
  dataFolder: string,
  told: Readonly<Record<string, string>>,
  environment: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => !leadsElsewhere(name));
  return {
    ...Object.fromEntries(kept),
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    TEMPORAL_CONFIG_FILE: temporalConfigFile(dataFolder),
    ...told,
  };
}

const temporalConfigFile = (dataFolder: string): string => resolve(dataFolder, 'temporal.toml');

/** A folder for the PATH of users, with the Temporal CLI that the services use. */
export const programsFolder = (dataFolder: string): string => resolve(dataFolder, 'bin');

/** Writes what `programEnvironment` refers to. An empty file of profiles is an error to @temporalio/envconfig 1.24. */
export async function writeProgramSettings(dataFolder: string, temporalCli: string): Promise<void> {
  await writeWhole(temporalConfigFile(dataFolder), '[profile.default]\n');
  const programs = programsFolder(dataFolder);
  await mkdir(programs, { recursive: true });
  const link = join(programs, `.${randomUUID()}`);
  await symlink(resolve(temporalCli), link);
  await rename(link, join(programs, 'temporal'));
}
