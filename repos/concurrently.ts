/**
 * Does some work on every value, so many at once, in order. After a failure nothing more is begun, and it is thrown when all
 * that was under way has ended: nothing goes on behind the back of whoever hears of it.
 *
 * @param values may be a listing that goes on while work is done; no more of it is read than is worked on.
 * @param signal ends it in the same way.
 * @returns what the work returned, in the order of the values.
 */
export async function concurrently<Value, Result>(
  values: Iterable<Value> | AsyncIterable<Value>,
  atOnce: number,
  work: (value: Value) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result[]> {
  const iterator = Symbol.asyncIterator in values ? values[Symbol.asyncIterator]() : values[Symbol.iterator]();
  const results: Result[] = [];
  let count = 0;
  let failure: { readonly error: unknown } | undefined;
  const worker = async (): Promise<void> => {
    while (failure === undefined) {
      try {
        signal?.throwIfAborted();
        const next = await iterator.next();
        if (next.done === true || failure !== undefined) return;
        const index = count;
        count += 1;
        results[index] = await work(next.value);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (failure !== undefined) {
    await iterator.return?.();
    throw (failure as { readonly error: unknown }).error;
  }
  return results;
}
