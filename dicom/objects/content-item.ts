import { type Code, codeItem, codeOf } from './codes.js';
import type { Dataset, Value } from './dataset.js';

/** How a content item stands to the one above it (PS3.3 table C.17.3-8). */
export type Relationship =
  | 'CONTAINS'
  | 'HAS OBS CONTEXT'
  | 'HAS ACQ CONTEXT'
  | 'HAS CONCEPT MOD'
  | 'HAS PROPERTIES'
  | 'INFERRED FROM'
  | 'SELECTED FROM';

/** A node of a structured report's tree, by value; its `content` is what its value type says. */
export interface ContentItem {
  readonly relationship?: Relationship;
  readonly concept?: Code;
  readonly content:
    | { readonly type: 'CONTAINER' }
    | { readonly type: 'CODE'; readonly code: Code }
    | { readonly type: 'TEXT'; readonly text: string }
    | { readonly type: 'NUM'; readonly number: number; readonly units: Code }
    | { readonly type: 'DATE'; readonly date: string }
    | { readonly type: 'TIME'; readonly time: string }
    | { readonly type: 'UIDREF'; readonly uid: string }
    | { readonly type: 'PNAME'; readonly name: string }
    | { readonly type: 'SCOORD'; readonly graphic: GraphicType; readonly points: readonly number[] }
    | { readonly type: 'IMAGE'; readonly sopClassUid: string; readonly sopInstanceUid: string }
    | { readonly type: 'COMPOSITE'; readonly sopClassUid: string; readonly sopInstanceUid: string }
    /** A value type that is not written here, as it was read. */
    | { readonly type: 'OTHER'; readonly valueType: string };
  readonly children: readonly (ContentItem | Reference)[];
}

export type GraphicType = 'POINT' | 'MULTIPOINT' | 'POLYLINE' | 'CIRCLE' | 'ELLIPSE';

/** A relationship by reference: to the item at a path from the root, counted from 1 (PS3.3 C.17.3.2.5). */
export interface Reference {
  readonly relationship: Relationship;
  readonly path: readonly number[];
}

export const isReference = (item: ContentItem | Reference): item is Reference => 'path' in item;

export const valueTypeOf = ({ content }: ContentItem): string =>
  content.type === 'OTHER' ? content.valueType : content.type;

type Children = readonly (ContentItem | Reference)[];
type Build<Extra extends readonly unknown[]> = (
  relationship: Relationship,
  concept: Code,
  ...rest: [...Extra, children?: Children]
) => ContentItem;

/** One row of a document: `container('CONTAINS', CODES.imageLibrary, [...])`. */
export const container: Build<[]> = (relationship, concept, children = []) => ({
  relationship,
  concept,
  content: { type: 'CONTAINER' },
  children,
});
export const code: Build<[value: Code]> = (relationship, concept, value, children = []) => ({
  relationship,
  concept,
  content: { type: 'CODE', code: value },
  children,
});
export const text: Build<[value: string]> = (relationship, concept, value, children = []) => ({
  relationship,
  concept,
  content: { type: 'TEXT', text: value },
  children,
});
export const number: Build<[value: number, units: Code]> = (relationship, concept, value, units, children = []) => ({
  relationship,
  concept,
  content: { type: 'NUM', number: value, units },
  children,
});
export const date: Build<[value: string]> = (relationship, concept, value, children = []) => ({
  relationship,
  concept,
  content: { type: 'DATE', date: value },
  children,
});
export const time: Build<[value: string]> = (relationship, concept, value, children = []) => ({
  relationship,
  concept,
  content: { type: 'TIME', time: value },
  children,
});
export const uidReference: Build<[value: string]> = (relationship, concept, value, children = []) => ({
  relationship,
  concept,
  content: { type: 'UIDREF', uid: value },
  children,
});
/** @param points column, row, column, row, … in pixels; the outer corner of the first pixel is 0, 0 (PS3.3 C.18.6) */
export const coordinates: Build<[graphic: GraphicType, points: readonly number[]]> = (
  relationship,
  concept,
  graphic,
  points,
  children = [],
) => ({ relationship, concept, content: { type: 'SCOORD', graphic, points }, children });
export const image = (
  relationship: Relationship,
  { sopClassUid, sopInstanceUid }: { readonly sopClassUid: string; readonly sopInstanceUid: string },
  children: Children = [],
): ContentItem => ({ relationship, content: { type: 'IMAGE', sopClassUid, sopInstanceUid }, children });
export const reference = (relationship: Relationship, path: readonly number[]): Reference => ({ relationship, path });

