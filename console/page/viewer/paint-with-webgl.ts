import { COLOURS, type ColourMap } from './colour-map.js';
import type { Camera, Size } from './geometry.js';
import type { GreyPlane, ProbabilityPlane } from './plane.js';
import { LOUPE_EDGE, type Painter, type Scene, SURROUND } from './scene.js';

/** Textures that a canvas keeps: levels of its picture, and heatmaps. */
const KEPT_TEXTURES = 6;
/** A context that was lost and has not come back is given up after this long. */
const GIVEN_UP_MS = 3_000;

/** Covers the canvas with one triangle. */
const VERTEX = `#version 300 es
void main() {
  gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0);
}`;

/** What paint-on-cpu.ts does, for one device pixel. Values are fetched and mixed here: integers cannot be filtered. */
const FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2D;
precision highp sampler2D;

uniform usampler2D picture;
uniform sampler2D overlay;
uniform sampler2D colours;
uniform float canvasHeight;
uniform vec4 region;         // x, y from above, width, height
uniform vec3 camera;         // column, row, scale
uniform float turn;          // -1 where left and right are exchanged
uniform vec3 whole;          // columns, rows, values a block
uniform vec2 window;         // black, width
uniform bool inverted;
uniform bool overlaid;
uniform vec4 part;           // left, top, columns, rows
uniform float partBlock;
uniform vec4 scale;          // low, high, threshold, opacity
uniform vec3 surround;
out vec4 colour;

float grey16(ivec2 at) { return float(texelFetch(picture, at, 0).r); }
float value32(ivec2 at) { return texelFetch(overlay, at, 0).r; }

