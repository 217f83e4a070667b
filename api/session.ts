import type { Client } from '@temporalio/client';
import type { Identities } from '../dicom/identity/identities.js';
import type { Commit } from '../pipeline/commit.js';
import { MammoflowError } from '../pipeline/errors.js';
import type { InboxSettings } from '../pipeline/inbox-settings.js';
import type { StageDeclaration } from '../pipeline/stage.js';
import type { Repository } from '../repos/repository.js';

/**
 * All that a verb works with. It is handed in by whoever opens the door (the command, a page, a script), so that no verb
 * reads the environment, prints, or knows who is asking.
 */
export interface Session {
  readonly repository: Repository;
  /** Temporal's client. Connects with the first call; verbs that only read S3 never call it. */
  client(): Promise<Client>;
  /** Who commits, e.g. `ana@reading-room`. */
  readonly author: string;
  readonly now: () => Date;
  /** The stages that this build has. Loaded with the first call. */
  stages(): Promise<readonly StageDeclaration[]>;
  /** When what lies in the inbox is taken in. */
  readonly inbox: InboxSettings;
  /**
   * The key of pseudonyms and the map back to patients, for verbs that take DICOM objects or give results back. Absent
   * where a session has none. A key is made where there is none, unless `mustExist` says so.
   */
  readonly identities?: (options?: { readonly mustExist?: boolean }) => Promise<Identities>;
  /** Removes an exam from that map, for which no key is needed. @returns whether it was there. */
  readonly forgetIdentity?: (exam: string) => Promise<boolean>;
  /** Variables of the environment that hold credentials of destinations. */
  readonly credentials?: Readonly<Record<string, string | undefined>>;
}

/** The newest commit of a branch. @throws MammoflowError `unknown-reference` with what to do when there is none. */
export async function requireHead(repository: Repository, branch: string): Promise<Commit> {
  const head = await repository.head(branch);
  if (head !== undefined) return head;
  throw new MammoflowError(
    'unknown-reference',
    `There is no branch ${branch} yet.`,
    'Put something first, e.g. `mammoflow put exams <folder>`.',
  );
}
