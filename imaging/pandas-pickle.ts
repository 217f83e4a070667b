import { numpyArrayOf } from './numpy-pickle.js';
import { bytesOf } from './pickle-names.js';
import { isKind, type ObjectValue, type PickleObject } from './pickle-objects.js';

/*
 * What pandas's tables hold, told from how versions 0.24 to 3.1 pickle them:
 *
 *   DataFrame │ Series   state {'_mgr' | '_data': manager}
 *   manager              args (blocks, axes), or up to 1.2 state (axes, values, …, {'0.14.1': {'axes', 'blocks'}})
 *   block                _unpickle_block(values, places, dimensions), or {'values', 'mgr_locs'}
 *   values               numpy array of columns × rows, or an array of pandas's own for one column
 *   axis                 _new_Index(class, {'data': values})
 */

const isPandas = (value: ObjectValue | undefined, ...names: readonly string[]): value is PickleObject =>
  isKind(value, 'object') && names.some((name) => value.name === `pandas.${name}` || value.name.endsWith(`.${name}`));

/** The items of a list, a tuple, a set, a numpy array of one dimension, or a pandas series or index. */
export function itemsOf(value: ObjectValue | undefined): readonly ObjectValue[] | undefined {
  if (Array.isArray(value)) return value;
  const array = numpyArrayOf(value);
  if (array !== undefined) return array.shape.length === 1 ? array.values : undefined;
  if (isPandas(value, 'Series')) return itemsOf(tableOf(value)?.blocks[0]?.values);
  if (isPandas(value, '_new_Index')) {
    const settings = value.args[1];
    return settings instanceof Map ? itemsOf(settings.get('data')) : undefined;
  }
  return textsOf(value);
}

/** A dictionary, or a row of a table with its columns' names. */
export function dictionaryOf(value: ObjectValue | undefined): ReadonlyMap<ObjectValue, ObjectValue> | undefined {
  if (value instanceof Map) return value;
  if (!isPandas(value, 'Series')) return undefined;
  const keys = tableOf(value)?.axes[0];
  const items = itemsOf(value);
  if (keys === undefined || items === undefined || keys.length !== items.length) return undefined;
  return new Map(keys.map((key, index) => [key, items[index]!]));
}

/**
 * The rows of a table, each with some of its columns by name.
 * @param wanted the columns' names. Those that the table lacks are left out, and so is one that it has twice.
 * @returns undefined for what is no table, or one of another form.
 */
export function rowsOf(
  value: ObjectValue | undefined,
  wanted: readonly string[],
): ReadonlyMap<ObjectValue, ObjectValue>[] | undefined {
  if (!isPandas(value, 'DataFrame')) return undefined;
  const table = tableOf(value);
  const columns = table?.axes[0];
  if (table === undefined || columns === undefined) return undefined;
  const rows: Map<ObjectValue, ObjectValue>[] = [];
  for (const name of wanted) {
    const place = columns.indexOf(name);
    if (place === -1 || columns.indexOf(name, place + 1) !== -1) continue;
    const block = table.blocks.find(({ places }) => places.includes(place));
    if (block === undefined) return undefined;
    // What a column of a kind that is not read holds is told by that object's name.
    const column = itemsIn(block, block.places.indexOf(place)) ?? [block.values];
    for (const [row, item] of column.entries()) {
      rows[row] ??= new Map();
      rows[row].set(name, item);
    }
  }
  return rows;
}

interface Block {
  /** Which columns it holds. */
  readonly places: readonly number[];
  readonly values: ObjectValue;
}
interface Table {
  readonly axes: readonly (readonly ObjectValue[] | undefined)[];
  readonly blocks: readonly Block[];
}

function tableOf({ state }: PickleObject): Table | undefined {
  if (!(state instanceof Map)) return undefined;
  const manager = state.get('_mgr') ?? state.get('_data');
  if (!isPandas(manager, 'BlockManager', 'SingleBlockManager')) return undefined;
  const old = Array.isArray(manager.state) ? manager.state[3] : undefined;
  const parts = old instanceof Map ? old.get('0.14.1') : undefined;
  const [blocks, axes] = parts instanceof Map ? [parts.get('blocks'), parts.get('axes')] : manager.args;
  const list = Array.isArray(blocks) ? blocks : blocks === undefined ? [] : [blocks];
  if (!Array.isArray(axes) || list.length === 0 || list.length > MOST_BLOCKS) return undefined;
  const read = list.map(blockOf);
  if (read.includes(undefined)) return undefined;
  return { axes: axes.map(itemsOf), blocks: read as Block[] };
}

