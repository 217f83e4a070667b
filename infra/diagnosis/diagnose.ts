import { resolve } from 'node:path';
import { MammoflowError } from '../../pipeline/errors.js';
import { type ConnectionSettings, connectionSettings } from '../connection.js';
import { requireConsole } from '../dev/console-process.js';
import { receiverHealth } from '../dev/event-receiver.js';
import { readRunningState } from '../dev/state.js';
import { checkDamage, checkS3 } from './bucket.js';
import { type Finding, fail, ok, reasonOf, warn } from './finding.js';
import { checkDisks, checkEnvironment, checkNode, checkTool } from './machine.js';
import { checkTemporal, queuesOfStages } from './temporal.js';

/** Looks at everything. Never throws for something that is wrong: that is a finding. */
export async function diagnose(dataFolder: string): Promise<Finding[]> {
  const machine = [checkNode(), checkTool('temporal', 'TEMPORAL_CLI'), ...(await checkDisks(dataFolder))];
  let settings: ConnectionSettings;
  try {
    settings = await connectionSettings({ dataFolder });
  } catch (error) {
    const next = (error instanceof MammoflowError && error.next) || 'Start the services with `mammoflow up`.';
    return [...machine, fail('services', reasonOf(error), next)];
  }
  const origins = settings.origins.map(({ setting, value, from }) => ok(setting, `${value}, from ${from}`));
  const [damage, s3, temporal, receiver, page] = await Promise.all([
    checkDamage(settings),
    checkS3(settings),
    checkTemporal(settings, await queuesOfStages(settings)),
    checkReceiver(dataFolder),
    checkConsole(dataFolder),
  ]);
  const environment = await checkEnvironment(dataFolder);
  return [...machine, ...origins, ...environment, ...s3, ...damage, ...temporal, ...receiver, ...page];
}

/** Only the embedded one is known here. Without it uploads are still taken in, a little later. */
async function checkReceiver(dataFolder: string): Promise<Finding[]> {
  const receiver = (await readRunningState(resolve(dataFolder)))?.receiver;
  if (receiver === undefined) return [];
  try {
    const status = await receiverHealth(receiver.address);
    if (status === 'ok') return [ok('receiver', `hears of uploads on ${receiver.address}`)];
    return [warn('receiver', `is ${status}.`, 'Uploads are taken in when Temporal answers again: see above.')];
  } catch (error) {
    return [
      warn(
        'receiver',
        `${receiver.address} does not answer (${reasonOf(error)}), restarted ${receiver.restarts} times.`,
        'It is started again by itself: if this stays, look into logs/receiver.log in the data folder.',
      ),
    ];
  }
}

/** The embedded one. Nothing else needs it. */
async function checkConsole(dataFolder: string): Promise<Finding[]> {
  const { console: address, consoleProcess } = (await readRunningState(resolve(dataFolder))) ?? {};
  if (address === undefined) return [];
  try {
    await requireConsole(address);
    return [ok('console', `answers on ${address}`)];
  } catch (error) {
    return [
      warn(
        'console',
        `${address} does not answer (${reasonOf(error)}), restarted ${consoleProcess?.restarts ?? 0} times.`,
        'It is started again by itself: if this stays, look into logs/console.log in the data folder.',
      ),
    ];
  }
}
