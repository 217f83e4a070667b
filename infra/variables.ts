import { z } from 'zod';
import { MammoflowError } from '../pipeline/errors.js';

/** An empty variable counts as not set, as in the AWS SDK and the Temporal CLI. */
const unlessEmpty = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());
const variable = unlessEmpty(z.string());
const url = unlessEmpty(z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }));
const bucketName = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
    'must be a bucket name (3 to 63 lower-case letters, digits, "-" or ".")',
  );
const environmentSchema = z.object({
  AWS_ENDPOINT_URL_S3: url,
  AWS_ENDPOINT_URL: url,
  AWS_REGION: variable,
  AWS_DEFAULT_REGION: variable,
  MAMMOFLOW_BUCKET: unlessEmpty(bucketName),
  TEMPORAL_ADDRESS: variable,
  TEMPORAL_NAMESPACE: variable,
  TEMPORAL_PROFILE: variable,
  TEMPORAL_CONFIG_FILE: variable,
});

/** The variables that say where Temporal and S3 are, as they were set. */
export type Variables = z.infer<typeof environmentSchema>;

/** @throws MammoflowError `invalid-configuration` naming a variable that cannot be right */
export function readVariables(environment: NodeJS.ProcessEnv): Variables {
  const parsed = environmentSchema.safeParse(environment);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  const name = String(path[0]);
  throw new MammoflowError('invalid-configuration', `${name}=${environment[name]} ${message}.`, 'Correct or unset it.');
}
