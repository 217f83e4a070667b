import type { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../pipeline/search-attributes.js';

export type SearchAttributeName = keyof typeof SEARCH_ATTRIBUTES;

/** The numbers of `temporal.api.enums.v1.IndexedValueType` for the words that the CLI and we use. */
const INDEXED_VALUE_TYPES: Readonly<Record<string, number>> = {
  Keyword: 2,
  Int: 3,
  Bool: 5,
  Datetime: 6,
  KeywordList: 7,
};

/** The search attributes mammoflow sets that a namespace does not have. */
export async function missingSearchAttributes(
  connection: Connection,
  namespace: string,
): Promise<SearchAttributeName[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return (Object.keys(SEARCH_ATTRIBUTES) as SearchAttributeName[]).filter(
    (name) => !(name in (customAttributes ?? {})),
  );
}

/** Registers search attributes in a namespace (needs the right to administer it). */
export async function addSearchAttributes(
  connection: Connection,
  namespace: string,
  names: readonly SearchAttributeName[],
): Promise<void> {
  const searchAttributes = Object.fromEntries(
    names.map((name) => [name, INDEXED_VALUE_TYPES[SEARCH_ATTRIBUTES[name]]!]),
  );
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
}
