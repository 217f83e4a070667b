import { type Laterality, VIEWS, type View, type ViewPosition, viewPositionOf } from '../../pipeline/exam.js';
import {
  type Build,
  depthBelowSkin,
  depthInMuscle,
  drawOutline,
  drawSize,
  nippleLine,
  type Place,
  type ViewOutline,
} from './breast-outline.js';
import { type ExamKind, kindOfExam, type Mix } from './mix.js';
import { Random } from './random.js';
import { clamp } from './smooth.js';

/** Breast composition by BI-RADS (5th edition): a almost entirely fat, b scattered, c heterogeneously dense, d extremely dense. */
export const DENSITIES = ['a', 'b', 'c', 'd'] as const;
export type Density = (typeof DENSITIES)[number];

/** About a tenth, four tenths, four tenths and a tenth of screened women (cumulated). */
const DENSITY_SHARES = [0.1, 0.5, 0.9, 1];

export type LesionKind = 'benign' | 'malignant';
export type LesionForm = 'mass' | 'calcifications';

export interface Lesion {
  readonly laterality: Laterality;
  readonly kind: LesionKind;
  readonly form: LesionForm;
  /** Of the circle that holds a mass's body (spicules reach beyond it) or every speck of a cluster, in pixels. */
  readonly radius: number;
  /** The circle's middle in each view, in training orientation. */
  readonly places: Readonly<Record<ViewPosition, Place>>;
  /** Starts the stream its shape is drawn from: the same in both views, so that they show the same lesion. */
  readonly shape: number;
}

/** Everything about an exam but its pixels: cheap to make, and enough for the truth. */
export interface ExamPlan {
  readonly exam: string;
  readonly seed: number;
  /** Which exam of the seed, from 1. */
  readonly index: number;
  readonly kind: ExamKind;
  readonly density: Density;
  /** Millimetres per pixel, the same in all views. */
  readonly pixelSpacing: number;
  readonly outlines: Readonly<Record<View, ViewOutline>>;
  readonly lesions: readonly Lesion[];
}

/** Streams of an exam beside those of its views. */
const STREAMS = { plan: 100, shape: 200 } as const;

export const examName = (seed: number, index: number): string => `phantom-${seed}-${String(index).padStart(4, '0')}`;

/**
 * Plans exam `index` (from 1) of a seed: its kind, the build of its breasts and where which lesions lie. Depends on
 * nothing else, whatever number of exams is drawn.
 */
export function planExam(seed: number, index: number, mix: Mix): ExamPlan {
  const random = new Random(seed, index, STREAMS.plan);
  const kind = kindOfExam(seed, index, mix);
  const composition = random.unit();
  const density = DENSITIES[DENSITY_SHARES.findIndex((upTo) => composition < upTo)] as Density;
  const pixelSpacing = random.between(0.07, 0.1);
  const build: Build = {
    pixelSpacing,
    extent: random.between(840, 1_360),
    squareness: random.between(-0.25, 0.35),
    fullness: random.between(0.84, 1.02),
  };
  const sizes = { CC: drawSize('CC', build, random), MLO: drawSize('MLO', build, random) };
  const outlines = Object.fromEntries(
    VIEWS.map((view) => {
      const position = viewPositionOf(view);
      return [view, drawOutline(position, build, sizes[position], random)];
    }),
  ) as Record<View, ViewOutline>;
  const lesions: Lesion[] = [];
  for (const lesionKind of lesionKinds(kind, random)) {
    const laterality = random.chance(0.5) ? 'L' : 'R';
    const form = random.chance(0.6) ? 'mass' : 'calcifications';
    const radius = drawRadius(lesionKind, form, pixelSpacing, random);
    const pair = { CC: outlines[`${laterality}_CC`], MLO: outlines[`${laterality}_MLO`] };
    const others = lesions.filter((other) => other.laterality === laterality);
    lesions.push({
      laterality,
      kind: lesionKind,
      form,
      ...placeLesion(pair, radius, pixelSpacing, others, random),
      shape: STREAMS.shape + lesions.length,
    });
  }
  return { exam: examName(seed, index), seed, index, kind, density, pixelSpacing, outlines, lesions };
}

