/*
 * Words and limits that the page needs while it runs, apart from the schemas, so that zod does not have to travel with them.
 */

/** Each may do what those before it may. */
export const ROLES = ['read', 'operate', 'administer'] as const;

/**
 * `incomplete`: lies in the inbox and waits for a view. `arriving`: complete there, about to be taken in. `refused`: lies
 * there and cannot be taken. `queued`: committed, nobody has begun. `running`: at a stage. `done`. `failed`, with its reason.
 * `stale`: has results, and something newer is wanted. `damaged`: its results are not what was committed. `erased`.
 */
export const EXAM_STATES = [
  'incomplete',
  'arriving',
  'refused',
  'queued',
  'running',
  'done',
  'failed',
  'stale',
  'damaged',
  'erased',
] as const;

/** `failed` puts what failed first; the others are by exam, by arrival, or by the chosen label's probability. */
export const EXAM_SORTS = ['newest', 'oldest', 'failed', 'exam', 'highest', 'lowest'] as const;

export const EVENT_TYPES = ['reset', 'branch', 'results', 'job', 'inbox', 'service'] as const;

/** What uploads are bounded by. */
export const UPLOAD_LIMITS = {
  /** Exams in one upload. */
  exams: 500,
  /** Files in one upload. */
  files: 3_000,
  /** Bytes of one file. A full-field view has 17 MB of pixels. */
  fileBytes: 256 * 1024 * 1024,
  /** Bytes of all files of all uploads that lie here at once. */
  totalBytes: 32 * 1024 * 1024 * 1024,
  /** Bytes of one piece. */
  pieceBytes: 16 * 1024 * 1024,
  /** Uploads that lie here at once. */
  uploads: 20,
  /** After which an upload that nobody touched is removed. */
  hours: 24,
} as const;
