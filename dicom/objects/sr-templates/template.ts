import type { Code } from '../codes.js';
import type { ContentItem, GraphicType, Relationship } from '../content-item.js';

/** A context group (PS3.16 annex B): the codes that a template allows. */
export interface ContextGroup {
  readonly cid: number;
  readonly codes: readonly Code[];
  /** Whether other codes may be used where none of these fits. */
  readonly extensible: boolean;
}

/** What a condition or a rule looks at. */
export interface Surroundings {
  /** The item that the row's item is below. */
  readonly source: ContentItem;
  readonly root: ContentItem;
}

/** One row of a template (PS3.16 6.1). */
export interface TemplateRow {
  /** How deep it is nested: 1 for the template's own items. */
  readonly level: number;
  /** Left out in a template's first rows, where the including row says it. */
  readonly relationship?: Relationship;
  readonly byReference?: true;
  /** A value type, or the number of a template that is included here. */
  readonly type: string | { readonly include: string };
  /** Any concept, or none, where left out. */
  readonly concept?: Code;
  readonly multiplicity: '1' | '1-n';
  /**
   * Mandatory, by the user's choice, or either under a condition: without it MC and UC rows shall be absent, unless
   * `otherwise` is `allowed`.
   */
  readonly requirement: 'M' | 'U' | 'MC' | 'UC';
  readonly when?: (surroundings: Surroundings) => boolean;
  readonly otherwise?: 'allowed';
  readonly values?: ContextGroup;
  readonly units?: readonly Code[];
  readonly graphics?: readonly GraphicType[];
  /** What else the standard says of the item, in words or in its definition: why it is wrong, or nothing. */
  readonly rule?: (item: ContentItem, surroundings: Surroundings) => string | undefined;
  /** Of an item by reference: which items it may lead to. */
  readonly target?: (item: ContentItem, parent: ContentItem | undefined) => string | undefined;
}

export interface Template {
  readonly tid: string;
  /** Whether items may be there that no row has. */
  readonly extensible: boolean;
  /** Whether items stand in the order of the rows. */
  readonly ordered: boolean;
  readonly rows: readonly TemplateRow[];
}

type Details = Partial<
  Omit<TemplateRow, 'level' | 'relationship' | 'type' | 'concept' | 'multiplicity' | 'requirement'>
>;

/** A row as it stands in the standard's table: nesting (`''`, `'>'`, `'>>'`), relationship, value type, concept, VM, requirement. */
export const row = (
  nesting: string,
  relationship: Relationship | '',
  type: string,
  concept: Code | undefined,
  multiplicity: '1' | '1-n',
  requirement: TemplateRow['requirement'],
  details: Details = {},
): TemplateRow => ({
  level: nesting.length + 1,
  ...(relationship !== '' && { relationship }),
  type,
  ...(concept && { concept }),
  multiplicity,
  requirement,
  ...details,
});

export const include = (
  nesting: string,
  relationship: Relationship | '',
  tid: string,
  multiplicity: '1' | '1-n',
  requirement: TemplateRow['requirement'],
  details: Details = {},
): TemplateRow => ({
  level: nesting.length + 1,
  ...(relationship !== '' && { relationship }),
  type: { include: tid },
  multiplicity,
  requirement,
  ...details,
});
