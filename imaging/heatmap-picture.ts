import { RESEARCH_USE_ONLY } from '../pipeline/predictions.js';
import { drawable, drawText, fillRectangle, GLYPH_ROWS, type Rgb, textWidth, WHITE } from './bitmap-font.js';
import type { ColourMap } from './colour-maps.js';
import type { FloatPlane, Grey16Image, RgbPicture } from './planes.js';
import { roundHalfToEven } from './round-half-to-even.js';

/** A view as it lies under its heatmaps: 8-bit, scaled so that its darkest pixel is 0 and its brightest 255. */
export interface GreyBase {
  readonly rows: number;
  readonly columns: number;
  readonly pixels: Uint8Array;
}

/** Scales a view once for all pictures of it; a constant one becomes black. */
export function greyBaseOf({ rows, columns, pixels }: Grey16Image): GreyBase {
  return { rows, columns, pixels: scaleToBytes(pixels) };
}

/**
 * Lays one heatmap over its view, each scaled by its own darkest and brightest pixel (PIPELINE.md 9): it shows where
 * the class is likeliest within this view, not how likely it is. View and heatmap have the same orientation.
 *
 * @param opacity the heatmap's weight, 0 to 1; the view has the rest.
 * @throws RangeError when the two differ in shape.
 */
export function selfScaledPicture(view: GreyBase, heatmap: FloatPlane, map: ColourMap, opacity: number): RgbPicture {
  checkSameShape(view, heatmap);
  const grey = view.pixels;
  const heat = scaleToBytes(heatmap.pixels);
  const blended = blendTable(opacity);
  const pixels = new Uint8Array(3 * grey.length);
  for (let index = 0, target = 0; index < grey.length; index += 1, target += 3) {
    const base = (grey[index] as number) << 8;
    const colour = 3 * (heat[index] as number);
    pixels[target] = blended[base | (map[colour] as number)] as number;
    pixels[target + 1] = blended[base | (map[colour + 1] as number)] as number;
    pixels[target + 2] = blended[base | (map[colour + 2] as number)] as number;
  }
  return { rows: view.rows, columns: view.columns, pixels };
}

export interface AbsolutePictureRequest {
  /** Shown in the legend, e.g. `L_CC`. */
  readonly title: string;
  /** Lines of the legend that say of which exam and by which model, e.g. `exam e-17` and `bundle nyu`. */
  readonly origin: readonly string[];
  readonly view: GreyBase;
  readonly malignant: FloatPlane;
  readonly benign: FloatPlane;
  readonly malignantMap: ColourMap;
  readonly benignMap: ColourMap;
  /** The colours' weight, 0 to 1; the view has the rest. */
  readonly opacity: number;
  /** What is to be known before anybody believes it; each begins on a line of its own in the legend. */
  readonly warnings?: readonly string[];
}

/**
 * Lays both heatmaps over their view on one fixed scale, probability 0 to 1, so that pictures of different views,
 * exams and models can be compared. Where the classes overlap, each channel shows the brighter of the two. Below the
 * view is a legend: what is shown, of which exam and by which model, a bar with ticks per class, and that this is not for
 * diagnosis.
 *
 * @throws RangeError when the planes differ in shape.
 */
export function absolutePicture(request: AbsolutePictureRequest): RgbPicture {
  const { view, malignant, benign, malignantMap, benignMap, opacity } = request;
  checkSameShape(view, malignant);
  checkSameShape(view, benign);
  const columns = Math.max(view.columns, LEGEND_COLUMNS);
  const scale = Math.max(1, Math.floor(columns / COLUMNS_PER_SCALE));
  const lines = legendLines(request, Math.floor(columns / scale) - 2 * MARGIN);
  const rows = view.rows + legendRows(lines) * scale;
  const picture = { rows, columns, pixels: new Uint8Array(3 * rows * columns) };

  const grey = view.pixels;
  const blended = blendTable(opacity);
  // Neighbours mostly have the same probabilities, and then the same colour.
  let [lastMalignant, lastBenign] = [Number.NaN, Number.NaN];
  let [red, green, blue] = [0, 0, 0];
  for (let row = 0, index = 0; row < view.rows; row += 1) {
    let target = 3 * row * columns;
    for (let column = 0; column < view.columns; column += 1, index += 1, target += 3) {
      const [ofMalignant, ofBenign] = [malignant.pixels[index] as number, benign.pixels[index] as number];
      if (ofMalignant !== lastMalignant || ofBenign !== lastBenign) {
        const first = 3 * probabilityByte(ofMalignant);
        const second = 3 * probabilityByte(ofBenign);
        red = Math.max(malignantMap[first] as number, benignMap[second] as number);
        green = Math.max(malignantMap[first + 1] as number, benignMap[second + 1] as number);
        blue = Math.max(malignantMap[first + 2] as number, benignMap[second + 2] as number);
        lastMalignant = ofMalignant;
        lastBenign = ofBenign;
      }
      const base = (grey[index] as number) << 8;
      picture.pixels[target] = blended[base | red] as number;
      picture.pixels[target + 1] = blended[base | green] as number;
      picture.pixels[target + 2] = blended[base | blue] as number;
    }
  }
  drawLegend(picture, view.rows, scale, lines, request);
  return picture;
}