function blockOf(block: ObjectValue): Block | undefined {
  const [values, at] =
    block instanceof Map
      ? [block.get('values'), block.get('mgr_locs')]
      : isPandas(block, '_unpickle_block')
        ? block.args
        : [];
  const places = placesOf(at);
  return values === undefined || places === undefined ? undefined : { places, values };
}

/** The items of a block's column. Undefined where they are of a kind that is not read. */
function itemsIn({ places, values }: Block, index: number): readonly ObjectValue[] | undefined {
  const array = numpyArrayOf(values);
  if (array?.shape.length !== 2) return itemsOf(values);
  const [columns, rows] = array.shape as [number, number];
  return columns === places.length ? array.values.slice(index * rows, (index + 1) * rows) : undefined;
}

/** Places are written as a range, and a range may promise anything. */
const MOST_COLUMNS = 10_000;
const MOST_BLOCKS = 1_000;

function placesOf(at: ObjectValue | undefined): number[] | undefined {
  if (isKind(at, 'object') && at.name.endsWith('.slice')) {
    const [start, stop, step] = at.args.map((one) => (typeof one === 'number' ? one : undefined));
    const [from, by] = [start ?? 0, step ?? 1];
    if (stop === undefined || by < 1 || (stop - from) / by > MOST_COLUMNS) return undefined;
    return Array.from({ length: Math.max(0, Math.ceil((stop - from) / by)) }, (_, index) => from + index * by);
  }
  const places = numpyArrayOf(at)?.values;
  return places?.every((place) => typeof place === 'number') ? (places as number[]) : undefined;
}

/** The texts of an array of pandas's own: over numpy objects, or over Arrow's buffers. */
function textsOf(value: ObjectValue | undefined): readonly ObjectValue[] | undefined {
  if (isPandas(value, '__pyx_unpickle_NDArrayBacked', 'StringArray')) {
    const parts = Array.isArray(value.state)
      ? value.state
      : value.state instanceof Map
        ? [...value.state.values()]
        : [];
    const [type] = value.args;
    const isText = isPandas(value, 'StringArray') || (isKind(type, 'name') && type.name.endsWith('.StringArray'));
    return isText ? itemsOf(parts.find((part) => numpyArrayOf(part) !== undefined)) : undefined;
  }
  if (!(isKind(value, 'object') && /\.ArrowStringArray(NumpySemantics)?$/.test(value.name))) return undefined;
  return value.state instanceof Map ? arrowTexts(value.state.get('_pa_array') ?? value.state.get('_data')) : undefined;
}

/**
 * An Arrow array of texts: `(type, length, nulls, offset, [validity, offsets, characters], …)`, or chunks of such arrays
 * (Arrow columnar format, variable-size binary layout).
 */
function arrowTexts(value: ObjectValue | undefined): ObjectValue[] | undefined {
  if (!isKind(value, 'object')) return undefined;
  if (value.name === 'pyarrow.lib.chunked_array') {
    const chunks = Array.isArray(value.args[0]) ? value.args[0].map(arrowTexts) : [undefined];
    return chunks.includes(undefined) ? undefined : (chunks as ObjectValue[][]).flat();
  }
  const parts = value.name === 'pyarrow.lib._restore_array' ? value.args[0] : undefined;
  if (!Array.isArray(parts)) return undefined;
  const [type, length, nulls, offset, buffers] = parts;
  const alias = isKind(type, 'object') && type.name === 'pyarrow.lib.type_for_alias' ? type.args[0] : undefined;
  const width = alias === 'large_string' ? 8 : alias === 'string' ? 4 : undefined;
  if (width === undefined || nulls !== 0 || !Array.isArray(buffers)) return undefined;
  if (typeof length !== 'number' || typeof offset !== 'number') return undefined;
  const [ends, characters] = [bufferOf(buffers[1]), bufferOf(buffers[2]) ?? new Uint8Array()];
  if (ends === undefined || ends.length < (offset + length + 1) * width) return undefined;
  const view = new DataView(ends.buffer, ends.byteOffset, ends.byteLength);
  const end = (index: number): number =>
    width === 8 ? Number(view.getBigInt64(index * 8, true)) : view.getInt32(index * 4, true);
  return Array.from({ length }, (_, index) =>
    Buffer.from(characters.subarray(end(offset + index), end(offset + index + 1))).toString('utf8'),
  );
}

const bufferOf = (value: ObjectValue | undefined): Uint8Array | undefined =>
  isKind(value, 'object') && value.name === 'pyarrow.lib.py_buffer' ? bytesOf(value.args[0]) : undefined;
