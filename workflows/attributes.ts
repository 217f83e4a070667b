import { defineSearchAttributeKey, type SearchAttributePair, SearchAttributeType } from '@temporalio/common';

const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);

const KEYS = {
  job: keyword('MammoflowJob'),
  exam: keyword('MammoflowExam'),
  bundle: keyword('MammoflowBundle'),
  outcome: keyword('MammoflowOutcome'),
  branch: keyword('MammoflowBranch'),
  commit: keyword('MammoflowCommit'),
} as const;

const WARNING = defineSearchAttributeKey('MammoflowWarning', SearchAttributeType.KEYWORD_LIST);

/** By which warnings an exam's run is found: the codes of quality checks. Nothing where there are none. */
export const warningAttribute = (codes: readonly string[]): SearchAttributePair[] =>
  codes.length === 0 ? [] : [{ key: WARNING, value: [...codes] }];

/** Temporal's visibility store on PostgreSQL keeps keywords in columns of 255 characters, and loses runs over that. */
const LONGEST_KEYWORD = 255;

const shortened = (value: string): string =>
  value.length <= LONGEST_KEYWORD ? value : `${value.slice(0, LONGEST_KEYWORD - 1)}…`;

/** The typed search attributes that runs are found by, from plain values. */
export function searchAttributes(values: Partial<Record<keyof typeof KEYS, string>>): SearchAttributePair[] {
  return (Object.keys(KEYS) as (keyof typeof KEYS)[]).flatMap((name) => {
    const value = values[name];
    return value === undefined || value === '' ? [] : [{ key: KEYS[name], value: shortened(value) }];
  });
}
