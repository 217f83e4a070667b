import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { ObserveDatum } from '../activities/observation.js';

/** What a worker counts for Prometheus, beside what Temporal's SDK counts by itself. No label names an exam. */
export interface WorkerMetrics {
  readonly registry: Registry;
  readonly observe: ObserveDatum;
  /** @param bytes resident memory of the inference process, asked for whenever the metrics are read. */
  watchMemory(bytes: () => number): void;
}

/** From a small picture to a heatmap of a large exam on a busy processor. */
const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320];

export function workerMetrics(): WorkerMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const datums = new Counter({
    name: 'mammoflow_datums_total',
    help: 'Datums that ended here: computed, skipped (there was a record), failed (the exam is at fault), retried.',
    labelNames: ['stage', 'bundle', 'outcome'],
    registers,
  });
  const seconds = new Histogram({
    name: 'mammoflow_datum_seconds',
    help: 'Seconds of a computed datum: fetching its input, computing, storing its output.',
    labelNames: ['stage', 'part'],
    buckets: SECONDS,
    registers,
  });
  const bytes = new Counter({
    name: 'mammoflow_datum_bytes_total',
    help: 'Bytes of input files and of stored output of computed datums.',
    labelNames: ['stage', 'direction'],
    registers,
  });
  return {
    registry,
    observe({ stage, bundle, outcome, seconds: took, bytes: of }) {
      datums.inc({ stage, bundle, outcome });
      for (const [part, value] of Object.entries(took ?? {})) seconds.observe({ stage, part }, value);
      for (const [direction, value] of Object.entries(of ?? {})) bytes.inc({ stage, direction }, value);
    },
    watchMemory(current) {
      const name = 'mammoflow_inference_resident_memory_bytes';
      registry.removeSingleMetric(name);
      new Gauge({
        name,
        help: 'Resident memory of the process that runs the networks; 0 while there is none.',
        registers,
        collect() {
          this.set(current());
        },
      });
    },
  };
}
