import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type Address, parseAddress } from './addresses.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine } from './output.js';

interface ListenOptions extends CommonOptions {
  readonly listen: Address;
  readonly title: string;
  readonly from: readonly string[];
  readonly spool?: string;
  readonly tlsKey?: string;
  readonly tlsCert?: string;
  readonly tlsCa?: string;
}

/** `mammoflow listen`: takes DICOM objects by C-STORE until it is told to stop. */
export function listenCommand(): Command {
  return new Command('listen')
    .description('take DICOM objects by C-STORE into the inbox, and answer C-ECHO, until stopped')
    .addOption(
      new Option('--listen <host:port>', 'where to listen')
        .env('MAMMOFLOW_DICOM_LISTEN')
        .argParser(parseAddress)
        .default({ host: '127.0.0.1', port: 11112 }, '127.0.0.1:11112'),
    )
    .addOption(new Option('--title <AE>', 'the AE title that it answers to').argParser(parseTitle).default('MAMMOFLOW'))
    .addOption(
      new Option('--from <AE...>', 'AE titles that may call')
        .argParser((value: string, before: string[] = []) => [...before, parseTitle(value)])
        .makeOptionMandatory(),
    )
    .option('--spool <folder>', 'where objects lie until they are in the inbox (received in the data folder)')
    .option('--tls-key <file>', 'private key (PEM): TLS is required then')
    .option('--tls-cert <file>', 'certificate (PEM)')
    .option('--tls-ca <file>', 'certificates (PEM) of which callers have to have one')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Associations are served by storescp of DCMTK, which has to be installed (on Debian: apt-get install dcmtk). Whoever is not
called by --title or does not call as --from is rejected, with a line in the log. Objects go to inbox/dicom/ as they come;
what is received and not there yet lies in the spool, which survives this process. SIGTERM ends it gracefully.

Examples:
  $ mammoflow listen --listen 0.0.0.0:11112 --from PACS --from MAMMO1
  $ mammoflow listen --from PACS --tls-key key.pem --tls-cert cert.pem --tls-ca hospital.pem`,
    )
    .action(serve);
}

/** @throws InvalidArgumentError for what is no AE title (PS3.5, 6.2). */
function parseTitle(text: string): string {
  const title = text.trim();
  if (/^[\x20-\x5b\x5d-\x7e]{1,16}$/.test(title)) return title;
  throw new InvalidArgumentError('An AE title has 1 to 16 characters, and no backslash.');
}

async function serve({ listen, title, from, spool, tlsKey, tlsCert, tlsCa, data, json }: ListenOptions): Promise<void> {
  const { readFile } = await import('node:fs/promises');
  const { connect, MammoflowError } = await import('../index.js');
  const { startListener } = await import('../triggers/associations/listener.js');
  const { createLog } = await import('../workers/log.js');
  if ((tlsKey === undefined) !== (tlsCert === undefined) || (tlsCa !== undefined && tlsKey === undefined)) {
    throw new MammoflowError(
      'invalid-argument',
      'TLS needs a private key and a certificate.',
      'Give both --tls-key and --tls-cert.',
    );
  }
  const mammoflow = await connect({ dataFolder: data });
  const log = createLog('listener');
  let hinting: NodeJS.Timeout | undefined;
  const hint = (): void => {
    hinting ??= setTimeout(() => {
      hinting = undefined;
      // The Schedule looks into the inbox every minute anyway.
      mammoflow.lookIntoInbox().catch((error) => log.warn({ err: error }, 'the inbox could not be told of'));
    }, HINT_AFTER_MS);
  };
  const listener = await startListener({
    ...listen,
    title,
    callers: from,
    folder: spool ?? join(data, 'received'),
    ...(tlsKey !== undefined &&
      tlsCert !== undefined && {
        tls: {
          key: await readFile(tlsKey),
          cert: await readFile(tlsCert),
          ...(tlsCa !== undefined && { ca: await readFile(tlsCa) }),
        },
      }),
    async deliver(path, acknowledged) {
      const { outcome } = await mammoflow.receiveObject({ path, from: acknowledged ? 'acknowledged' : 'interrupted' });
      if (outcome === 'stored') hint();
    },
    log,
  });
  const address = `${listen.host}:${listener.port}`;
  if (json) printJson({ listen: address, title, from });
  else printLine(`DICOM        ${title} at ${address}${tlsKey === undefined ? '' : ' (TLS)'}, for ${from.join(', ')}`);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  await listener.close();
  clearTimeout(hinting);
  await mammoflow.close();
}

/** A sender of many objects one by one is one hint. */
const HINT_AFTER_MS = 500;