void main() {
  vec2 at = vec2(gl_FragCoord.x, canvasHeight - gl_FragCoord.y) - region.xy - region.zw / 2.0;
  vec2 position = camera.xy + vec2(turn, 1.0) * at / camera.z;
  if (any(lessThan(position, vec2(0.0))) || any(greaterThanEqual(position, whole.xy))) {
    colour = vec4(surround, 1.0);
    return;
  }
  ivec2 last = textureSize(picture, 0) - 1;
  vec2 place = clamp(position / whole.z - 0.5, vec2(0.0), vec2(last));
  ivec2 first = ivec2(floor(place));
  ivec2 second = min(first + 1, last);
  vec2 share = place - floor(place);
  float value = mix(
    mix(grey16(first), grey16(ivec2(second.x, first.y)), share.x),
    mix(grey16(ivec2(first.x, second.y)), grey16(second), share.x), share.y);
  float grey = clamp((value - window.x) / window.y, 0.0, 1.0);
  if (inverted) grey = 1.0 - grey;
  colour = vec4(vec3(grey), 1.0);
  if (!overlaid) return;

  vec2 inside = position - part.xy;
  if (any(lessThan(inside, vec2(0.0))) || any(greaterThanEqual(inside, part.zw))) return;
  last = textureSize(overlay, 0) - 1;
  place = clamp(inside / partBlock - 0.5, vec2(0.0), vec2(last));
  first = ivec2(floor(place));
  second = min(first + 1, last);
  share = place - floor(place);
  float laid = mix(
    mix(value32(first), value32(ivec2(second.x, first.y)), share.x),
    mix(value32(ivec2(first.x, second.y)), value32(second), share.x), share.y);
  if (!(abs(laid) >= scale.z)) return;
  float entry = ${COLOURS - 1}.0 * clamp((laid - scale.x) / (scale.y - scale.x), 0.0, 1.0);
  int before = min(${COLOURS - 2}, int(floor(entry)));
  vec3 mapped = mix(
    texelFetch(colours, ivec2(before, 0), 0).rgb,
    texelFetch(colours, ivec2(before + 1, 0), 0).rgb, entry - float(before));
  colour = vec4(mix(vec3(grey), mapped, scale.w), 1.0);
}`;

const UNIFORMS = [
  'picture',
  'overlay',
  'colours',
  'canvasHeight',
  'region',
  'camera',
  'turn',
  'whole',
  'window',
  'inverted',
  'overlaid',
  'part',
  'partBlock',
  'scale',
  'surround',
] as const;

type Source = GreyPlane | ProbabilityPlane | ColourMap;
interface Drawing {
  readonly places: Readonly<Record<(typeof UNIFORMS)[number], WebGLUniformLocation | null>>;
  /** By what they hold; the first is the one that was used least lately. */
  readonly textures: Map<Source, WebGLTexture>;
  readonly program: WebGLProgram;
}

/**
 * Draws with WebGL2 and no extension: 16-bit integers are fetched one by one.
 *
 * @param onGivenUp the context was lost and does not come back, or cannot draw what it was asked to: another painter is needed.
 * @returns undefined where the canvas gives no such context.
 */
export function openWebglPainter(canvas: HTMLCanvasElement, onGivenUp: () => void): Painter | undefined {
  const gl = canvas.getContext('webgl2', { alpha: false, antialias: false, depth: false, stencil: false });
  if (gl === null) return undefined;
  let drawing = prepare(gl);
  if (drawing === undefined) return undefined;
  let shown: Scene | undefined;
  let waiting: ReturnType<typeof setTimeout> | undefined;

  const onLost = (event: Event): void => {
    // Otherwise it never comes back.
    event.preventDefault();
    waiting = setTimeout(onGivenUp, GIVEN_UP_MS);
  };
  const onRestored = (): void => {
    clearTimeout(waiting);
    drawing = prepare(gl);
    if (drawing === undefined) onGivenUp();
    else if (shown !== undefined) draw(shown);
  };
  canvas.addEventListener('webglcontextlost', onLost);
  canvas.addEventListener('webglcontextrestored', onRestored);

  function draw(scene: Scene): void {
    shown = scene;
    if (drawing === undefined || gl === null || gl.isContextLost()) return;
    resize(canvas, scene.size);
    const most = gl.getParameter(gl.MAX_TEXTURE_SIZE) as number;
    if (scene.picture.rows > most || scene.picture.columns > most) {
      onGivenUp();
      return;
    }
    gl.viewport(0, 0, scene.size.width, scene.size.height);
    drawRegion(gl, drawing, scene, scene.camera, { x: 0, y: 0, size: scene.size });
    const { loupe } = scene;
    if (loupe === undefined) return;
    const { x, y, size } = loupe;
    gl.enable(gl.SCISSOR_TEST);
    gl.scissor(x - 1, scene.size.height - y - size.height - 1, size.width + 2, size.height + 2);
    gl.clearColor(LOUPE_EDGE[0] / 255, LOUPE_EDGE[1] / 255, LOUPE_EDGE[2] / 255, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.scissor(x, scene.size.height - y - size.height, size.width, size.height);
    drawRegion(gl, drawing, scene, loupe.camera, loupe);
    gl.disable(gl.SCISSOR_TEST);
  }

  return {
    path: 'webgl2',
    draw,
    clear(size) {
      shown = undefined;
      resize(canvas, size);
      gl.clearColor(SURROUND[0] / 255, SURROUND[1] / 255, SURROUND[2] / 255, 1);
      gl.clear(gl.COLOR_BUFFER_BIT);
    },
    dispose() {
      clearTimeout(waiting);
      canvas.removeEventListener('webglcontextlost', onLost);
      canvas.removeEventListener('webglcontextrestored', onRestored);
      for (const texture of drawing?.textures.values() ?? []) gl.deleteTexture(texture);
      if (drawing !== undefined) gl.deleteProgram(drawing.program);
      drawing = undefined;
    },
  };
}

/** Setting a canvas's size empties it, so only where it differs. */
function resize(canvas: HTMLCanvasElement, { width, height }: Size): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}

function prepare(gl: WebGL2RenderingContext): Drawing | undefined {
  const program = gl.createProgram();
  if (program === null) return undefined;
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(kind);
    if (shader === null) return undefined;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) return undefined;
  // biome-ignore lint/correctness/useHookAtTopLevel: WebGL's name for choosing a program; it is no hook.
  gl.useProgram(program);
  const places = Object.fromEntries(UNIFORMS.map((name) => [name, gl.getUniformLocation(program, name)]));
  // Rows of 16-bit values begin wherever the one before ended.
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  return { places: places as Drawing['places'], textures: new Map(), program };
}

function drawRegion(
  gl: WebGL2RenderingContext,
  { places, textures }: Drawing,
  { picture, mirrored, window, inverted, overlay, size: canvas }: Scene,
  camera: Camera,
  { x, y, size }: { x: number; y: number; size: Size },
): void {
  const plane = picture.planeFor(camera.scale);
  bind(gl, textures, 0, plane);
  gl.uniform1i(places.picture, 0);
  gl.uniform1i(places.overlay, 1);
  gl.uniform1i(places.colours, 2);
  gl.uniform1f(places.canvasHeight, canvas.height);
  gl.uniform4f(places.region, x, y, size.width, size.height);
  gl.uniform3f(places.camera, camera.column, camera.row, camera.scale);
  gl.uniform1f(places.turn, mirrored ? -1 : 1);
  gl.uniform3f(places.whole, picture.columns, picture.rows, 2 ** plane.level);
  gl.uniform2f(places.window, window.centre - window.width / 2, window.width);
  gl.uniform1i(places.inverted, inverted ? 1 : 0);
  gl.uniform1i(places.overlaid, overlay === undefined ? 0 : 1);
  gl.uniform3f(places.surround, SURROUND[0] / 255, SURROUND[1] / 255, SURROUND[2] / 255);
  if (overlay !== undefined) {
    bind(gl, textures, 1, overlay.plane);
    bind(gl, textures, 2, overlay.map);
    gl.uniform4f(places.part, overlay.left, overlay.top, overlay.columns, overlay.rows);
    gl.uniform1f(places.partBlock, 2 ** overlay.plane.level);
    gl.uniform4f(places.scale, overlay.low, overlay.high, overlay.threshold, overlay.opacity);
  }
  gl.drawArrays(gl.TRIANGLES, 0, 3);
}

function bind(gl: WebGL2RenderingContext, textures: Drawing['textures'], unit: number, source: Source): void {
  gl.activeTexture(gl.TEXTURE0 + unit);
  const known = textures.get(source);
  if (known !== undefined) {
    textures.delete(source);
    textures.set(source, known);
    gl.bindTexture(gl.TEXTURE_2D, known);
    return;
  }
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, side, gl.NEAREST);
  if (source instanceof Uint8Array) {
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGB8, COLOURS, 1, 0, gl.RGB, gl.UNSIGNED_BYTE, source);
  } else if (source.values instanceof Uint16Array) {
    const { rows, columns, values } = source;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R16UI, columns, rows, 0, gl.RED_INTEGER, gl.UNSIGNED_SHORT, values);
  } else {
    const { rows, columns, values } = source;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32F, columns, rows, 0, gl.RED, gl.FLOAT, values);
  }
  textures.set(source, texture);
  for (const [oldest, old] of textures) {
    if (textures.size <= KEPT_TEXTURES) break;
    textures.delete(oldest);
    gl.deleteTexture(old);
  }
}
