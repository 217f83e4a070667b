import { PickleError } from './pickle-machine.js';
import { isKind, type ObjectValue, type PickleCall } from './pickle-objects.js';

/*
 * Every name that a pickle of plain data may mention, whoever wrote it: Python's own types, and the values of numpy, pandas,
 * pyarrow and pydicom that end up in lists made from tables and headers, and beside weights. Which of them a pickle names
 * was seen in what Python 2.7 to 3.11 with numpy 1.16 to 2.4 and pandas 0.24 to 3.1 write. None is looked up or called.
 */

const listed = (module: string, names: string): string[] => names.split(' ').map((name) => `${module}.${name}`);

/** Names of which nothing is known but that they are harmless to mention. */
const INERT: readonly string[] = [
  ...['builtins', '__builtin__'].flatMap((module) =>
    listed(module, 'Ellipsis bool complex float int long object range slice str unicode xrange'),
  ),
  ...listed('argparse', 'Namespace'),
  ...listed('collections', 'deque'),
  ...listed('datetime', 'date datetime time timedelta timezone'),
  ...listed('dateutil.tz.tz', 'tzfile tzlocal tzoffset tzutc'),
  ...listed('decimal', 'Decimal'),
  ...listed('fractions', 'Fraction'),
  ...['pathlib', 'pathlib._local'].flatMap((module) =>
    listed(module, 'Path PosixPath PurePosixPath PureWindowsPath WindowsPath'),
  ),
  ...listed('pytz', '_UTC _p'),
  ...listed('types', 'SimpleNamespace'),
  ...listed('uuid', 'SafeUUID UUID'),
  ...listed('zoneinfo', 'ZoneInfo ZoneInfo._unpickle'),
  ...listed(
    'numpy',
    'bool bool_ bytes_ complex128 complex64 datetime64 dtype float16 float32 float64 int16 int32 int64 int8 ndarray ' +
      'object_ recarray record str_ timedelta64 uint16 uint32 uint64 uint8 unicode_ void',
  ),
  ...['numpy._core', 'numpy.core'].flatMap((module) => [
    ...listed(`${module}.multiarray`, '_reconstruct scalar'),
    ...listed(`${module}.numeric`, '_frombuffer'),
  ]),
  ...listed('numpy.ma', 'MaskedArray'),
  ...listed('numpy.ma.core', 'MaskedArray _mareconstruct'),
  ...listed(
    'pandas',
    'BooleanDtype Categorical CategoricalDtype DataFrame DatetimeIndex DatetimeTZDtype Float32Dtype Float64Dtype Index ' +
      'Int16Dtype Int32Dtype Int64Dtype Int8Dtype Interval MultiIndex NA NaT Period PeriodDtype RangeIndex Series ' +
      'StringDtype Timedelta TimedeltaIndex Timestamp UInt16Dtype UInt32Dtype UInt64Dtype UInt8Dtype',
  ),
  ...listed(
    'pandas.arrays',
    'ArrowExtensionArray ArrowStringArray BooleanArray DatetimeArray FloatingArray IntegerArray NumpyExtensionArray ' +
      'PeriodArray StringArray TimedeltaArray',
  ),
  ...listed('pandas._libs.arrays', '__pyx_unpickle_NDArrayBacked'),
  ...listed('pandas._libs.internals', '_unpickle_block'),
  ...listed('pandas._libs.interval', 'Interval'),
  ...listed('pandas._libs.missing', 'NA'),
  ...listed('pandas._libs.tslibs.nattype', '__nat_unpickle _nat_unpickle'),
  ...listed('pandas._libs.tslibs.offsets', 'BusinessDay Day Hour Minute MonthBegin MonthEnd Second YearBegin YearEnd'),
  ...listed('pandas._libs.tslibs.period', 'Period'),
  ...listed('pandas._libs.tslibs.timedeltas', 'Timedelta _timedelta_unpickle'),
  ...listed('pandas._libs.tslibs.timestamps', 'Timestamp _unpickle_timestamp'),
  ...listed('pandas.core.arrays.boolean', 'BooleanArray BooleanDtype'),
  ...listed('pandas.core.arrays.categorical', 'Categorical'),
  ...listed('pandas.core.arrays.datetimes', 'DatetimeArray'),
  ...listed('pandas.core.arrays.floating', 'Float32Dtype Float64Dtype FloatingArray'),
  ...listed(
    'pandas.core.arrays.integer',
    'Int16Dtype Int32Dtype Int64Dtype Int8Dtype IntegerArray UInt16Dtype UInt32Dtype UInt64Dtype UInt8Dtype',
  ),
  ...listed('pandas.core.arrays.numpy_', 'PandasArray'),
  ...listed('pandas.core.arrays.string_', 'StringArray StringDtype'),
  ...listed('pandas.core.arrays.string_arrow', 'ArrowStringArray ArrowStringArrayNumpySemantics'),
  ...listed('pandas.core.arrays.timedeltas', 'TimedeltaArray'),
  ...listed('pandas.core.dtypes.dtypes', 'CategoricalDtype DatetimeTZDtype PeriodDtype'),
  ...listed('pandas.core.frame', 'DataFrame'),
  ...listed('pandas.core.indexes.base', 'Index _new_Index'),
  ...listed('pandas.core.indexes.datetimes', 'DatetimeIndex _new_DatetimeIndex'),
  ...listed('pandas.core.indexes.multi', 'MultiIndex'),
  ...listed('pandas.core.indexes.numeric', 'Float64Index Int64Index UInt64Index'),
  ...listed('pandas.core.indexes.range', 'RangeIndex'),
  ...listed('pandas.core.internals.managers', 'BlockManager SingleBlockManager'),
  ...listed('pandas.core.series', 'Series'),
  ...listed('pandas.tseries.offsets', 'BusinessDay Day Hour Minute MonthBegin MonthEnd Second YearBegin YearEnd'),
  ...listed('pyarrow.lib', '_restore_array chunked_array py_buffer type_for_alias'),
  ...listed('pydicom.multival', 'ConstrainedList MultiValue'),
  ...listed('pydicom.uid', 'UID'),
  ...listed('pydicom.valuerep', 'DA DSdecimal DSfloat DT IS ISfloat PersonName PersonName3 PersonNameUnicode TM'),
];

