import pLimit from 'p-limit';
import { DEFAULT_BRANCH } from '../../pipeline/commit.js';
import { destinationsOf } from '../../planning/delivery/destinations.js';
import { startDelivery } from '../../planning/delivery/start-delivery.js';
import { listUndelivered, type Undelivered } from '../../repos/delivery-records.js';
import type { Session } from '../session.js';

export interface RetryDeliveriesOptions {
  /** Only of these exams; of all unless said. */
  readonly exams?: readonly string[] | undefined;
  /** Only to this destination. */
  readonly destination?: string | undefined;
}

export interface RetryDeliveriesOutcome {
  readonly started: readonly { readonly exam: string; readonly destination: string; readonly workflow: string }[];
  /** Those whose destination is not set any more. */
  readonly left: readonly { readonly exam: string; readonly destination: string }[];
}

/** Workflows started at once. */
const CONCURRENCY = 16;

/**
 * Sends again what was not delivered. What a destination has by now is not sent twice, and what was superseded meanwhile is
 * replaced by what is newest.
 *
 * @throws MammoflowError `service-unavailable` without Temporal.
 * @example
 * const { started } = await mammoflow.retryDeliveries({ destination: 'pacs' });
 */
export async function retryDeliveries(
  session: Session,
  { exams, destination }: RetryDeliveriesOptions = {},
): Promise<RetryDeliveriesOutcome> {
  const { repository } = session;
  const client = await session.client();
  const letters: Undelivered[] = [];
  for await (const letter of listUndelivered(repository.store)) {
    if (destination !== undefined && letter.destination !== destination) continue;
    if (exams === undefined || exams.includes(letter.exam)) letters.push(letter);
  }
  const limit = pLimit(CONCURRENCY);
  const started: { exam: string; destination: string; workflow: string }[] = [];
  const left: { exam: string; destination: string }[] = [];
  const again = async ({ exam, destination: name, branch, commit }: Undelivered): Promise<void> => {
    const head = (await repository.head(branch)) ?? (await repository.head(DEFAULT_BRANCH));
    const settings = head && (await destinationsOf(repository, head))[name];
    if (settings === undefined) {
      left.push({ exam, destination: name });
      return;
    }
    const request = { destination: name, exam, branch, ...(commit === undefined ? {} : { commit }) };
    started.push({ exam, destination: name, workflow: await startDelivery(client, settings, request) });
  };
  await Promise.all(letters.map((letter) => limit(() => again(letter))));
  const byExam = (a: { exam: string }, b: { exam: string }): number => (a.exam < b.exam ? -1 : 1);
  return { started: started.sort(byExam), left: left.sort(byExam) };
}
