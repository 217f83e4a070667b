import type { RequestOf } from '../../contract/client.js';

/** The state that an exam's page shows: by default what is newest on `main`. */
export const referenceOf = (address: URLSearchParams): string => address.get('ref') ?? 'main';

/** What an exam's page asks for. */
export const examRequest = (exam: string, address: URLSearchParams): RequestOf<'exam'> => ({
  params: { exam },
  query: { ref: referenceOf(address) },
});
