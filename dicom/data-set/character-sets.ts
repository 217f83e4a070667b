import type { DataSet } from './read-elements.js';
import { type Keyword, TAGS } from './tags.js';
import { texts } from './values.js';

/** Encodings (WHATWG) of the character sets of PS3.3 C.12.1.1.2 that have one byte order and no escapes. */
const ENCODINGS: Readonly<Record<string, string>> = {
  '': 'ascii',
  'ISO_IR 6': 'ascii',
  'ISO_IR 100': 'iso-8859-1',
  'ISO_IR 101': 'iso-8859-2',
  'ISO_IR 109': 'iso-8859-3',
  'ISO_IR 110': 'iso-8859-4',
  'ISO_IR 144': 'iso-8859-5',
  'ISO_IR 127': 'iso-8859-6',
  'ISO_IR 126': 'iso-8859-7',
  'ISO_IR 138': 'iso-8859-8',
  'ISO_IR 148': 'iso-8859-9',
  'ISO_IR 203': 'iso-8859-15',
  'ISO_IR 13': 'shift_jis',
  'ISO_IR 166': 'windows-874',
  'ISO_IR 192': 'utf-8',
  GB18030: 'gb18030',
  GBK: 'gbk',
};

/**
 * The first value of a text element in the characters that its data set says it is in; undefined where it is absent or empty,
 * or in characters that are not read: those that are switched by escapes (ISO 2022), or bytes that its set does not have.
 */
export function decodedText(dataSet: DataSet, keyword: Keyword): string | undefined {
  const element = dataSet.elements.get(TAGS[keyword]);
  if (element === undefined || element.length === 0 || element.items !== undefined) return undefined;
  const bytes = dataSet.bytes.subarray(element.offset, element.offset + element.length);
  const sets = texts(dataSet, 'SpecificCharacterSet');
  const encoding = sets.length > 1 ? undefined : ENCODINGS[sets[0] ?? ''];
  // What is ASCII is so in all of them, an escape apart.
  const isPlain = bytes.every((byte) => byte < 0x80 && byte !== 0x1b);
  if (!isPlain && (encoding === undefined || encoding === 'ascii')) return undefined;
  try {
    const decoded = new TextDecoder(isPlain ? 'utf-8' : encoding, { fatal: true }).decode(bytes);
    const [first = ''] = decoded.split('\\');
    return first.replace(/[\0 ]+$/, '').trimStart() || undefined;
  } catch {
    return undefined;
  }
}
