/** What worker processes there are; one is started for each. */
export const WORKER_ROLES = ['workflow', 'cpu', 'gpu'] as const;
export type WorkerRole = (typeof WORKER_ROLES)[number];
