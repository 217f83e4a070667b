/** Addresses in the Temporal Web UI, where it is known. */
export interface TemporalLinks {
  /** Up to the namespace. */
  readonly base: string | null;
  workflow(id: string): string | null;
}

export function temporalLinks(ui: string | undefined, namespace: string): TemporalLinks {
  const base = ui === undefined ? null : `${ui.replace(/\/$/, '')}/namespaces/${encodeURIComponent(namespace)}`;
  return { base, workflow: (id) => (base === null ? null : `${base}/workflows/${encodeURIComponent(id)}`) };
}
