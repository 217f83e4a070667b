import { type Camera, type Hung, linkedCamera } from './geometry.js';
import { draggedWindow, type Preset, type Window } from './window-level.js';

/** How one viewport is looked at, where that is not as it begins: fitted, with the preset's window. */
export interface Look {
  readonly camera?: Camera | undefined;
  readonly window?: Window | undefined;
}

/** How all of them are. */
export interface Looks {
  readonly preset: Preset;
  readonly inverted: boolean;
  /** By viewport. */
  readonly each: Readonly<Record<string, Look>>;
}

export const FIRST_LOOKS: Looks = { preset: 'tissue', inverted: false, each: {} };

const withEach = (looks: Looks, changes: Readonly<Record<string, Look>>): Looks => ({
  ...looks,
  each: {
    ...looks.each,
    ...Object.fromEntries(Object.entries(changes).map(([id, look]) => [id, { ...looks.each[id], ...look }])),
  },
});

/**
 * A viewport looks elsewhere, and those that are linked with it to the same place.
 *
 * @param camera undefined: it is fitted, and so are they.
 * @param hung of the viewport and of those linked with it; of those without a picture there is none.
 */
export function lookedAt(
  looks: Looks,
  id: string,
  camera: Camera | undefined,
  linked: readonly string[],
  hung: Readonly<Record<string, Hung | undefined>>,
): Looks {
  const from = hung[id];
  const changes: Record<string, Look> = { [id]: { camera } };
  for (const other of linked) {
    const to = hung[other];
    if (other === id || from === undefined || to === undefined) continue;
    changes[other] = { camera: camera && linkedCamera(camera, from, to) };
  }
  return withEach(looks, changes);
}

/** Windows are dragged together from where each of them was: what was brighter stays brighter. */
export function windowed(looks: Looks, starts: Readonly<Record<string, Window>>, dx: number, dy: number): Looks {
  return withEach(
    looks,
    Object.fromEntries(Object.entries(starts).map(([id, start]) => [id, { window: draggedWindow(start, dx, dy) }])),
  );
}

/** A preset is for all viewports: each gets its own picture's. */
export const preset = (looks: Looks, chosen: Preset): Looks => ({
  ...looks,
  preset: chosen,
  each: Object.fromEntries(Object.entries(looks.each).map(([id, { camera }]) => [id, { camera }])),
});

export const inverted = (looks: Looks): Looks => ({ ...looks, inverted: !looks.inverted });
