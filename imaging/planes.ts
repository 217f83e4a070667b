/** A 16-bit greyscale image: `pixels[row * columns + column]`, values as stored in the PNG (0 is background). */
export interface Grey16Image {
  readonly rows: number;
  readonly columns: number;
  readonly pixels: Uint16Array;
}

/** A plane of float32 values, row-major: a heatmap or a network's input channel. */
export interface FloatPlane {
  readonly rows: number;
  readonly columns: number;
  readonly pixels: Float32Array;
}

/** An 8-bit RGB picture: `pixels[(row * columns + column) * 3 + channel]`. */
export interface RgbPicture {
  readonly rows: number;
  readonly columns: number;
  readonly pixels: Uint8Array;
}

/** A yes/no image, row-major: 1 where set, 0 elsewhere. */
export interface Mask {
  readonly rows: number;
  readonly columns: number;
  readonly pixels: Uint8Array;
}

/** A half-open rectangle of pixels; its edges may lie outside the image it is about. */
export interface PixelWindow {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}
