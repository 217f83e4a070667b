import { drawText, textWidth } from '../../imaging/bitmap-font.js';
import { mirrorColumns } from '../../imaging/orientation.js';
import type { Grey16Image } from '../../imaging/planes.js';
import { Random } from '../../models/phantom/random.js';
import { lateralityOf, VIEWS, type View } from '../../pipeline/exam.js';

export type Pictures = Readonly<Record<View, Grey16Image>>;

/** One way in which pictures arrive that show something else than they say, as field reports describe. */
export interface Alteration {
  readonly name: string;
  readonly strength: string;
  /** Whether a person would see at a glance that it is wrong, so that it must be refused or warned of. */
  readonly gross: boolean;
  /**
   * @param view the view to alter, where one is enough.
   * @param other an exam of another woman.
   * @returns the views that changed.
   */
  apply(exam: Pictures, view: View, other: Pictures): Partial<Pictures>;
}

type Alter = (image: Grey16Image, view: View) => Grey16Image;

const one = (name: string, strength: string, gross: boolean, alter: Alter): Alteration => ({
  name,
  strength,
  gross,
  apply: (exam, view) => ({ [view]: alter(exam[view], view) }),
});

const all = (name: string, strength: string, alter: Alter): Alteration => ({
  name,
  strength,
  gross: true,
  apply: (exam) => Object.fromEntries(VIEWS.map((view) => [view, alter(exam[view], view)])),
});

const isLeft = (view: View): boolean => lateralityOf(view) === 'L';
const brightestOf = ({ pixels }: Grey16Image): number => pixels.reduce((most, value) => Math.max(most, value), 0);

const mapped = (image: Grey16Image, change: (value: number, index: number) => number): Grey16Image => ({
  ...image,
  pixels: image.pixels.map((value, index) => Math.max(0, Math.min(65_535, Math.round(change(value, index))))),
});

const drawn = (
  { rows, columns }: { rows: number; columns: number },
  value: (row: number, column: number) => number,
): Grey16Image => {
  const pixels = new Uint16Array(rows * columns);
  for (let row = 0, index = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1, index += 1) {
      pixels[index] = Math.max(0, Math.min(65_535, value(row, column)));
    }
  }
  return { rows, columns, pixels };
};

const sampledAt = (
  image: Grey16Image,
  size: { rows: number; columns: number },
  place: (row: number, column: number) => readonly [row: number, column: number],
): Grey16Image =>
  drawn(size, (row, column) => {
    const [y, x] = place(row, column);
    const inside = y >= 0 && y < image.rows && x >= 0 && x < image.columns;
    return inside ? (image.pixels[Math.floor(y) * image.columns + Math.floor(x)] as number) : 0;
  });

export const swapBytes: Alter = (image) => mapped(image, (value) => ((value & 255) << 8) | (value >> 8));
export const invert: Alter = (image) => {
  const brightest = brightestOf(image);
  return mapped(image, (value) => brightest - value);
};
export const mirror: Alter = (image) => mirrorColumns(image);
export const rotate180: Alter = (image) => ({ ...image, pixels: image.pixels.slice().reverse() });
export const upsideDown: Alter = (image) => mirrorColumns(rotate180(image, 'L_CC'));
export const rotate90: Alter = (image) =>
  sampledAt(image, { rows: image.columns, columns: image.rows }, (row, column) => [image.rows - 1 - column, row]);
export const rotate270: Alter = (image) =>
  sampledAt(image, { rows: image.columns, columns: image.rows }, (row, column) => [column, image.columns - 1 - row]);

export const framed =
  (share: number, grey: number, edges = 'tblr'): Alter =>
  (image) => {
    const { rows, columns } = image;
    const value = grey * brightestOf(image);
    const width = Math.max(1, Math.round(share * rows));
    return mapped(image, (before, index) => {
      const [row, column] = [Math.floor(index / columns), index % columns];
      const covered =
        (edges.includes('t') && row < width) ||
        (edges.includes('b') && row >= rows - width) ||
        (edges.includes('l') && column < width) ||
        (edges.includes('r') && column >= columns - width);
      return covered ? value : before;
    });
  };

