import { S3Client } from '@aws-sdk/client-s3';
import { Command } from 'commander';
import { type ConnectionSettings, connectionSettings } from '../infra/connection.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine } from './output.js';

/** `mammoflow env`: the settings for other programs. */
export function envCommand(): Command {
  return new Command('env')
    .description('print the variables that bring S3 clients and the Temporal CLI to the same services')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Example:
  $ eval "$(mammoflow env)"
  $ aws s3 ls "s3://$MAMMOFLOW_BUCKET/"
  $ temporal workflow list`,
    )
    .action(async ({ data, json }: CommonOptions) => {
      const variables = await clientEnvironment(await connectionSettings({ dataFolder: data }));
      if (json) return printJson(variables);
      for (const [name, value] of Object.entries(variables)) printLine(`export ${name}=${shellQuoted(value)}`);
    });
}

/** The settings as variables, with credentials and region as the AWS SDK finds them. */
async function clientEnvironment({ temporal, s3, bucket }: ConnectionSettings): Promise<Record<string, string>> {
  const client = new S3Client(s3.config);
  const { accessKeyId, secretAccessKey, sessionToken } = await client.config.credentials();
  const region = await client.config.region();
  const endpoint = s3.config.endpoint;
  client.destroy();
  return {
    AWS_ENDPOINT_URL_S3: typeof endpoint === 'string' ? endpoint : `https://s3.${region}.amazonaws.com`,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    ...(sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: sessionToken }),
    AWS_REGION: region,
    MAMMOFLOW_BUCKET: bucket,
    TEMPORAL_ADDRESS: temporal.connection.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
  };
}

/** A word for a POSIX shell: nothing in single quotes is expanded. */
function shellQuoted(value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