/** The legend's measures at scale 1, in pixels. The notice is the widest line and decides the width. */
const MARGIN = 4;
const BAR_LEFT = 64;
const BAR_COLUMNS = 160;
const BAR_ROWS = 8;
const TICK_ROWS = 3;
const LINE_ROWS = GLYPH_ROWS + 4;
const BAR_BLOCK_ROWS = BAR_ROWS + TICK_ROWS + 1 + LINE_ROWS;
const LEGEND_COLUMNS = 256;
/** The legend is drawn larger in wider pictures. */
const COLUMNS_PER_SCALE = 320;
const TICKS = ['0', '0.25', '0.5', '0.75', '1'] as const;

/** The notice, the bars, and the lines above them. */
const legendRows = (lines: readonly string[]): number =>
  2 * MARGIN + (lines.length + 1) * LINE_ROWS + 2 * BAR_BLOCK_ROWS;

/** The lines above the bars, those that are too wide broken. */
function legendLines({ title, opacity, origin, warnings = [] }: AbsolutePictureRequest, width: number): string[] {
  const characters = Math.floor((width + 1) / (textWidth('--') - textWidth('-')));
  const cut = (line: string): string[] =>
    Array.from({ length: Math.ceil(line.length / characters) }, (_, part) =>
      line.slice(part * characters, (part + 1) * characters),
    );
  const lines = [`${title} probability, shown at ${Math.round(100 * opacity)} %`, ...origin].flatMap(cut);
  return [...lines, ...warnings.flatMap((warning) => wrapped(drawable(`WARNING ${warning}`), characters).flatMap(cut))];
}

/** Text in lines of whole words; a word that is longer than a line has one of its own. */
function wrapped(text: string, characters: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= characters) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function drawLegend(
  picture: RgbPicture,
  firstRow: number,
  scale: number,
  lines: readonly string[],
  request: AbsolutePictureRequest,
): void {
  const text = (line: string, row: number, column: number): void =>
    drawText(picture, line, firstRow + row * scale, column * scale, scale);
  const box = (row: number, column: number, height: number, width: number, colour: Rgb): void =>
    fillRectangle(picture, firstRow + row * scale, column * scale, height * scale, width * scale, colour);

  let row = MARGIN;
  for (const line of lines) {
    text(line, row, MARGIN);
    row += LINE_ROWS;
  }
  for (const [label, map] of [
    ['malignant', request.malignantMap],
    ['benign', request.benignMap],
  ] as const) {
    text(label, row, MARGIN);
    for (let place = 0; place < BAR_COLUMNS; place += 1) {
      const colour = 3 * probabilityByte(place / (BAR_COLUMNS - 1));
      box(row, BAR_LEFT + place, BAR_ROWS, 1, [map[colour], map[colour + 1], map[colour + 2]] as unknown as Rgb);
    }
    for (const [index, tick] of TICKS.entries()) {
      const column = BAR_LEFT + Math.round((index * (BAR_COLUMNS - 1)) / (TICKS.length - 1));
      box(row + BAR_ROWS, column, TICK_ROWS, 1, WHITE);
      text(tick, row + BAR_ROWS + TICK_ROWS + 1, column - Math.floor(textWidth(tick) / 2));
    }
    row += BAR_BLOCK_ROWS;
  }
  text(RESEARCH_USE_ONLY, row, MARGIN);
}

const probabilityByte = (probability: number): number => Math.round(255 * Math.min(1, Math.max(0, probability)));

/** Scales values so that the smallest becomes 0 and the largest 255, in float32, and truncates; a constant plane becomes 0. */
function scaleToBytes(values: Uint16Array | Float32Array): Uint8Array {
  let smallest = Number.POSITIVE_INFINITY;
  let largest = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] as number;
    if (value < smallest) smallest = value;
    if (value > largest) largest = value;
  }
  const bytes = new Uint8Array(values.length);
  if (!(largest > smallest)) return bytes;
  const range = Math.fround(largest - smallest);
  // Of equal neighbours, of which a heatmap is full, only the first is scaled.
  let [last, byte] = [smallest, 0];
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] as number;
    if (value !== last) {
      byte = Math.trunc(Math.fround(Math.fround(Math.fround(value - smallest) / range) * 255));
      last = value;
    }
    bytes[index] = byte;
  }
  return bytes;
}

/** The rounded mixture of a grey value and a colour's channel at `(grey << 8) | channel`. */
function blendTable(opacity: number): Uint8Array {
  const table = new Uint8Array(65536);
  for (let grey = 0; grey < 256; grey += 1) {
    for (let colour = 0; colour < 256; colour += 1) {
      table[(grey << 8) | colour] = Math.min(255, roundHalfToEven((1 - opacity) * grey + opacity * colour));
    }
  }
  return table;
}

function checkSameShape(view: GreyBase, heatmap: FloatPlane): void {
  if (view.rows !== heatmap.rows || view.columns !== heatmap.columns) {
    throw new RangeError(
      `a heatmap of ${heatmap.rows} × ${heatmap.columns} does not lie over a view of ${view.rows} × ${view.columns}`,
    );
  }
}
