import type { Locator } from 'playwright-core';
import sharp from 'sharp';

/** What is seen of an element on the page, device pixel by device pixel. */
export interface Seen {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue. */
  at(x: number, y: number): readonly [number, number, number];
}

/** Looks at an element as the browser shows it, with whatever lies over it. */
export async function seen(element: Locator): Promise<Seen> {
  return decoded(await element.screenshot({ animations: 'disabled' }));
}

/** A PNG's pixels. */
export async function decoded(png: Buffer): Promise<Seen> {
  const { data, info } = await sharp(png)
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return {
    width: info.width,
    height: info.height,
    at(x, y) {
      const first = 3 * (y * info.width + x);
      return [data[first] as number, data[first + 1] as number, data[first + 2] as number];
    },
  };
}
