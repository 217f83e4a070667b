import { hostname } from 'node:os';
import { createMammoflow, type Mammoflow } from './api/mammoflow.js';
import { type OpenSession, openSession } from './api/open-session.js';
import type { Identities } from './dicom/identity/identities.js';
import { type ConnectionSettings, connectionSettings } from './infra/connection.js';
import { identityPlaces } from './infra/identity-places.js';
import { userName } from './infra/user-name.js';
import { inboxSettingsOf } from './pipeline/inbox-settings.js';

export { type Page, pageOf } from './api/page.js';
export type * from './api/types.js';
export { type ErrorCode, ExamError, MammoflowError } from './pipeline/errors.js';

/** How to reach mammoflow's services, and who asks. */
export interface ConnectOptions {
  /** The data folder of services that `mammoflow up` runs; `.mammoflow` unless said. */
  readonly dataFolder?: string;
  /** Variables that say where Temporal and S3 are and how to sign in, as the command reads them; those of this process unless given. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Who commits; `MAMMOFLOW_AUTHOR` of those variables, or the user and host of this process, unless said. */
  readonly author?: string;
}

/** All verbs, and the end of the connections. */
export type Connected = Mammoflow & {
  readonly settings: ConnectionSettings;
  close(): Promise<void>;
};

/**
 * Connects to the services that the command would use: those of `TEMPORAL_*`, `AWS_*` and `MAMMOFLOW_BUCKET`, or those that
 * `mammoflow up` runs on the data folder. Nothing is sent before a verb needs it.
 *
 * @throws MammoflowError `invalid-configuration` for a variable that cannot be right, `service-unavailable` when there is
 *   neither configuration nor a running stack.
 * @example
 * import { connect } from 'mammoflow';
 *
 * const mammoflow = await connect();
 * await mammoflow.put({ repo: 'exams', paths: ['./november'] });
 * for await (const { exam, outcome } of mammoflow.results()) console.log(exam, outcome);
 * await mammoflow.close();
 */
export async function connect(options: ConnectOptions = {}): Promise<Connected> {
  const { dataFolder, environment = process.env } = options;
  const settings = await connectionSettings({ ...(dataFolder === undefined ? {} : { dataFolder }), environment });
  const session = openLocalSession(settings, options.author, environment, dataFolder);
  return { ...createMammoflow(session), settings, close: session.close };
}

/** A session on some services, with the stages and the author of this machine. */
export function openLocalSession(
  settings: ConnectionSettings,
  author?: string,
  environment: NodeJS.ProcessEnv = process.env,
  dataFolder = '.mammoflow',
): OpenSession {
  let opened: Promise<Identities> | undefined;
  return openSession(settings, {
    author: author ?? environment.MAMMOFLOW_AUTHOR ?? `${userName()}@${hostname()}`,
    stages: async () => (await import('./activities/stages/index.js')).stages,
    inbox: inboxSettingsOf(environment),
    identities({ mustExist = false } = {}) {
      const open = async () => {
        const { openIdentities } = await import('./dicom/identity/identities.js');
        return openIdentities(identityPlaces(dataFolder, environment), { mustExist });
      };
      if (mustExist) return opened ?? open();
      opened ??= open();
      return opened;
    },
    async forgetIdentity(exam) {
      const { forgetIdentity } = await import('./dicom/identity/identities.js');
      return forgetIdentity(identityPlaces(dataFolder, environment), exam);
    },
    credentials: environment,
  });
}
