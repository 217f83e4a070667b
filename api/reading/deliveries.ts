import { listDeliveries, listUndelivered } from '../../repos/delivery-records.js';
import type { Session } from '../session.js';

/** What a destination got of an exam. */
export interface DeliveryRow {
  readonly exam: string;
  readonly destination: string;
  readonly status: 'under-way' | 'delivered' | 'refused' | 'undelivered';
  readonly at: string;
  /** Objects that the destination has, and those that it does not want; absent for `undelivered`. */
  readonly stored?: number;
  readonly refused?: number;
  readonly identity?: 'original' | 'pseudonyms';
  readonly commit?: string;
  /** For `undelivered`: why. */
  readonly reason?: string;
}

export interface DeliveriesOptions {
  /** All that destinations ever got of this exam, oldest first; of all exams what was not delivered, unless said. */
  readonly exam?: string | undefined;
  readonly destination?: string | undefined;
}

/**
 * What destinations should have and have not, each with its reason; or, of one exam, all that they got, and what not.
 *
 * @example
 * for await (const { exam, destination, reason } of mammoflow.deliveries()) console.log(exam, destination, reason);
 */
export async function* deliveries(
  { repository: { store } }: Session,
  { exam, destination }: DeliveriesOptions = {},
): AsyncGenerator<DeliveryRow> {
  if (exam !== undefined) {
    for await (const record of listDeliveries(store, exam)) {
      if (destination !== undefined && record.destination !== destination) continue;
      for (const { status, begunAt, endedAt = begunAt, stored, refused, identity, commit } of record.deliveries) {
        const row = { exam, destination: record.destination, status, at: endedAt };
        yield { ...row, stored, refused, identity, commit };
      }
    }
  }
  for await (const letter of listUndelivered(store, exam)) {
    if (destination !== undefined && letter.destination !== destination) continue;
    const { since: at, reason, commit } = letter;
    const row = { exam: letter.exam, destination: letter.destination, status: 'undelivered', at, reason } as const;
    yield { ...row, ...(commit === undefined ? {} : { commit }) };
  }
}