export const offset =
  (share: number): Alter =>
  (image) => {
    const added = Math.max(1, share * brightestOf(image));
    return mapped(image, (value) => value + added);
  };

export const noisyBackground =
  (share: number): Alter =>
  (image) => {
    const random = new Random(1, 1);
    const deviation = share * brightestOf(image);
    return mapped(image, (value) => (value > 0 ? value : Math.abs(random.normal()) * deviation));
  };

export const noisy =
  (share: number): Alter =>
  (image) => {
    const random = new Random(1, 2);
    const deviation = share * brightestOf(image);
    return mapped(image, (value) => (value === 0 ? 0 : Math.max(1, value + random.normal() * deviation)));
  };

export const posterised =
  (levels: number): Alter =>
  (image) => {
    const step = brightestOf(image) / levels;
    return mapped(image, (value) => (value === 0 ? 0 : Math.max(1, Math.floor(value / step) * step)));
  };

/** The value below which a share of the tissue lies. */
function quantile({ pixels }: Grey16Image, share: number): number {
  const tissue = pixels.filter((value, index) => value > 0 && index % 7 === 0).sort();
  return tissue[Math.floor((tissue.length - 1) * share)] ?? 0;
}

export const saturated =
  (share: number): Alter =>
  (image) => {
    const limit = quantile(image, 1 - share);
    return mapped(image, (value) => Math.min(value, limit));
  };

const clipped =
  (share: number): Alter =>
  (image) => {
    const limit = quantile(image, share);
    return mapped(image, (value) => Math.max(0, value - limit));
  };

/** Cuts the picture off on the side that the breast points to, so that a share of the breast's depth is lost. */
export const cutPointing =
  (share: number): Alter =>
  (image, view) => {
    const { rows, columns, pixels } = image;
    // Outwards from the chest wall for as long as a twentieth of the rows hold tissue: labels lie further out.
    const filled = (column: number): number => {
      let count = 0;
      for (let row = 0; row < rows; row += 8) if (pixels[row * columns + column] !== 0) count += 1;
      return count / (rows / 8);
    };
    let reach = 0;
    while (reach < columns && filled(isLeft(view) ? reach : columns - 1 - reach) >= 0.05) reach += 1;
    const kept = Math.max(1, Math.round(reach * (1 - share)));
    const from = isLeft(view) ? 0 : columns - kept;
    return sampledAt(image, { rows, columns: kept }, (row, column) => [row, column + from]);
  };

export const cutBelow =
  (share: number): Alter =>
  (image) => {
    const rows = Math.round(image.rows * (1 - share));
    return sampledAt(image, { rows, columns: image.columns }, (row, column) => [row, column]);
  };

export const scaled =
  (factor: number): Alter =>
  (image) =>
    sampledAt(
      image,
      { rows: Math.round(image.rows * factor), columns: Math.round(image.columns * factor) },
      (row, column) => [row / factor, column / factor],
    );

/** Three passes of a box, which is nearly a Gaussian of that standard deviation. */
export const blurred =
  (deviation: number): Alter =>
  (image) => {
    const radius = Math.max(1, Math.round(deviation));
    let values: Float64Array = Float64Array.from(image.pixels);
    for (let pass = 0; pass < 3; pass += 1) {
      values = boxAlong(values, image.rows, image.columns, radius, false);
      values = boxAlong(values, image.rows, image.columns, radius, true);
    }
    return mapped(image, (before, index) => (before === 0 ? 0 : Math.max(1, values[index] as number)));
  };

function boxAlong(values: Float64Array, rows: number, columns: number, radius: number, down: boolean): Float64Array {
  const result = new Float64Array(values.length);
  const [lines, length] = down ? [columns, rows] : [rows, columns];
  const at = (line: number, along: number): number => (down ? along * columns + line : line * columns + along);
  for (let line = 0; line < lines; line += 1) {
    let sum = 0;
    for (let along = -radius; along < length; along += 1) {
      if (along + radius < length) sum += values[at(line, along + radius)] as number;
      if (along - radius - 1 >= 0) sum -= values[at(line, along - radius - 1)] as number;
      if (along < 0) continue;
      const count = Math.min(length - 1, along + radius) - Math.max(0, along - radius) + 1;
      result[at(line, along)] = sum / count;
    }
  }
  return result;
}

