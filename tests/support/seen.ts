import type { Locator } from 'playwright-core';
import sharp from 'sharp';

/** What is seen of an element on the page, device pixel by device pixel. */
export interface Seen {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue. */
  at(x: number, y: number): readonly [number, number, number];
}

/**
 * Looks at a canvas as the browser shows it, with whatever lies over it. Where it begins between two device pixels, it is seen
 * from the next one on.
 */
export async function seen(canvas: Locator): Promise<Seen> {
  const [box, size] = await Promise.all([
    canvas.boundingBox(),
    canvas.evaluate((element) => {
      const { width, height } = element as unknown as { width: number; height: number };
      return { width, height };
    }),
  ]);
  if (box === null) throw new Error('the canvas is not seen');
  const clip = { x: Math.round(box.x), y: Math.round(box.y), ...size };
  return decoded(await canvas.page().screenshot({ clip, animations: 'disabled' }));
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
