/** What a drawing of the graph needs of a stage. */
export interface Node {
  readonly stage: string;
  readonly upstream: readonly string[];
}

/** Where a node is drawn: columns are in the order in which stages can run. */
export interface Place {
  readonly name: string;
  readonly column: number;
  readonly row: number;
}

/**
 * Places the nodes of an acyclic graph in columns: each to the right of all that it reads (its longest way from a source), as
 * in Sugiyama's layered drawings. Within a column they lie in the order of the mean row of what they read, so that few lines
 * cross. What is read and is no stage (the repo `exams`) is a source.
 */
export function layOut(nodes: readonly Node[]): Place[] {
  const upstreamOf = new Map(nodes.map(({ stage, upstream }) => [stage, upstream]));
  const columns = new Map<string, number>();
  const columnOf = (name: string): number => {
    const known = columns.get(name);
    if (known !== undefined) return known;
    // A circle would be refused long before; it must not hang the page all the same.
    columns.set(name, 0);
    const column = Math.max(-1, ...(upstreamOf.get(name) ?? []).map(columnOf)) + 1;
    columns.set(name, column);
    return column;
  };
  for (const { stage } of nodes) columnOf(stage);

  const rows = new Map<string, number>();
  const places: Place[] = [];
  const last = Math.max(-1, ...columns.values());
  for (let column = 0; column <= last; column += 1) {
    const meanRow = (name: string): number => {
      const above = (upstreamOf.get(name) ?? []).map((one) => rows.get(one) ?? 0);
      return above.length === 0 ? 0 : above.reduce((sum, row) => sum + row, 0) / above.length;
    };
    const names = [...columns].filter(([, of]) => of === column).map(([name]) => name);
    const order = names
      .map((name, index) => ({ name, mean: meanRow(name), index }))
      .sort((a, b) => a.mean - b.mean || a.index - b.index);
    for (const [row, { name }] of order.entries()) {
      rows.set(name, row);
      places.push({ name, column, row });
    }
  }
  return places;
}