/** Two pictures in one: side by side or one above the other. */
export function joined(first: Grey16Image, second: Grey16Image, beside: boolean): Grey16Image {
  const size = beside
    ? { rows: Math.max(first.rows, second.rows), columns: first.columns + second.columns }
    : { rows: first.rows + second.rows, columns: Math.max(first.columns, second.columns) };
  return drawn(size, (row, column) => {
    const inFirst = beside ? column < first.columns : row < first.rows;
    const [image, y, x] = inFirst
      ? [first, row, column]
      : [second, beside ? row : row - first.rows, beside ? column - first.columns : column];
    return y < image.rows && x < image.columns ? (image.pixels[y * image.columns + x] as number) : 0;
  });
}

const opposite = (view: View): View => `${isLeft(view) ? 'R' : 'L'}${view.slice(1)}` as View;
const sister = (view: View): View => (view.endsWith('CC') ? `${view[0]}_MLO` : `${view[0]}_CC`) as View;

/** An even white ellipse behind the nipple, as an implant looks. */
export const implant =
  (share: number): Alter =>
  (image, view) => {
    const { rows, columns } = image;
    const brightest = brightestOf(image);
    const [height, width] = [rows * 0.5 * share, columns * 0.75 * share];
    return mapped(image, (value, index) => {
      const row = Math.floor(index / columns) - rows * 0.58;
      const column = isLeft(view) ? index % columns : columns - 1 - (index % columns);
      return value > 0 && (row / height) ** 2 + (column / width) ** 2 < 1 ? brightest : value;
    });
  };

/** Fog, grain, a label and the film's edge, as a scanner gives them. */
export const filmScan: Alter = (image, view) => {
  const random = new Random(1, 3);
  const brightest = brightestOf(image);
  const { rows, columns } = image;
  return mapped(image, (value, index) => {
    const row = Math.floor(index / columns);
    const column = isLeft(view) ? columns - 1 - (index % columns) : index % columns;
    const isEdge = row < rows * 0.006 || column < rows * 0.006 || row >= rows * 0.994;
    const isLabel = row > rows * 0.02 && row < rows * 0.1 && column > columns * 0.03 && column < columns * 0.2;
    const base = isEdge || isLabel ? 0.9 * brightest : value + 0.08 * brightest;
    return base + random.normal() * 0.03 * brightest;
  });
};

/** Lines of letters, dark on white or white on black. */
export const textPage =
  (onWhite: boolean): Alter =>
  ({ rows, columns }) => {
    const picture = { rows, columns, pixels: new Uint8Array(rows * columns * 3) };
    const scale = 6;
    const line = 'the quick brown fox jumps over it ';
    const text = line.repeat(Math.ceil((columns * 0.9) / (textWidth(line) * scale)) || 1);
    const shown = text.slice(0, Math.floor((columns * 0.9) / (6 * scale)));
    for (let top = 60; top + 60 < rows; top += 70) drawText(picture, shown, top, 40, scale);
    return drawn({ rows, columns }, (row, column) => {
      const ink = picture.pixels[(row * columns + column) * 3] as number;
      return (onWhite ? 255 - ink : ink) * 257;
    });
  };

/** Two dark lungs in a bright body that fills the picture. */
const chestFilm: Alter = ({ rows, columns }) => {
  const random = new Random(1, 4);
  return drawn({ rows, columns }, (row, column) => {
    const [y, x] = [row / rows, column / columns];
    const lung = (centre: number): number => Math.exp(-(((x - centre) / 0.14) ** 4) - ((y - 0.45) / 0.3) ** 4);
    const ribs = 0.06 * Math.sin(40 * y + 8 * Math.abs(x - 0.5));
    const heart = 0.25 * Math.exp(-(((x - 0.56) / 0.12) ** 2) - ((y - 0.6) / 0.15) ** 2);
    const value = 0.75 - 0.5 * (lung(0.27) + lung(0.73)) + ribs + heart - 0.25 * y * Math.abs(x - 0.5);
    return 65_535 * value + 600 * random.normal();
  });
};

