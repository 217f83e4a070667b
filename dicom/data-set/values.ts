import type { DataSet } from './read-elements.js';
import { type Keyword, TAGS } from './tags.js';

/** The values of a text element, without padding; empty where it is absent or has no value. */
export function texts(dataSet: DataSet, keyword: Keyword): string[] {
  const element = dataSet.elements.get(TAGS[keyword]);
  if (element === undefined || element.length === 0 || element.items !== undefined) return [];
  // Names and codes that decide something are ASCII; other text is passed on as bytes and never read here.
  const text = dataSet.bytes.toString('latin1', element.offset, element.offset + element.length);
  return text.split('\\').map((value) => value.replace(/[\0 ]+$/, '').trimStart());
}

/** The first value of a text element; undefined where it is absent or empty. */
export const text = (dataSet: DataSet, keyword: Keyword): string | undefined => {
  const [first] = texts(dataSet, keyword);
  return first === '' ? undefined : first;
};

/** Numbers written as text (DS, IS). NaN for one that is none. */
export const decimals = (dataSet: DataSet, keyword: Keyword): number[] =>
  texts(dataSet, keyword).map((value) => (value === '' ? Number.NaN : Number(value)));

/** 16-bit values (US, SS). `signed` for SS. */
export function words(dataSet: DataSet, keyword: Keyword, signed = false): number[] {
  const element = dataSet.elements.get(TAGS[keyword]);
  if (element === undefined) return [];
  return Array.from({ length: element.length >> 1 }, (_, index) => {
    const at = element.offset + 2 * index;
    const { bytes, bigEndian } = dataSet;
    if (signed) return bigEndian ? bytes.readInt16BE(at) : bytes.readInt16LE(at);
    return bigEndian ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at);
  });
}

/** The items of a sequence; none where it is absent. */
export const itemsOf = (dataSet: DataSet, keyword: Keyword): readonly DataSet[] =>
  dataSet.elements.get(TAGS[keyword])?.items ?? [];
