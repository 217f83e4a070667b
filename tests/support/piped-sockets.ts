import type { Socket } from 'node:net';

/** Passes on what either says to the other, and ends one when the other ends. Both are in `open` while they are open. */
export function pipeBothWays(one: Socket, other: Socket, open: Set<Socket>): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    open.add(from);
    from.on('error', () => undefined);
    from.on('close', () => {
      open.delete(from);
      to.destroy();
    });
    from.pipe(to);
  }
}
