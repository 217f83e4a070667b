import { RESEARCH_USE_ONLY } from '../../../pipeline/labels.js';
import { colourOf } from './colour-map.js';
import { boxOnScreen } from './geometry.js';
import type { Scene } from './scene.js';
import type { Box } from './viewport.js';

const LINE = 20;
const MARGIN = 12;
const BAR = { width: 200, height: 10 };

/** What is written under a picture that is saved. */
export interface Caption {
  readonly title: string;
  readonly lines: readonly string[];
  /** What the colours stand for, where there are any. */
  readonly legend?: string | undefined;
}

/**
 * Saves what a viewport shows as PNG: the picture with its marks as it is seen, and under it what it is, what the colours mean,
 * and that it is not for diagnosis.
 */
export async function savePicture(
  name: string,
  { canvas, scene }: { canvas: HTMLCanvasElement; scene: Scene },
  boxes: readonly Box[],
  { title, lines, legend }: Caption,
): Promise<void> {
  const drawn = document.createElement('canvas');
  const rows = 1 + lines.length + (legend === undefined || scene.overlay === undefined ? 0 : 2) + 1;
  drawn.width = Math.max(canvas.width, 420);
  drawn.height = canvas.height + rows * LINE + 2 * MARGIN;
  const context = drawn.getContext('2d');
  if (context === null) throw new Error('This browser gives no canvas to draw on.');
  context.fillStyle = '#000';
  context.fillRect(0, 0, drawn.width, drawn.height);
  // At once, in the same task in which it was drawn: later there may be nothing on it any more.
  context.drawImage(canvas, 0, 0);
  context.strokeStyle = '#fff';
  context.setLineDash([6, 4]);
  for (const box of boxes) {
    const { x, y, width, height } = boxOnScreen(box, scene.camera, scene, scene.size);
    context.strokeRect(x, y, width, height);
  }
  context.fillStyle = '#fff';
  context.font = '14px system-ui, sans-serif';
  let y = canvas.height + MARGIN + 14;
  const write = (text: string): void => {
    context.fillText(text, MARGIN, y, drawn.width - 2 * MARGIN);
    y += LINE;
  };
  for (const line of [title, ...lines]) write(line);
  const { overlay } = scene;
  if (legend !== undefined && overlay !== undefined) {
    for (let x = 0; x < BAR.width; x += 1) {
      const value = overlay.low + ((overlay.high - overlay.low) * x) / (BAR.width - 1);
      context.fillStyle = `rgb(${colourOf(overlay.map, value, overlay.low, overlay.high).map(Math.round).join(' ')})`;
      context.fillRect(MARGIN + x, y - BAR.height, 1, BAR.height);
    }
    context.fillStyle = '#fff';
    y += LINE;
    write(legend);
  }
  write(RESEARCH_USE_ONLY);
  const file = await new Promise<Blob | null>((resolve) => drawn.toBlob(resolve, 'image/png'));
  if (file === null) throw new Error('The picture could not be written as PNG.');
  const address = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The browser has begun to save by then; it holds on to what it reads.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
