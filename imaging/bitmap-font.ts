import type { RgbPicture } from './planes.js';

/** Columns and rows of one character; the last row holds descenders. Characters are drawn one column apart. */
export const GLYPH_COLUMNS = 5;
export const GLYPH_ROWS = 8;
const ADVANCE = GLYPH_COLUMNS + 1;

/**
 * The characters that legends need, drawn by hand. A font of our own rather than the machine's, so that the same
 * picture has the same bytes everywhere.
 */
const SHEETS: readonly (readonly [characters: string, drawing: string])[] = [
  [
    'abcdefghi',
    `
..... #.... ..... ....# ..... ..##. ..... #.... ..#..
..... #.... ..... ....# ..... .#... ..... #.... .....
.###. ####. .###. .#### .###. ####. .#### ####. .##..
....# #...# #...# #...# #...# .#... #...# #...# ..#..
.#### #...# #.... #...# ##### .#... #...# #...# ..#..
#...# #...# #...# #...# #.... .#... .#### #...# ..#..
.#### ####. .###. .#### .###. .#... ....# #...# .###.
..... ..... ..... ..... ..... ..... .###. ..... .....`,
  ],
  [
    'jklmnopqr',
    `
...#. #.... .##.. ..... ..... ..... ..... ..... .....
..... #.... ..#.. ..... ..... ..... ..... ..... .....
..##. #..#. ..#.. ##.#. ####. .###. ####. .#### #.##.
...#. #.#.. ..#.. #.#.# #...# #...# #...# #...# ##..#
...#. ##... ..#.. #.#.# #...# #...# #...# #...# #....
...#. #.#.. ..#.. #.#.# #...# #...# ####. .#### #....
#..#. #..#. .###. #...# #...# .###. #.... ....# #....
.##.. ..... ..... ..... ..... ..... #.... ....# .....`,
  ],
  [
    'stuvwxyz_',
    `
..... .#... ..... ..... ..... ..... ..... ..... .....
..... .#... ..... ..... ..... ..... ..... ..... .....
.#### ####. #...# #...# #...# #...# #...# ##### .....
#.... .#... #...# #...# #.#.# .#.#. #...# ...#. .....
.###. .#... #...# #...# #.#.# ..#.. #...# ..#.. .....
....# .#... #...# .#.#. #.#.# .#.#. .#### .#... .....
####. ..##. .#### ..#.. .#.#. #...# ....# ##### .....
..... ..... ..... ..... ..... ..... .###. ..... #####`,
  ],
  [
    '0123456789',
    `
.###. ..#.. .###. .###. ...#. ##### .###. ##### .###. .###.
#..## .##.. #...# #...# ..##. #.... #.... ....# #...# #...#
#.#.# ..#.. ....# ....# .#.#. ####. ####. ...#. #...# #...#
#.#.# ..#.. ..##. ..##. #..#. ....# #...# ...#. .###. .####
##..# ..#.. .#... ....# ##### ....# #...# ..#.. #...# ....#
#...# ..#.. #.... #...# ...#. #...# #...# ..#.. #...# ....#
.###. .###. ##### .###. ...#. .###. .###. ..#.. .###. .###.
..... ..... ..... ..... ..... ..... ..... ..... ..... .....`,
  ],
  [
    'CLMNOR.,%',
    `
.###. #.... #...# #...# .###. ####. ..... ..... ##...
#...# #.... ##.## ##..# #...# #...# ..... ..... ##..#
#.... #.... #.#.# #.#.# #...# #...# ..... ..... ...#.
#.... #.... #.#.# #.#.# #...# ####. ..... ..... ..#..
#.... #.... #...# #..## #...# #.#.. ..... ..... .#...
#...# #.... #...# #...# #...# #..#. .##.. .##.. #..##
.###. ##### #...# #...# .###. #...# .##.. ..#.. ...##
..... ..... ..... ..... ..... ..... ..... .#... .....`,
  ],
  [
    'ABDEFGHIJK',
    `
.###. ####. ####. ##### ##### .###. #...# .###. ..### #...#
#...# #...# #...# #.... #.... #...# #...# ..#.. ...#. #..#.
#...# #...# #...# #.... #.... #.... #...# ..#.. ...#. #.#..
##### ####. #...# ####. ####. #.### ##### ..#.. ...#. ##...
#...# #...# #...# #.... #.... #...# #...# ..#.. ...#. #.#..
#...# #...# #...# #.... #.... #...# #...# ..#.. #..#. #..#.
#...# ####. ####. ##### #.... .#### #...# .###. .##.. #...#
..... ..... ..... ..... ..... ..... ..... ..... ..... .....`,
  ],
  [
    'PQSTUVWXYZ-',
    `
####. .###. .#### ##### #...# #...# #...# #...# #...# ##### .....
#...# #...# #.... ..#.. #...# #...# #...# #...# #...# ....# .....
#...# #...# #.... ..#.. #...# #...# #...# .#.#. #...# ...#. .....
####. #...# .###. ..#.. #...# #...# #.#.# ..#.. .#.#. ..#.. #####
#.... #.#.# ....# ..#.. #...# #...# #.#.# .#.#. ..#.. .#... .....
#.... #..#. ....# ..#.. #...# .#.#. #.#.# #...# ..#.. #.... .....
#.... .##.# ####. ..#.. .###. ..#.. .#.#. #...# ..#.. ##### .....
..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .....`,
  ],
  [
    "():;'/",
    `
..#.. ..#.. ..... ..... ..#.. ....#
.#... ...#. .##.. .##.. ..#.. ....#
.#... ...#. .##.. .##.. ..... ...#.
.#... ...#. ..... ..... ..... ..#..
.#... ...#. .##.. .##.. ..... .#...
.#... ...#. .##.. ..#.. ..... #....
..#.. ..#.. ..... .#... ..... #....
..... ..... ..... ..... ..... .....`,
  ],
];

