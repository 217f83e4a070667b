import { readCredentials, type S3Credentials } from './dev/s3-credentials.js';
import { readRunningState, type StackState } from './dev/state.js';
import type { Variables } from './variables.js';

/** The services that run on a data folder, with what is needed to use them. */
export interface Embedded {
  readonly folder: string;
  readonly temporal: NonNullable<StackState['temporal']>;
  readonly s3: NonNullable<StackState['s3']> & { readonly credentials: S3Credentials };
}

/** Undefined where none run. */
export async function embeddedOn(folder: string): Promise<Embedded | undefined> {
  const { temporal, s3 } = (await readRunningState(folder)) ?? {};
  if (temporal === undefined || s3 === undefined) return undefined;
  const credentials = await readCredentials(folder);
  return credentials === undefined ? undefined : { folder, temporal, s3: { ...s3, credentials } };
}

/** The variables that lead to another Temporal and to another S3 than the services that run. */
export interface Elsewhere {
  readonly temporal: readonly string[];
  readonly s3: readonly string[];
}

/** Variables that name what runs here lead nowhere else. */
export function elsewhere(variables: Variables, { temporal, s3 }: Embedded): Elsewhere {
  const { TEMPORAL_ADDRESS, TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE } = variables;
  const endpoint = variables.AWS_ENDPOINT_URL_S3 === undefined ? 'AWS_ENDPOINT_URL' : 'AWS_ENDPOINT_URL_S3';
  const differs = (value: string | undefined, embedded?: string): boolean => value !== undefined && value !== embedded;
  const names = (found: Readonly<Record<string, boolean>>): string[] =>
    Object.keys(found).filter((name) => found[name] === true);
  return {
    // A profile tells nothing where the address is given, unless that leads elsewhere too.
    temporal:
      TEMPORAL_ADDRESS === temporal.address
        ? []
        : names({
            TEMPORAL_ADDRESS: differs(TEMPORAL_ADDRESS),
            TEMPORAL_PROFILE: differs(TEMPORAL_PROFILE),
            TEMPORAL_CONFIG_FILE: differs(TEMPORAL_CONFIG_FILE),
          }),
    s3: names({
      [endpoint]: differs(variables[endpoint], s3.endpoint),
      MAMMOFLOW_BUCKET: differs(variables.MAMMOFLOW_BUCKET, s3.bucket),
    }),
  };
}
