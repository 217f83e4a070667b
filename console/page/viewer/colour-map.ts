/** A colour map: 256 colours of red, green and blue, 0 to 255, one after the other. */
export type ColourMap = Uint8Array;

export const COLOURS = 256;

/** A colour in OKLCH (Ottosson, A perceptual color space for image processing, 2020): lightness, chroma, hue in degrees. */
type Lch = readonly [lightness: number, chroma: number, hue: number];
type Lab = readonly [number, number, number];

/*
 * Colours lie on a path through OKLab at equal distances, so that equal steps of probability look equal, and get lighter
 * all the way, so that they can be told apart without seeing hue. None is the red of a warning. Both classes have maps of
 * their own; the legend names the class as well.
 */
const MALIGNANT: readonly Lch[] = [
  [0.36, 0.15, 290],
  [0.5, 0.19, 325],
  [0.66, 0.17, 15],
  [0.8, 0.14, 65],
  [0.94, 0.13, 105],
];
const BENIGN: readonly Lch[] = [
  [0.36, 0.09, 262],
  [0.52, 0.1, 232],
  [0.67, 0.1, 195],
  [0.81, 0.13, 160],
  [0.94, 0.13, 120],
];
/** Down is blue, up is orange: the pair that all common forms of colour blindness keep apart; both equally light. */
const FALL: readonly Lch[] = [
  [0.82, 0.1, 235],
  [0.66, 0.12, 242],
  [0.42, 0.07, 250],
];
const RISE: readonly Lch[] = [
  [0.42, 0.07, 60],
  [0.66, 0.12, 62],
  [0.82, 0.13, 70],
];

function alongPath(corners: readonly Lch[], count: number): ColourMap {
  const points = corners.map(labOf);
  const lengths = points.slice(1).map((point, index) => distance(points[index] as Lab, point));
  const whole = lengths.reduce((sum, length) => sum + length, 0);
  const colours = new Uint8Array(3 * count);
  for (let index = 0; index < count; index += 1) {
    let rest = (whole * index) / (count - 1);
    let leg = 0;
    while (leg < lengths.length - 1 && rest > (lengths[leg] as number)) {
      rest -= lengths[leg] as number;
      leg += 1;
    }
    const [a, b] = [points[leg] as Lab, points[leg + 1] as Lab];
    const share = rest / (lengths[leg] as number);
    colours.set(srgbOf([mix(a[0], b[0], share), mix(a[1], b[1], share), mix(a[2], b[2], share)]), 3 * index);
  }
  return colours;
}

const mix = (a: number, b: number, share: number): number => a + (b - a) * share;
const distance = (a: Lab, b: Lab): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

const labOf = ([lightness, chroma, hue]: Lch): Lab => {
  const angle = (hue * Math.PI) / 180;
  return [lightness, chroma * Math.cos(angle), chroma * Math.sin(angle)];
};

/** OKLab to sRGB, by the matrices that its author published (they are in CSS Color 4 too). */
function srgbOf([lightness, a, b]: Lab): readonly [number, number, number] {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    encoded(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    encoded(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    encoded(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

/** IEC 61966-2-1. */
const encoded = (linear: number): number => {
  const light = Math.min(1, Math.max(0, linear));
  return Math.round(255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055));
};

/** Of probabilities, 0 to 1. */
export const PROBABILITY_MAPS: Readonly<Record<'malignant' | 'benign', ColourMap>> = {
  malignant: alongPath(MALIGNANT, COLOURS),
  benign: alongPath(BENIGN, COLOURS),
};

/** Of differences, from minus the limit to the limit; dark about 0. */
export const DIFFERENCE_MAP: ColourMap = Uint8Array.from([
  ...alongPath(FALL, COLOURS / 2),
  ...alongPath(RISE, COLOURS / 2),
]);

/** The colour of a value between `low` and `high`, with parts between two entries: red, green, blue, not rounded. */
export function colourOf(map: ColourMap, value: number, low: number, high: number): readonly [number, number, number] {
  const place = (COLOURS - 1) * Math.min(1, Math.max(0, (value - low) / (high - low)));
  const first = Math.min(COLOURS - 2, Math.floor(place));
  const share = place - first;
  const channel = (offset: number): number =>
    mix(map[3 * first + offset] as number, map[3 * (first + 1) + offset] as number, share);
  return [channel(0), channel(1), channel(2)];
}

/** For a legend: CSS colours at equal steps. */
export const cssGradient = (map: ColourMap, steps = 16): string =>
  `linear-gradient(to right, ${Array.from({ length: steps }, (_, index) => {
    const entry = 3 * Math.round((index * (COLOURS - 1)) / (steps - 1));
    return `rgb(${map[entry]} ${map[entry + 1]} ${map[entry + 2]})`;
  }).join(', ')})`;
