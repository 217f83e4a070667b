import {
  Connection,
  type ConnectionOptions,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from '@temporalio/client';

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];
type Call = ReturnType<Parameters<Interceptor>[1]>;
type Start = Parameters<Call['start']>;

/** gRPC's own code: the caller gave the call up. */
const CANCELLED = 1;

/**
 * Calls again what failed in passing, as Temporal's client does by itself, and lets the connection be closed meanwhile:
 * by itself (1.24.0, with grpc-js 1.14.7) a call that waits for its next attempt when the connection is closed throws from
 * a timer, which nobody can catch, and ends the process.
 */
export function retryUntilClosed(): Interceptor[] {
  return [makeGrpcRetryInterceptor(defaultGrpcRetryOptions()), failOnceClosed];
}

/** A client's connection, which can be closed at any time. Takes and throws what `Connection.connect` does. */
export function connectToTemporal(options: ConnectionOptions): Promise<Connection> {
  return Connection.connect({ interceptors: retryUntilClosed(), ...options });
}

/** A call on a closed channel ends with a status, as every call that cannot be made does. */
const failOnceClosed = ((options, nextCall) => {
  try {
    return nextCall(options);
  } catch (error) {
    return new EndedCall(error instanceof Error ? error.message : String(error));
  }
}) as Interceptor;

/** A call that ends as soon as it starts. */
class EndedCall {
  constructor(private readonly reason: string) {}

  start(metadata: Start[0], listener?: Start[1]): void {
    setImmediate(() => {
      // As grpc-js has it for a call without an answer: interceptors keep the status back until a message came.
      listener?.onReceiveMessage?.(null);
      listener?.onReceiveStatus?.({ code: CANCELLED, details: this.reason, metadata });
    });
  }

  startRead(): void {}
  sendMessage(): void {}
  sendMessageWithContext(): void {}
  halfClose(): void {}
  cancelWithStatus(): void {}
  getPeer(): string {
    return 'unknown';
  }
}
