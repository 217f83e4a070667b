import type { FloatPlane, Grey16Image } from '../../imaging/planes.js';
import { lateralityOf, VIEWS, type View, viewPositionOf } from '../../pipeline/exam.js';
import { depthBelowSkin, depthInMuscle, nippleLine, type ViewOutline } from './breast-outline.js';
import { addSpeck, clusteredMicrocalcifications, coarseCalcifications, type Speck } from './draw-calcifications.js';
import { addBenignMass, addMalignantMass } from './draw-mass.js';
import type { Density, ExamPlan, Lesion } from './plan-exam.js';
import { Random } from './random.js';
import { clamp, smoothStep } from './smooth.js';
import { doublePlane, drawTexture, emptyPlane, gridPosition, gridSize, MAMMOGRAM_EXPONENT } from './tissue-texture.js';

/** Values of a 12-bit detector, stretched to 16 bits as NYU's images are (PIPELINE.md 1.2). */
const BRIGHTEST = 4_095;

/** Brightness of the tissues at full thickness, in 12-bit values. */
const FAT = 1_000;
const GLAND = 950;
const MUSCLE = 2_050;
/** Standard deviation of the texture in fat and in glandular tissue. */
const TEXTURE = { fat: 110, gland: 200 } as const;
const STRAND = 330;
/** What the detector adds: its standard deviation in the dark, and what grows with the value. */
const NOISE = { dark: 9, perValue: 0.004 } as const;
/** Millimetres below the skin over which a compressed breast of about 5 cm rounds off. */
const ROUNDING = 24;

/** How glandular tissue spreads: how readily it appears, and how far it reaches from its middle. */
const COMPOSITION: Readonly<Record<Density, { readonly tendency: number; readonly reach: number }>> = {
  a: { tendency: -0.55, reach: 0.75 },
  b: { tendency: -0.05, reach: 0.9 },
  c: { tendency: 0.5, reach: 1.05 },
  d: { tendency: 1.1, reach: 1.2 },
};

/**
 * Draws one view of an exam as it lies on disk: left breasts point right, right breasts point left, background is 0.
 * Smooth things are drawn on coarser grids and doubled (`tissue-texture.ts`); only noise and calcifications are as fine
 * as the pixels.
 */
export function drawView(plan: ExamPlan, view: View): Grey16Image {
  const outline = plan.outlines[view];
  const { rows, columns } = outline;
  const random = new Random(plan.seed, plan.index, VIEWS.indexOf(view));
  const half = gridSize(rows, columns, 1);
  const depths = doublePlane(sampled(outline, 2, depthBelowSkin), half.rows, half.columns);
  const tissue = drawTissue(plan, outline, depths, random);
  const lesions = plan.lesions.filter(({ laterality }) => laterality === lateralityOf(view));
  const specks = lesions.flatMap((lesion) => drawLesion(plan, lesion, view, tissue));
  const thickness = brightnessBelowSkin(depths, plan.pixelSpacing);
  for (let index = 0; index < tissue.pixels.length; index += 1) {
    tissue.pixels[index]! *= thickness.pixels[index] as number;
  }

  const fullDepths = doublePlane(depths, rows, columns).pixels;
  const values = doublePlane(tissue, rows, columns).pixels;
  const pixels = new Uint16Array(rows * columns);
  for (let index = 0; index < pixels.length; index += 1) {
    if ((fullDepths[index] as number) <= 0) continue;
    const value = values[index] as number;
    const noisy = value + (NOISE.dark + NOISE.perValue * value) * random.normal();
    pixels[index] = clamp(Math.round(noisy), 1, BRIGHTEST);
  }
  for (const speck of specks) addSpeck({ rows, columns, pixels }, speck, BRIGHTEST);
  stretchTo16Bits(pixels);
  if (lateralityOf(view) === 'R') mirrorInPlace(pixels, columns);
  return { rows, columns, pixels };
}

/** Fat, glandular tissue, ligaments and the pectoral muscle, as if equally thick everywhere, at half the view's size. */
function drawTissue(plan: ExamPlan, outline: ViewOutline, depths: FloatPlane, random: Random): FloatPlane {
  const { rows, columns } = depths;
  const millimetre = 1 / plan.pixelSpacing;
  const texture = drawTexture(rows, columns, { exponent: MAMMOGRAM_EXPONENT, coarsest: 8, finest: 0 }, random).pixels;
  const strands = drawStrands(rows, columns, random).pixels;
  const tendencies = doublePlane(sampled(outline, 2, glandTendency(plan, outline, random)), rows, columns).pixels;
  const muscles = doublePlane(sampled(outline, 2, depthInMuscle), rows, columns).pixels;
  const tissue = emptyPlane(rows, columns);
  for (let index = 0; index < tissue.pixels.length; index += 1) {
    if ((depths.pixels[index] as number) < -4) continue;
    const roughness = texture[index] as number;
    const gland = smoothStep(-1.1, 1.3, (tendencies[index] as number) + 0.5 * roughness);
    let value =
      FAT +
      GLAND * gland +
      (TEXTURE.fat + (TEXTURE.gland - TEXTURE.fat) * gland) * roughness +
      STRAND * (1 - 0.6 * gland) * (strands[index] as number);
    const muscle = 0.88 * smoothStep(-1.5 * millimetre, 2.5 * millimetre, muscles[index] as number);
    if (muscle > 0) value += muscle * (MUSCLE + 70 * roughness - value);
    tissue.pixels[index] = value;
  }
  return tissue;
}

