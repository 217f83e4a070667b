import type { DataSet } from '../data-set/read-elements.js';
import type { DicomObject } from '../data-set/read-object.js';

/** Titles of key object selections that say an image is not to be used (PS3.16, CID 7010 and 7011). */
const REJECTIONS = ['113001', '113037', '113038', '113039'];
const TITLE = 0x0040a043;
const EVIDENCE = 0x0040a375;
const SERIES = 0x00081115;
const INSTANCES = 0x00081199;
const INSTANCE = 0x00081155;
const CODE_VALUE = 0x00080100;

/** The SOP instances that a key object selection rejects; none for one of another title. */
export function rejectedBy({ dataSet }: DicomObject): string[] {
  const [title] = items(dataSet, TITLE);
  if (title === undefined || !REJECTIONS.includes(value(title, CODE_VALUE))) return [];
  return items(dataSet, EVIDENCE)
    .flatMap((study) => items(study, SERIES))
    .flatMap((series) => items(series, INSTANCES))
    .map((instance) => value(instance, INSTANCE))
    .filter((uid) => uid !== '');
}

const items = ({ elements }: DataSet, tag: number): readonly DataSet[] => elements.get(tag)?.items ?? [];

function value({ bytes, elements }: DataSet, tag: number): string {
  const element = elements.get(tag);
  if (element === undefined) return '';
  return bytes.toString('latin1', element.offset, element.offset + element.length).replace(/[\0 ]+$/, '');
}