function lesionKinds(kind: ExamKind, random: Random): LesionKind[] {
  const second = random.chance(0.2);
  if (kind === 'normal') return [];
  if (kind === 'both') return ['benign', 'malignant'];
  return second ? [kind, kind] : [kind];
}

/** Radii in millimetres, and what they may be in pixels: a patch of 256 pixels must show a lesion as a whole. */
const RADII = {
  mass: { smallest: 5, largest: 11 },
  calcifications: { smallest: 4.5, largest: 9 },
} as const;
const RADIUS_IN_PIXELS = { smallest: 45, largest: 120 } as const;

function drawRadius(kind: LesionKind, form: LesionForm, pixelSpacing: number, random: Random): number {
  const { smallest, largest } = RADII[form];
  // A few coarse calcifications lie closer together than a cluster of fine ones.
  const scale = kind === 'benign' && form === 'calcifications' ? 0.8 : 1;
  const millimetres = random.between(smallest, largest) * scale;
  return clamp(millimetres / pixelSpacing, RADIUS_IN_PIXELS.smallest, RADIUS_IN_PIXELS.largest);
}

/** What lies between a lesion's circle and the skin, the muscle, the edge of the picture and another lesion, in mm. */
const CLEARANCE = { skin: 4, muscle: 2, edge: 3, lesion: 6 } as const;
const TRIES = 200;

/**
 * Finds a place that both views can show. A place in the breast has three coordinates, each view shows two: how far it
 * lies behind the nipple along the nipple line (both views), to its side (CC) and above or below it (MLO). Where there
 * is no room, the lesion is made smaller.
 */
function placeLesion(
  outlines: Readonly<Record<ViewPosition, ViewOutline>>,
  wantedRadius: number,
  pixelSpacing: number,
  others: readonly Lesion[],
  random: Random,
): Pick<Lesion, 'places' | 'radius'> {
  for (let radius = wantedRadius; radius > 20; radius *= 0.9) {
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const behind = random.between(0.15, 0.95) * outlines.CC.extent;
      const places = {
        CC: placeIn(outlines.CC, behind, random.between(-0.8, 0.8) * outlines.CC.halfHeightAbove),
        MLO: placeIn(outlines.MLO, behind, random.between(-0.8, 0.8) * outlines.MLO.halfHeightBelow),
      };
      const fits = (['CC', 'MLO'] as const).every(
        (position) =>
          hasRoom(outlines[position], places[position], radius, pixelSpacing) &&
          others.every((other) => {
            const apart = distance(places[position], other.places[position]);
            return apart > radius + other.radius + CLEARANCE.lesion / pixelSpacing;
          }),
      );
      if (fits) return { places, radius };
    }
  }
  throw new Error('a breast without room for a lesion was drawn');
}

function placeIn(outline: ViewOutline, behind: number, aside: number): Place {
  const { down, right } = nippleLine(outline);
  return {
    row: outline.nipple.row + behind * down - aside * right,
    column: outline.nipple.column + behind * right + aside * down,
  };
}

function hasRoom(outline: ViewOutline, { row, column }: Place, radius: number, pixelSpacing: number): boolean {
  const edge = radius + CLEARANCE.edge / pixelSpacing;
  return (
    column > edge &&
    row > edge &&
    row < outline.rows - edge &&
    depthBelowSkin(outline, row, column) > radius + CLEARANCE.skin / pixelSpacing &&
    depthInMuscle(outline, row, column) < -radius - CLEARANCE.muscle / pixelSpacing
  );
}

function distance(a: Place, b: Place): number {
  const [dy, dx] = [a.row - b.row, a.column - b.column];
  return Math.sqrt(dy * dy + dx * dx);
}
