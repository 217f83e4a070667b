import { ApplicationFailure } from '@temporalio/workflow';
import type { z } from 'zod';

/**
 * Checks a workflow's argument. A wrong one fails the workflow at once and for good, with a sentence that says what to
 * correct: any other exception in workflow code would be retried until the workflow times out.
 */
export function checkArgument<T>(workflow: string, schema: z.ZodType<T>, argument: unknown): T {
  const result = schema.safeParse(argument ?? {});
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join('.') || 'argument'}: ${issue.message}`);
  throw ApplicationFailure.nonRetryable(
    `${workflow} cannot take this argument: ${problems.join('; ')}.`,
    'invalid-argument',
  );
}