/** A tree as the attributes of the SR Document Content module (PS3.3 C.17.3). */
export function encodeContent(item: ContentItem | Reference): Dataset {
  if (isReference(item)) {
    return { RelationshipType: item.relationship, ReferencedContentItemIdentifier: item.path };
  }
  return {
    RelationshipType: item.relationship,
    ValueType: valueTypeOf(item),
    ConceptNameCodeSequence: item.concept && [codeItem(item.concept)],
    ...encodeValue(item.content),
    ContentSequence: item.children.length === 0 ? undefined : item.children.map(encodeContent),
  };
}

function encodeValue(content: ContentItem['content']): Dataset {
  switch (content.type) {
    case 'CONTAINER':
      return { ContinuityOfContent: 'SEPARATE' };
    case 'CODE':
      return { ConceptCodeSequence: [codeItem(content.code)] };
    case 'TEXT':
      return { TextValue: content.text };
    case 'NUM':
      return {
        MeasuredValueSequence: [
          { NumericValue: content.number, MeasurementUnitsCodeSequence: [codeItem(content.units)] },
        ],
      };
    case 'DATE':
      return { Date: content.date };
    case 'TIME':
      return { Time: content.time };
    case 'UIDREF':
      return { UID: content.uid };
    case 'PNAME':
      return { PersonName: content.name };
    case 'SCOORD':
      return { GraphicType: content.graphic, GraphicData: content.points };
    case 'IMAGE':
    case 'COMPOSITE':
      return {
        ReferencedSOPSequence: [
          { ReferencedSOPClassUID: content.sopClassUid, ReferencedSOPInstanceUID: content.sopInstanceUid },
        ],
      };
    case 'OTHER':
      throw new Error(`content items of type ${content.valueType} are not written here`);
  }
}

const list = (value: Value): readonly unknown[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]);
const first = (value: Value): string => String(list(value)[0] ?? '');
const inside = (value: Value): Dataset => (list(value)[0] ?? {}) as Dataset;

/** Reads a tree from a dataset that was read, or is to be written. */
export function decodeContent(dataset: Dataset): ContentItem | Reference {
  const relationship = first(dataset.RelationshipType) as Relationship;
  const path = list(dataset.ReferencedContentItemIdentifier);
  if (path.length > 0) return { relationship, path: path.map(Number) };
  const concept = codeOf(dataset.ConceptNameCodeSequence);
  return {
    ...(relationship && { relationship }),
    ...(concept && { concept }),
    content: decodeValue(dataset),
    children: list(dataset.ContentSequence).map((item) => decodeContent(item as Dataset)),
  };
}

function decodeValue(dataset: Dataset): ContentItem['content'] {
  const type = first(dataset.ValueType);
  switch (type) {
    case 'CONTAINER':
      return { type };
    case 'CODE':
      return { type, code: codeOf(dataset.ConceptCodeSequence) ?? NO_CODE };
    case 'TEXT':
      return { type, text: first(dataset.TextValue) };
    case 'NUM': {
      const measured = inside(dataset.MeasuredValueSequence);
      const units = codeOf(measured.MeasurementUnitsCodeSequence) ?? NO_CODE;
      return { type, number: Number(first(measured.NumericValue) || 'NaN'), units };
    }
    case 'DATE':
      return { type, date: first(dataset.Date) };
    case 'TIME':
      return { type, time: first(dataset.Time) };
    case 'UIDREF':
      return { type, uid: first(dataset.UID) };
    case 'PNAME':
      return { type, name: first(dataset.PersonName) };
    case 'SCOORD':
      return {
        type,
        graphic: first(dataset.GraphicType) as GraphicType,
        points: list(dataset.GraphicData).map(Number),
      };
    case 'IMAGE':
    case 'COMPOSITE': {
      const target = inside(dataset.ReferencedSOPSequence);
      const sopClassUid = first(target.ReferencedSOPClassUID);
      return { type, sopClassUid, sopInstanceUid: first(target.ReferencedSOPInstanceUID) };
    }
    default:
      return { type: 'OTHER', valueType: type };
  }
}

const NO_CODE: Code = { value: '', scheme: '', meaning: '' };
