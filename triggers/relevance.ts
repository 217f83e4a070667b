import { INBOX, INBOX_REPOS } from '../pipeline/inbox.js';
import type { ObjectEvent } from './notification.js';

/** Whether an event is a reason to look into the inbox, and if not, why not. Names are labels of a metric. */
export const RELEVANCES = ['inbox', 'not_created', 'other_bucket', 'other_key', 'bad_key'] as const;
export type Relevance = (typeof RELEVANCES)[number];

const INBOX_FOLDERS = INBOX_REPOS.map((repo) => `${INBOX}/${repo}/`);

/** Escaped slashes (after the one decoding that is due), backslashes and control characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NEVER_IN_A_KEY = /%2f|%5c|\\|[\u0000-\u001f\u007f]/i;

/**
 * Judges an event by what it says of itself. This keeps a busy bucket quiet; it protects nothing, since an event that
 * slips through only leads to a look at what really lies in the inbox.
 */
export function relevanceOf({ created, bucket, key }: ObjectEvent, ourBucket: string): Relevance {
  if (!created) return 'not_created';
  if (bucket !== ourBucket) return 'other_bucket';
  if (key === undefined || NEVER_IN_A_KEY.test(key)) return 'bad_key';
  if (key.split('/').some((part) => part === '.' || part === '..')) return 'bad_key';
  return INBOX_FOLDERS.some((folder) => key.startsWith(folder)) ? 'inbox' : 'other_key';
}
