import { resolve } from 'node:path';
import { writeWhole } from './write-whole.js';

/**
 * Variables that lead a program to other services than those of its data folder, or through a proxy: left over in the
 * shell from other work, or set for the machine. The servers have settings of the same kind (`VGW_*`, `ROOT_*`).
 */
const LEADS_ELSEWHERE = [
  /^(AWS|TEMPORAL|VGW|ROOT_ACCESS|ROOT_SECRET)_/,
  /^(no_)?((https?|all|grpc)_)?proxy$/i,
  /^MAMMOFLOW_(BUCKET|DATA|METRICS|RECEIVER_METRICS|WEBHOOK_TOKEN|WEBHOOK_SECRET)$/,
];

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

/** Writes what `programEnvironment` refers to. A wholly empty file is an error to @temporalio/envconfig 1.24. */
export async function writeProgramSettings(dataFolder: string): Promise<void> {
  await writeWhole(temporalConfigFile(dataFolder), '[profile.default]\n');
}
