import { paintScene, paintSurround } from './paint-on-cpu.js';
import { openWebglPainter } from './paint-with-webgl.js';
import type { Painter, PainterPath, Scene } from './scene.js';

let works: boolean | undefined;

/**
 * Whether a graphics processor draws WebGL2 here; tried once, on a canvas that nobody sees. Where a program only acts as one, the
 * painter of our own is twice as fast (docs/benchmarks.md).
 */
export function webgl2Works(): boolean {
  if (works === undefined) {
    const context = document.createElement('canvas').getContext('webgl2', { failIfMajorPerformanceCaveat: true });
    works = context !== null;
    // Browsers keep few contexts, and this one is not needed any more.
    context?.getExtension('WEBGL_lose_context')?.loseContext();
  }
  return works;
}

/**
 * A painter for a canvas that has none yet.
 *
 * @param onGivenUp it cannot go on: another canvas is to be drawn on by the processor.
 */
export function openPainter(canvas: HTMLCanvasElement, path: PainterPath, onGivenUp: () => void): Painter | undefined {
  return path === 'webgl2' ? openWebglPainter(canvas, onGivenUp) : openCpuPainter(canvas);
}

function openCpuPainter(canvas: HTMLCanvasElement): Painter | undefined {
  const context = canvas.getContext('2d', { alpha: false });
  if (context === null) return undefined;
  let image: ImageData | undefined;
  const pixelsOf = ({ width, height }: Scene['size']): { image: ImageData; pixels: Uint32Array } => {
    if (image === undefined || image.width !== width || image.height !== height) {
      canvas.width = width;
      canvas.height = height;
      image = context.createImageData(width, height);
    }
    return { image, pixels: new Uint32Array(image.data.buffer) };
  };
  return {
    path: 'cpu',
    draw(scene) {
      const { image: drawn, pixels } = pixelsOf(scene.size);
      paintScene(scene, pixels);
      context.putImageData(drawn, 0, 0);
    },
    clear(size) {
      const { image: drawn, pixels } = pixelsOf(size);
      paintSurround(pixels);
      context.putImageData(drawn, 0, 0);
    },
    dispose() {
      image = undefined;
    },
  };
}
