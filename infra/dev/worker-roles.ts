/** What worker processes there are; one is started for each. */
export const WORKER_ROLES = ['workflow', 'cpu', 'gpu'] as const;
export type WorkerRole = (typeof WORKER_ROLES)[number];

/** What a worker can be told to serve. Deliveries need no process of their own on one machine. */
export const SERVED_ROLES = [...WORKER_ROLES, 'delivery'] as const;
export type ServedRole = (typeof SERVED_ROLES)[number];
