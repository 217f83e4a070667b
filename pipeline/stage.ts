import type { z } from 'zod';
import type { ModelRole } from './bundle.js';
import type { ResourceClass, StageLabel } from './graph.js';

/** What a stage says of itself: all that planning, listing and setting it needs. How it runs is `StageDefinition`'s. */
export interface StageDeclaration<Parameters extends Record<string, unknown> = Record<string, unknown>> {
  readonly name: string;
  /** Changes whenever the bytes that the stage writes may change. */
  readonly version: string;
  readonly resource: ResourceClass;
  /** Repos read: `exams` and other stages. */
  readonly upstream: readonly string[];
  readonly modelRoles: readonly ModelRole[];
  /** What it depends on that is no file. It is part of the datum key, like everything that changes bytes. */
  readonly labels?: readonly StageLabel[];
  /** Stages of class `gpu` start only once it has succeeded: it keeps exams off them that are refused anyway. */
  readonly gate?: boolean;
  /** Every parameter has a default, so that `{}` parses. */
  readonly parameters: z.ZodType<Parameters>;
}