/** The set pixels of each character as `[row, column]`. */
const GLYPHS: ReadonlyMap<string, readonly (readonly [row: number, column: number])[]> = new Map([
  [' ', []],
  ...SHEETS.flatMap(([characters, drawing]) => {
    const lines = drawing.trimStart().split('\n');
    return [...characters].map((character, place) => {
      const set: [number, number][] = [];
      for (const [row, line] of lines.entries()) {
        for (let column = 0; column < GLYPH_COLUMNS; column += 1) {
          if (line[place * ADVANCE + column] === '#') set.push([row, column]);
        }
      }
      return [character, set] as const;
    });
  }),
]);

/** A text in characters that the font has: others are left blank. */
export const drawable = (text: string): string =>
  [...text].map((character) => (GLYPHS.has(character) ? character : ' ')).join('');

/** Width in pixels of a text at scale 1, without the space after its last character. */
export const textWidth = (text: string): number => text.length * ADVANCE - 1;

/**
 * Draws white text into a picture; what falls outside is left out.
 * @param scale how many pixels wide and high each dot of a character is.
 * @throws RangeError for a character the font does not have.
 */
export function drawText(picture: RgbPicture, text: string, top: number, left: number, scale: number): void {
  for (const [place, character] of [...text].entries()) {
    const glyph = GLYPHS.get(character);
    if (glyph === undefined) throw new RangeError(`the legend font has no character "${character}"`);
    for (const [row, column] of glyph) {
      fillRectangle(picture, top + row * scale, left + (place * ADVANCE + column) * scale, scale, scale, WHITE);
    }
  }
}

export type Rgb = readonly [red: number, green: number, blue: number];
export const WHITE: Rgb = [255, 255, 255];

/** Fills a rectangle of a picture; what falls outside is left out. */
export function fillRectangle(
  { rows, columns, pixels }: RgbPicture,
  top: number,
  left: number,
  height: number,
  width: number,
  colour: Rgb,
): void {
  for (let row = Math.max(0, top); row < Math.min(rows, top + height); row += 1) {
    for (let column = Math.max(0, left); column < Math.min(columns, left + width); column += 1) {
      pixels.set(colour, (row * columns + column) * 3);
    }
  }
}
