/** Where everything lies in the bucket. Data keys are stable and read by version id; `.mammoflow/` is bookkeeping. */

const BOOKKEEPING = '.mammoflow';

export const fileKey = (repo: string, item: string, path: string): string => `${repo}/${item}/${path}`;
export const commitKey = (id: string): string => `${BOOKKEEPING}/commits/${id}.json`;
export const commitPrefix = (idPrefix: string): string => `${BOOKKEEPING}/commits/${idPrefix}`;
export const treesPrefix = `${BOOKKEEPING}/trees/`;
export const treeKey = (sha256: string): string => `${BOOKKEEPING}/trees/${sha256}.json`;
/** Leaves of trees once more, many in one object, by the digits on their path. All of them may be deleted at any time. */
export const leafPacksPrefix = `${BOOKKEEPING}/packs/`;
export const leafPacksOf = (kind: string): string => `${leafPacksPrefix}${kind}/`;
export const leafPackKey = (kind: string, path: string): string => `${leafPacksOf(kind)}${path}.jsonl`;
export const branchKey = (name: string): string => `${BOOKKEEPING}/branches/${name}.json`;
export const branchesPrefix = `${BOOKKEEPING}/branches/`;
export const datumsPrefix = `${BOOKKEEPING}/datums/`;
export const datumsOfExamPrefix = (stage: string, exam: string): string => `${datumsPrefix}${stage}/${exam}/`;
export const datumKeyPath = (stage: string, exam: string, key: string): string =>
  `${datumsOfExamPrefix(stage, exam)}${key}.json`;

/** Job ids are Temporal workflow ids, which may hold any character, so they are escaped. */
const jobFolder = (job: string): string => `${BOOKKEEPING}/jobs/${encodeURIComponent(job)}`;
export const jobsPrefix = `${BOOKKEEPING}/jobs/`;
export const jobSettingsKey = (job: string): string => `${jobFolder(job)}/settings.json`;
export const jobPlanPrefix = (job: string): string => `${jobFolder(job)}/plan/`;
export const jobPageKey = (job: string, page: number): string =>
  `${jobFolder(job)}/plan/${String(page).padStart(6, '0')}.json`;
export const jobRestKey = (job: string, page: number): string =>
  `${jobFolder(job)}/rest/${String(page).padStart(6, '0')}.json`;
/** The names that a job was asked for, where they are too many for a workflow's argument. */
export const jobScopeKey = (job: string): string => `${jobFolder(job)}/scope.json`;
export const jobOutcomeKey = (job: string, exam: string): string => `${jobFolder(job)}/outcomes/${exam}.json`;
export const knownOutcomesPrefix = `${BOOKKEEPING}/outcomes/`;
/** Jobs share these: the results for what is wanted of an exam. */
export const knownOutcomeKey = (exam: string, wanted: string): string =>
  `${BOOKKEEPING}/outcomes/${exam}/${wanted}.json`;
export const memosPrefix = `${BOOKKEEPING}/memo/`;
export const memoKey = (context: string): string => `${BOOKKEEPING}/memo/${context}.json`;
export const jobSummaryKey = (job: string): string => `${jobFolder(job)}/summary.json`;
/** What lists show of many exams at once, by the SHA-256 of each object. All of them may be deleted at any time. */
export const headlinesPrefix = `${BOOKKEEPING}/headlines/`;
export const headlineSegmentKey = (sha256: string): string => `${headlinesPrefix}${sha256}.json`;
/** What was erased, kept for ever: exam ids, times and hashes. */
/** Why people let an exam pass quality checks. */
export const acceptanceReasonsPrefix = (exam: string): string => `${BOOKKEEPING}/reasons/${exam}/`;
export const acceptanceReasonKey = (exam: string, id: string): string => `${acceptanceReasonsPrefix(exam)}${id}.json`;

export const erasuresPrefix = `${BOOKKEEPING}/erased/`;
export const erasureKey = (exam: string): string => `${erasuresPrefix}${exam}.json`;
/** Who computes a datum now: there only while somebody does. */
export const claimsPrefix = `${BOOKKEEPING}/claims/`;
export const claimsOfExamPrefix = (exam: string): string => `${claimsPrefix}${exam}/`;
export const claimKey = (exam: string, stage: string, key: string): string =>
  `${claimsOfExamPrefix(exam)}${stage}/${key}.json`;
/** Which erasures each worker has applied to its disk cache. */
export const cacheReportsPrefix = `${BOOKKEEPING}/caches/`;
export const cacheReportKey = (worker: string): string => `${cacheReportsPrefix}${encodeURIComponent(worker)}.json`;

/** What is remembered of uploads that cannot be taken in: `<repo>/<item>/<fingerprint of its files>.json`. */
export const refusalsPrefix = `${BOOKKEEPING}/refused/`;
export const refusalPrefix = (repo: string, item: string): string => `${refusalsPrefix}${repo}/${item}/`;
export const refusalKey = (repo: string, item: string, fingerprint: string): string =>
  `${refusalPrefix(repo, item)}${fingerprint}.json`;
/** What is known of DICOM objects that lie in the inbox: `<fingerprint of the upload>.json`. */
export const sortedPrefix = `${BOOKKEEPING}/sorted/`;
export const sortedKey = (fingerprint: string): string => `${sortedPrefix}${fingerprint}.json`;
/** Why they cannot be looked at for now. */
export const objectsHoldKey = `${BOOKKEEPING}/objects-hold.json`;
/** By which key the exams of a bucket are named: a digest of it, which tells nothing of it. */
export const pseudonymKeyKey = `${BOOKKEEPING}/pseudonym-key.json`;
export const inboxKey = (repo: string, item: string, path: string): string => `inbox/${repo}/${item}/${path}`;
/** Uploads that somebody took out of the inbox, by the time at which they did. */
export const dismissedPrefix = (repo: string, item: string): string => `dismissed/${repo}/${item}/`;
export const dismissedKey = (repo: string, item: string, time: string, path: string): string =>
  `${dismissedPrefix(repo, item)}${time}/${path}`;
/** What was found damaged or gone, until somebody mends it. */
export const damagePrefix = `${BOOKKEEPING}/damaged/`;
export const damageOfItemPrefix = (repo: string, item: string): string => `${damagePrefix}${repo}/${item}/`;
export const damageKey = (repo: string, item: string, id: string): string =>
  `${damageOfItemPrefix(repo, item)}${id}.json`;

/** What destinations got of an exam. */
export const deliveriesPrefix = `${BOOKKEEPING}/deliveries/`;
export const deliveriesOfExamPrefix = (exam: string): string => `${deliveriesPrefix}${exam}/`;
export const deliveryKey = (exam: string, destination: string): string =>
  `${deliveriesOfExamPrefix(exam)}${destination}.json`;
/** What they should have and have not. */
export const undeliveredPrefix = `${BOOKKEEPING}/undelivered/`;
export const undeliveredOfExamPrefix = (exam: string): string => `${undeliveredPrefix}${exam}/`;
export const undeliveredKey = (exam: string, destination: string): string =>
  `${undeliveredOfExamPrefix(exam)}${destination}.json`;
