/**
 * The search attributes that runs are found by in the Temporal UI, with their types. `infra/dev` and `doctor` make
 * sure that a namespace has them.
 */
export const SEARCH_ATTRIBUTES = {
  MammoflowJob: 'Keyword',
  MammoflowExam: 'Keyword',
  MammoflowBundle: 'Keyword',
  MammoflowOutcome: 'Keyword',
  MammoflowBranch: 'Keyword',
  MammoflowCommit: 'Keyword',
  MammoflowWarning: 'KeywordList',
} as const;
