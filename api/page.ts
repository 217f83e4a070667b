/** Some of a list, and whether there is more. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Undefined at the end of the list; else the last item, by whose key the next page goes on. */
  readonly more?: T;
}

/**
 * A page of a verb that lists. The list is left where the page ends, so a page costs what it holds.
 *
 * @param size how many items it holds at most.
 * @example
 * const { items, more } = await pageOf(mammoflow.results({ after: 'exam-17' }), 100);
 */
export async function pageOf<T>(list: AsyncGenerator<T>, size: number): Promise<Page<T>> {
  const items: T[] = [];
  for await (const item of list) {
    // One more is asked for than is given, to know whether there is more.
    if (items.length === size) {
      const last = items.at(-1);
      return last === undefined ? { items } : { items, more: last };
    }
    items.push(item);
  }
  return { items };
}