const asList: PickleCall = ([items]) => (Array.isArray(items) ? items : []);
const asBytes: PickleCall = ([value]) => bytesOf(value) ?? new Uint8Array();
/** `encode(text, 'latin1')` is how protocols 0 to 2 write bytes. */
const encode: PickleCall = ([text]) => {
  if (typeof text !== 'string') throw new PickleError('is damaged: bytes are none');
  return Buffer.from(text, 'latin1');
};
/** Of anything but pairs nothing is taken: `Counter` and `dict` are written with a dictionary. */
const asDictionary: PickleCall = ([items]) => {
  if (items instanceof Map) return new Map(items);
  const dictionary = new Map<ObjectValue, ObjectValue>();
  if (!Array.isArray(items)) return dictionary;
  for (const item of items) {
    if (!Array.isArray(item) || item.length !== 2) throw new PickleError('is damaged: a key has no value');
    dictionary.set(item[0] as ObjectValue, item[1] as ObjectValue);
  }
  return dictionary;
};

/** Calls whose result is plain data. */
const CALLS: readonly (readonly [string, PickleCall])[] = [
  ...['builtins', '__builtin__'].flatMap((module): [string, PickleCall][] => [
    [`${module}.bytearray`, asBytes],
    [`${module}.bytes`, asBytes],
    [`${module}.dict`, asDictionary],
    [`${module}.frozenset`, asList],
    [`${module}.list`, asList],
    [`${module}.set`, asList],
    [`${module}.tuple`, asList],
    // Protocols before 4 have no other way to name a method. Only names of this list come of it.
    [`${module}.getattr`, ([owner, attribute]) => attributeOf(owner, attribute)],
  ]),
  ['_codecs.encode', encode],
  ['collections.Counter', asDictionary],
  ['collections.OrderedDict', asDictionary],
  // Its argument makes values that are missing, and none is asked for here.
  ['collections.defaultdict', () => new Map()],
  ...['copyreg', 'copy_reg'].map((module): [string, PickleCall] => [
    `${module}._reconstructor`,
    ([type, , state]) => {
      if (!isKind(type, 'name')) throw new PickleError('is damaged: an object has no class');
      return { kind: 'object', name: type.name, args: state === null || state === undefined ? [] : [state] };
    },
  ]),
];

export const PLAIN_NAMES: ReadonlyMap<string, PickleCall | undefined> = new Map<string, PickleCall | undefined>([
  ...INERT.map((name) => [name, undefined] as const),
  ...CALLS,
]);

function attributeOf(owner: ObjectValue | undefined, attribute: ObjectValue | undefined): ObjectValue {
  const name = isKind(owner, 'name') && typeof attribute === 'string' ? `${owner.name}.${attribute}` : '';
  if (!INERT.includes(name)) throw new PickleError('is damaged: it takes an attribute that it does not need');
  return { kind: 'name', name };
}

/** Bytes, also as Python 2 wrote them. */
export function bytesOf(value: ObjectValue | undefined): Uint8Array | undefined {
  if (typeof value === 'string') return Buffer.from(value, 'latin1');
  return value instanceof Uint8Array ? value : undefined;
}