/** A chest film with black borders, as collimation leaves them. */
const collimatedChestFilm: Alter = (image, view) => {
  const film = chestFilm(image, view);
  return framed(0.08, 0)(film, view);
};

/** A landscape: bright sky, dark hills, textured ground. */
export const photograph: Alter = ({ rows, columns }) => {
  const random = new Random(1, 5);
  return drawn({ rows, columns }, (row, column) => {
    const [y, x] = [row / rows, column / columns];
    const horizon = 0.45 + 0.08 * Math.sin(5 * x) + 0.03 * Math.sin(17 * x);
    const value =
      y < horizon ? 0.9 - 0.35 * y : 0.25 + 0.3 * (y - horizon) + 0.1 * Math.sin(60 * x * y) * Math.sin(45 * y);
    return 65_535 * value + 900 * random.normal();
  });
};

const checkerboard =
  (size: number): Alter =>
  ({ rows, columns }) =>
    drawn({ rows, columns }, (row, column) =>
      (Math.floor(row / size) + Math.floor(column / size)) % 2 === 0 ? 0 : 60_000,
    );

export const allNoise: Alter = ({ rows, columns }) => {
  const random = new Random(1, 6);
  return drawn({ rows, columns }, () => random.unit() * 65_535);
};

export const constant =
  (value: number): Alter =>
  ({ rows, columns }) =>
    drawn({ rows, columns }, () => value);

export const oneBrightPixel: Alter = ({ rows, columns }) =>
  drawn({ rows, columns }, (row, column) => (row === rows >> 1 && column === columns >> 1 ? 65_535 : 0));

/** What is left of a breast after it was taken off: a sliver at the chest wall. */
export const sliver: Alter = (image, view) => {
  const { rows, columns } = image;
  const from = Math.floor(columns * 0.5);
  return sampledAt(image, { rows, columns }, (row, column) => {
    const inwards = isLeft(view) ? column : columns - 1 - column;
    return [row, isLeft(view) ? inwards + from : columns - 1 - inwards - from];
  });
};

