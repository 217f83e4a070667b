import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Identities } from '../../dicom/identity/identities.js';
import type { DeliveryOutcome, DeliveryRequest } from '../../pipeline/delivery.js';
import { ExamError, MammoflowError } from '../../pipeline/errors.js';
import { deliverExam } from '../../planning/delivery/deliver-exam.js';
import type { Repository } from '../../repos/repository.js';
import { withFailures } from '../failures.js';
import type { StageDefinition } from '../stage.js';

/** What delivery workers do: on a queue of their own. */
export interface DeliveryActivities {
  /** One attempt to bring a destination what it should have of an exam. */
  deliver(request: DeliveryRequest): Promise<DeliveryOutcome>;
}

export interface DeliveryDependencies {
  readonly repository: Repository;
  readonly stages: readonly StageDefinition[];
  /** The key of pseudonyms and the map back to patients. */
  readonly identities: () => Promise<Identities>;
  /** Where credentials of destinations are. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What lies behind an error, Temporal keeps too; and a parser's message may quote what it could not parse. */
function withoutCause(error: MammoflowError): MammoflowError {
  const { code, message, next } = error;
  return error instanceof ExamError ? new ExamError(code, message, next) : new MammoflowError(code, message, next);
}

const HEARTBEAT_MS = 5_000;

export function createDeliveryActivities(dependencies: DeliveryDependencies): DeliveryActivities {
  return {
    deliver: withFailures(async (request) => {
      const context = Context.current();
      const { cancellationSignal: signal } = context;
      const timer = setInterval(() => context.heartbeat(), HEARTBEAT_MS);
      try {
        const outcome = await deliverExam({ ...dependencies, signal }, request);
        const { destination, exam } = request;
        context.log.info(`delivery: ${outcome.status}`, { destination, exam, ...outcome });
        return outcome;
      } catch (error) {
        if (signal.aborted) return await context.cancelled;
        if (error instanceof MammoflowError) throw withoutCause(error);
        // An unexpected error may hold values of objects, and Temporal's history is no place for these.
        context.log.error('delivery: unexpected error', { error: (error as Error).stack?.split('\n').slice(1, 4) });
        throw ApplicationFailure.retryable(
          'An unexpected error, whose place is in the log of the worker.',
          'Unexpected',
        );
      } finally {
        clearInterval(timer);
      }
    }),
  };
}