/** How readily glandular tissue appears at a place: behind the nipple most, under the skin and far away least. */
function glandTendency(plan: ExamPlan, outline: ViewOutline, random: Random) {
  const { tendency, reach } = COMPOSITION[plan.density];
  const { down, right } = nippleLine(outline);
  const behind = outline.extent * random.between(0.36, 0.48);
  const centre = { row: outline.nipple.row + behind * down, column: outline.nipple.column + behind * right };
  const along = outline.extent * reach * random.between(0.5, 0.6);
  const across = outline.halfHeightBelow * reach * random.between(0.6, 0.75);
  const millimetre = 1 / plan.pixelSpacing;
  return (_: ViewOutline, row: number, column: number): number => {
    const [dy, dx] = [row - centre.row, column - centre.column];
    const inwards = (dy * down + dx * right) / along;
    const aside = (dx * down - dy * right) / across;
    const away = Math.sqrt(inwards * inwards + aside * aside);
    const underSkin = smoothStep(14 * millimetre, 3 * millimetre, depthBelowSkin(outline, row, column));
    return tendency + 1 - 1.6 * Math.max(0.25, away) - 1.8 * underSkin;
  };
}

/**
 * Thin bright strands about lobules of fat, as Cooper's ligaments draw them: where a smooth random field passes through
 * zero, as far as a second field lets it. 0 to about 1.
 */
function drawStrands(rows: number, columns: number, random: Random): FloatPlane {
  const size = gridSize(rows, columns, 1);
  const strands = emptyPlane(size.rows, size.columns);
  for (const coarsest of [6, 5]) {
    const field = drawTexture(size.rows, size.columns, { exponent: 5, coarsest, finest: 3 }, random).pixels;
    const gate = drawTexture(size.rows, size.columns, { exponent: 4, coarsest: 6, finest: 5 }, random).pixels;
    for (let index = 0; index < field.length; index += 1) {
      const ridge = 1 - Math.abs(field[index] as number) / 0.16;
      if (ridge > 0) strands.pixels[index]! += 0.6 * ridge * smoothStep(-0.2, 1.2, gate[index] as number);
    }
  }
  return doublePlane(strands, rows, columns);
}

/** How much of its brightness tissue has: the breast rounds off below the skin, and the skin itself shows as a thin line. */
function brightnessBelowSkin({ rows, columns, pixels: depths }: FloatPlane, pixelSpacing: number): FloatPlane {
  const thickness = emptyPlane(rows, columns);
  for (let index = 0; index < depths.length; index += 1) {
    const depth = Math.max(0, (depths[index] as number) * pixelSpacing);
    const missing = Math.max(0, 1 - depth / ROUNDING);
    const round = Math.sqrt(1 - missing * missing);
    const skin = 0.12 * smoothStep(2.2, 1.2, depth);
    thickness.pixels[index] = 0.16 + 0.84 * round + skin;
  }
  return thickness;
}

/** Adds a lesion's mass to the tissue. @returns the specks, which are finer than the tissue's grid. */
function drawLesion({ seed, index, pixelSpacing }: ExamPlan, lesion: Lesion, view: View, tissue: FloatPlane): Speck[] {
  const { row, column } = lesion.places[viewPositionOf(view)];
  // Streams of their own, so that the view is the same without the lesion.
  const shape = new Random(seed, index, lesion.shape);
  const rotation = new Random(seed, index, lesion.shape, VIEWS.indexOf(view)).unit();
  const circle = { row, column, radius: lesion.radius };
  // The grid of half the size, by the inverse of `gridPosition`.
  const halfCircle = { row: (row - 0.5) / 2 + 1, column: (column - 0.5) / 2 + 1, radius: lesion.radius / 2 };
  if (lesion.form === 'mass') {
    if (lesion.kind === 'benign') addBenignMass(tissue, halfCircle, shape.between(300, 520), rotation, shape);
    else addMalignantMass(tissue, halfCircle, shape.between(480, 850), rotation, shape);
    return [];
  }
  return lesion.kind === 'benign'
    ? coarseCalcifications(circle, pixelSpacing, rotation, shape)
    : clusteredMicrocalcifications(circle, pixelSpacing, rotation, shape);
}

/** A function of the outline's places, on the grid `level` doublings below the view. */
function sampled(
  outline: ViewOutline,
  level: number,
  value: (outline: ViewOutline, row: number, column: number) => number,
): FloatPlane {
  const size = gridSize(outline.rows, outline.columns, level);
  const plane = emptyPlane(size.rows, size.columns);
  for (let row = 0; row < plane.rows; row += 1) {
    const y = gridPosition(row, level);
    for (let column = 0; column < plane.columns; column += 1) {
      plane.pixels[row * plane.columns + column] = value(outline, y, gridPosition(column, level));
    }
  }
  return plane;
}

function stretchTo16Bits(pixels: Uint16Array): void {
  for (let index = 0; index < pixels.length; index += 1) {
    const value = pixels[index] as number;
    pixels[index] = (value << 4) | (value >> 8);
  }
}

function mirrorInPlace(pixels: Uint16Array, columns: number): void {
  for (let start = 0; start < pixels.length; start += columns) pixels.subarray(start, start + columns).reverse();
}