/** Every alteration of the evidence (docs/quality.md), each at its strengths. */
export const alterations: readonly Alteration[] = [
  one('bytes swapped', 'one view', true, swapBytes),
  all('bytes swapped', 'all views', swapBytes),
  one('grey inverted', 'one view', true, invert),
  all('grey inverted', 'all views', invert),
  one('grey inverted', 'one view, noisy', true, (image, view) => noisy(0.01)(invert(image, view), view)),
  ...[0.002, 0.01, 0.05].map((share) => one('white frame', `${100 * share} %`, share >= 0.01, framed(share, 1))),
  one('grey frame', '2 %', true, framed(0.02, 0.4)),
  one('collimator', '3 % above', true, framed(0.03, 1, 't')),
  one('collimator', '3 % on the left', true, framed(0.03, 1, 'l')),
  one('background offset', '1', true, offset(0)),
  ...[0.01, 0.1].map((share) => one('background offset', `${100 * share} %`, true, offset(share))),
  ...[0.0005, 0.01, 0.05].map((share) => one('background noise', `${100 * share} %`, true, noisyBackground(share))),
  ...[16, 64, 256, 1024].map((levels) => one('grey levels', String(levels), levels <= 256, posterised(levels))),
  ...[0.05, 0.25, 0.5].map((share) => one('saturated', `${100 * share} %`, share >= 0.25, saturated(share))),
  ...[0.1, 0.3, 0.5].map((share) => one('clipped below', `${100 * share} %`, share >= 0.5, clipped(share))),
  ...[0.15, 0.3, 0.5].map((share) => one('breast cut in front', `${100 * share} %`, share >= 0.3, cutPointing(share))),
  ...[0.15, 0.3, 0.5].map((share) => one('breast cut below', `${100 * share} %`, share >= 0.3, cutBelow(share))),
  one('mirrored', 'one view', true, mirror),
  all('mirrored', 'all views', mirror),
  one('rotated', '90°', true, rotate90),
  one('rotated', '270°', true, rotate270),
  one('rotated', '180°', true, rotate180),
  all('rotated', '180°, all views', rotate180),
  {
    name: 'upside down',
    strength: 'MLO view',
    gross: true,
    apply: (exam, view) => {
      const mlo: View = isLeft(view) ? 'L_MLO' : 'R_MLO';
      return { [mlo]: upsideDown(exam[mlo], mlo) };
    },
  },
  {
    name: 'two breasts in a view',
    strength: 'face to face',
    gross: true,
    apply: (exam, view) => {
      const [left, right] = isLeft(view) ? [view, opposite(view)] : [opposite(view), view];
      return { [view]: joined(exam[left], exam[right], true) };
    },
  },
  {
    name: 'two breasts in a view',
    strength: 'back to back',
    gross: true,
    apply: (exam, view) => {
      const [left, right] = isLeft(view) ? [view, opposite(view)] : [opposite(view), view];
      return { [view]: joined(exam[right], exam[left], true) };
    },
  },
  {
    name: 'two breasts in a view',
    strength: 'one above the other',
    gross: true,
    apply: (exam, view) => ({ [view]: joined(exam[view], exam[sister(view)], false) }),
  },
  {
    name: 'same picture twice',
    strength: 'CC for MLO',
    gross: true,
    apply: (exam, view) => ({ [view]: exam[sister(view)] }),
  },
  {
    name: 'same picture twice',
    strength: 'mirrored for the other side',
    gross: true,
    apply: (exam, view) => ({ [view]: mirror(exam[opposite(view)], view) }),
  },
  {
    name: 'same picture twice',
    strength: 'mirrored and 2 % brighter',
    gross: true,
    apply: (exam, view) => ({ [view]: mapped(mirror(exam[opposite(view)], view), (value) => value * 1.02) }),
  },
  {
    name: 'left and right swapped',
    strength: 'all views',
    gross: true,
    apply: (exam) => Object.fromEntries(VIEWS.map((view) => [view, exam[opposite(view)]])),
  },
  {
    name: 'left and right swapped',
    strength: 'one position',
    gross: true,
    apply: (exam, view) => ({ [view]: exam[opposite(view)], [opposite(view)]: exam[view] }),
  },
  {
    name: 'CC and MLO swapped',
    strength: 'all views',
    gross: true,
    apply: (exam) => Object.fromEntries(VIEWS.map((view) => [view, exam[sister(view)]])),
  },
  {
    name: 'CC and MLO swapped',
    strength: 'one breast',
    gross: true,
    apply: (exam, view) => ({ [view]: exam[sister(view)], [sister(view)]: exam[view] }),
  },
  ...[0.5, 0.75, 1.3].map((factor) => one('another scale', `${factor} ×`, factor <= 0.5, scaled(factor))),
  {
    name: 'views of two visits',
    strength: 'another woman',
    gross: false,
    apply: (_, view, other) => ({ [view]: other[view] }),
  },
  {
    name: 'views of two visits',
    strength: 'another detector',
    gross: true,
    apply: (_, view, other) => ({
      [view]: mapped(other[view], (value) => (value === 0 ? 0 : Math.max(1, value / 16))),
    }),
  },
  one('implant', '0.6', true, implant(0.6)),
  ...[1, 3, 8].map((deviation) => one('blurred', `${deviation} pixels`, deviation >= 3, blurred(deviation))),
  ...[0.02, 0.1, 0.3].map((share) => one('noisy', `${100 * share} %`, share >= 0.3, noisy(share))),
  one('scanned film', '', true, filmScan),
  {
    name: 'breast without counterpart',
    strength: 'a sliver',
    gross: true,
    apply: (exam, view) => Object.fromEntries([view, sister(view)].map((each) => [each, sliver(exam[each], each)])),
  },
  one('constant', '0', true, constant(0)),
  one('constant', '30,000', true, constant(30_000)),
  one('one bright pixel', '', true, oneBrightPixel),
  one('page of text', 'white on black', true, textPage(false)),
  one('page of text', 'black on white', true, textPage(true)),
  one('chest film', '', true, chestFilm),
  one('chest film', 'with black borders', true, collimatedChestFilm),
  one('photograph', '', true, photograph),
  ...[8, 60, 200].map((size) => one('checkerboard', `${size} pixels`, true, checkerboard(size))),
  one('all noise', '', true, allNoise),
];
