import type { Client } from '@temporalio/client';
import pLimit from 'p-limit';
import { READ_STAGE } from '../../pipeline/exam-objects.js';
import { destinationsOf } from '../../planning/delivery/destinations.js';
import { startDelivery } from '../../planning/delivery/start-delivery.js';
import { markUndelivered } from '../../repos/delivery-records.js';
import { type Repository, rootOf } from '../../repos/repository.js';

/** Workflows started at once. */
const CONCURRENCY = 16;

/**
 * Starts the deliveries of results that have landed, to every destination that gets those of the branch by itself. Each is a
 * workflow of its own, so that no destination holds a result back; one that cannot be started goes on the list of what was not
 * delivered. Exams that no image is known of have nothing to deliver. Safe to repeat: what was delivered is not sent again.
 */
export async function deliverLanded(
  { repository, client }: { readonly repository: Repository; readonly client: Client },
  branch: string,
  exams: readonly string[],
): Promise<void> {
  const head = await repository.head(branch);
  if (head === undefined || exams.length === 0) return;
  const automatic = Object.entries(await destinationsOf(repository, head)).filter(
    ([, destination]) => destination.automatic === branch,
  );
  if (automatic.length === 0) return;
  const read = await repository.stages.getMany(rootOf(head, READ_STAGE), exams);
  const limit = pLimit(CONCURRENCY);
  const start = async (exam: string, name: string, destination: (typeof automatic)[number][1]): Promise<void> => {
    try {
      await startDelivery(client, destination, { destination: name, exam, branch });
    } catch (error) {
      const reason = `Its delivery could not be started: ${(error as Error).message}`;
      const since = new Date(repository.store.serverTime()).toISOString();
      await markUndelivered(repository.store, { exam, destination: name, branch, since, reason });
    }
  };
  await Promise.all(
    [...read.keys()].flatMap((exam) =>
      automatic.map(([name, destination]) => limit(() => start(exam, name, destination))),
    ),
  );
}
