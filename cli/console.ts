import { join } from 'node:path';
import { Command, Option } from 'commander';
import { parseAddress } from './addresses.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine } from './output.js';

interface ConsoleOptions extends CommonOptions {
  readonly listen: { readonly host: string; readonly port: number };
}

/** `mammoflow console`: serves the web page until it is told to stop. */
export function consoleCommand(): Command {
  return new Command('console')
    .description("serve the console's API: exams, pictures, heatmaps, jobs, uploads")
    .addOption(
      new Option('--listen <host:port>', 'where to listen; port 0 for any that is free')
        .env('MAMMOFLOW_CONSOLE_LISTEN')
        .argParser(parseAddress)
        .default({ host: '127.0.0.1', port: 4780 }, '127.0.0.1:4780'),
    )
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
On an address of this machine alone everybody who reaches it may do everything. Any other address needs either of:

  MAMMOFLOW_CONSOLE_TOKENS   a JSON file: [{"name": "ana", "role": "operate", "sha256": "<of the token>", "expires"?: …}]
  MAMMOFLOW_OIDC_ISSUER      an identity provider, with MAMMOFLOW_OIDC_AUDIENCE; roles are in the claim that
                             MAMMOFLOW_OIDC_ROLES_CLAIM names (roles)

Roles: read, operate (upload, start, retry and cancel jobs), administer (revert, move branches, models, stages). Put TLS in
front of it: the console itself speaks HTTP. SIGTERM ends it. \`mammoflow up\` and \`npm start\` start one by themselves.

Examples:
  $ mammoflow console
  $ openssl rand -hex 32 | tee token | tr -d '\\n' | sha256sum      # the token, and what the file of tokens has of it
  $ MAMMOFLOW_CONSOLE_TOKENS=tokens.json mammoflow console --listen 0.0.0.0:4780`,
    )
    .action(serve);
}

async function serve({ listen, data, json }: ConsoleOptions): Promise<void> {
  const { connectionSettings } = await import('../infra/connection.js');
  const { openLocalSession } = await import('../index.js');
  const { accessSettings, startConsole } = await import('../console/server/index.js');
  const { createLog } = await import('../workers/log.js');
  const { buildVersion } = await import('../workers/build-version.js');
  const settings = await connectionSettings({ dataFolder: data });
  const access = await accessSettings(process.env);
  const session = openLocalSession(settings);
  const console = await startConsole({
    ...listen,
    session,
    bucket: settings.bucket,
    // The embedded services' own console is told where their UI is; their addresses come by the environment.
    temporal: {
      ui: process.env.MAMMOFLOW_TEMPORAL_UI || settings.temporal.ui,
      namespace: settings.temporal.namespace,
    },
    access,
    uploadFolder: join(data, 'uploads'),
    build: buildVersion,
    log: createLog('console'),
  });
  if (json) printJson({ console: console.address });
  else printLine(`Console      ${console.address}`);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  await console.close();
  await session.close();
}
