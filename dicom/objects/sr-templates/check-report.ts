import { type Code, codeOf, isCode } from '../codes.js';
import { type ContentItem, decodeContent, isReference, type Reference, valueTypeOf } from '../content-item.js';
import type { Dataset, Value } from '../dataset.js';
import type { Surroundings, Template, TemplateRow } from './template.js';

/** What is wrong with a report: where, as numbers from the root (`1.3.2`), and what. */
export interface Violation {
  readonly at: string;
  readonly what: string;
}

/**
 * Checks a report against the rows of its templates: every item's relationship, value type, concept, order and value; how
 * often a row may occur and whether it must, conditions included; that items by reference lead to an item that is there, of
 * the right kind, and not above them; and that images are those of the evidence. It takes a dataset that was read or is to
 * be written.
 *
 * Validators of whole objects (dciodvfy) look at attributes and pass over much of this.
 *
 * @param root the root template's number, e.g. `4000`
 */
export function checkReport(dataset: Dataset, templates: readonly Template[], root: string): Violation[] {
  const tree = decodeContent(dataset);
  if (isReference(tree)) return [{ at: '1', what: 'is a reference, and no report' }];
  const checker: Checker = { templates: new Map(templates.map((one) => [one.tid, one])), root: tree, found: [] };
  checkTemplateIdentification(dataset, root, checker);
  const [top] = nested(templateOf(checker, root).rows);
  if (top === undefined) throw new Error(`template ${root} has no rows`);
  if (!matches(tree, { ...slotOf(top), relationship: undefined }, checker)) {
    checker.found.push({
      at: '1',
      what: `is ${described(tree)}, and a report of TID ${root} is ${describedRow(top.row)}`,
    });
    return checker.found;
  }
  checkItem(tree, top, templateOf(checker, root), [1], { source: tree, root: tree }, checker);
  checkEvidence(dataset, tree, checker);
  return checker.found;
}

interface Checker {
  readonly templates: ReadonlyMap<string, Template>;
  readonly root: ContentItem;
  readonly found: Violation[];
}

/** A row with those nested below it. */
interface RowNode {
  readonly row: TemplateRow;
  readonly below: readonly RowNode[];
}

function nested(rows: readonly TemplateRow[]): RowNode[] {
  const top: RowNode[] = [];
  const open: { level: number; below: RowNode[] }[] = [{ level: 0, below: top }];
  for (const row of rows) {
    while ((open.at(-1)?.level ?? 0) >= row.level) open.pop();
    const below: RowNode[] = [];
    open.at(-1)?.below.push({ row, below });
    open.push({ level: row.level, below });
  }
  return top;
}

/** An included template's rows belong together: if any is there, those that it makes mandatory are. */
interface Group {
  readonly required: boolean;
  readonly forbidden: boolean;
  readonly repeated: boolean;
  present: boolean;
}

/** A place that a child can take: a row, with includes resolved. */
interface Slot {
  readonly node: RowNode;
  readonly template: Template;
  readonly relationship: string | undefined;
  readonly groups: readonly Group[];
  count: number;
}

const slotOf = (node: RowNode): Slot => ({
  node,
  template: { tid: '', extensible: false, ordered: true, rows: [] },
  relationship: node.row.relationship,
  groups: [],
  count: 0,
});

function templateOf({ templates }: Checker, tid: string): Template {
  const template = templates.get(tid);
  if (template === undefined) throw new Error(`there is no table for TID ${tid}`);
  return template;
}

/** PS3.16 6.1.6: whether a row shall, may or must not be there. */
function standing(row: TemplateRow, surroundings: Surroundings): 'required' | 'allowed' | 'forbidden' {
  if (row.requirement === 'M') return 'required';
  if (row.requirement === 'U') return 'allowed';
  const met = row.when?.(surroundings) ?? true;
  if (met) return row.requirement === 'MC' ? 'required' : 'allowed';
  return row.otherwise ?? 'forbidden';
}

function slotsOf(
  nodes: readonly RowNode[],
  template: Template,
  surroundings: Surroundings,
  checker: Checker,
  relationship?: string,
  groups: readonly Group[] = [],
): Slot[] {
  return nodes.flatMap((node): Slot[] => {
    const { row } = node;
    const towards = row.relationship ?? relationship;
    if (typeof row.type === 'string') return [{ node, template, relationship: towards, groups, count: 0 }];
    const included = templateOf(checker, row.type.include);
    const stand = standing(row, surroundings);
    const group: Group = {
      required: stand === 'required',
      forbidden: stand === 'forbidden',
      repeated: row.multiplicity === '1-n',
      present: false,
    };
    return slotsOf(nested(included.rows), included, surroundings, checker, towards, [...groups, group]);
  });
}

function matches(child: ContentItem | Reference, { node, relationship }: Slot, { root }: Checker): boolean {
  const { row } = node;
  if (relationship !== undefined && child.relationship !== relationship) return false;
  if (isReference(child)) {
    if (row.byReference !== true) return false;
    const target = itemAt(root, child.path);
    // One that leads nowhere is still taken for what its place says, so that it is that which is reported.
    return target === undefined || (valueTypeOf(target) === row.type && conceptFits(target.concept, row.concept));
  }
  return row.byReference !== true && valueTypeOf(child) === row.type && conceptFits(child.concept, row.concept);
}

const conceptFits = (found: Code | undefined, wanted: Code | undefined): boolean =>
  wanted === undefined || isCode(found, wanted);

function checkItem(
  item: ContentItem,
  node: RowNode,
  template: Template,
  path: readonly number[],
  surroundings: Surroundings,
  checker: Checker,
): void {
  const report = (what: string): void => void checker.found.push({ at: path.join('.'), what });
  checkValue(item, node.row, surroundings, report);
  const below: Surroundings = { source: item, root: checker.root };
  const slots = slotsOf(node.below, template, below, checker);
  let last = -1;
  for (const [index, child] of item.children.entries()) {
    const childPath = [...path, index + 1];
    const at = childPath.join('.');
    const place = slots.findIndex((slot) => matches(child, slot, checker));
    const slot = slots[place];
    if (slot === undefined) {
      if (isReference(child)) {
        checker.found.push({
          at,
          what: `leads to ${child.path.join('.')}, where TID ${template.tid} allows no item by reference`,
        });
      } else if (!template.extensible) {
        checker.found.push({ at, what: `is ${described(child)}, which TID ${template.tid} does not have there` });
      }
      continue;
    }
    if (template.ordered && place < last && !repeatsTogether(slots, place, last)) {
      checker.found.push({ at, what: `is ${describeEither(child)}, out of the order of TID ${slot.template.tid}` });
    }
    last = place;
    slot.count += 1;
    for (const group of slot.groups) group.present = true;
    if (isReference(child)) checkReference(child, slot, childPath, checker);
    else checkItem(child, slot.node, slot.template, childPath, below, checker);
  }
  for (const slot of slots) checkCount(slot, below, report);
}

/** Whether going back in the table is the next round of an include that may be repeated. */
const repeatsTogether = (slots: readonly Slot[], place: number, last: number): boolean =>
  slots[place]?.groups.some((group) => group.repeated && slots[last]?.groups.includes(group)) ?? false;

function checkCount(slot: Slot, surroundings: Surroundings, report: (what: string) => void): void {
  const { row } = slot.node;
  const name = describedRow(row);
  const stand = standing(row, surroundings);
  const excluded = stand === 'forbidden' || slot.groups.some(({ forbidden }) => forbidden);
  if (slot.count > 0 && excluded) report(`has ${name}, whose condition (TID ${slot.template.tid}) is not met`);
  const wanted = slot.groups.every(({ required, present }) => required || present);
  if (slot.count === 0 && stand === 'required' && wanted && !excluded) {
    report(`lacks ${name}, which TID ${slot.template.tid} requires`);
  }
  const several = row.multiplicity === '1-n' || slot.groups.some(({ repeated }) => repeated);
  if (slot.count > 1 && !several)
    report(`has ${name} ${slot.count} times, and TID ${slot.template.tid} allows it once`);
}

function checkValue(
  item: ContentItem,
  row: TemplateRow,
  surroundings: Surroundings,
  report: (what: string) => void,
): void {
  const { content } = item;
  const { values, units, graphics } = row;
  if (content.type === 'CODE') {
    if (content.code.value === '' || content.code.scheme === '') report('has no code for its value');
    else if (values !== undefined && !values.extensible && !values.codes.some((code) => isCode(content.code, code))) {
      report(`has the value ${describedCode(content.code)}, which CID ${values.cid} does not have`);
    }
  }
  if (content.type === 'NUM') {
    if (!Number.isFinite(content.number)) report('has no number');
    if (units !== undefined && !units.some((unit) => isCode(content.units, unit))) {
      report(`has the units ${describedCode(content.units)}, not ${units.map(describedCode).join(' or ')}`);
    }
  }
  if (content.type === 'TEXT' && content.text === '') report('is an empty text');
  if (content.type === 'SCOORD' && graphics !== undefined && !graphics.includes(content.graphic)) {
    report(`is a ${content.graphic}, not a ${graphics.join(' or ')}`);
  }
  const broken = row.rule?.(item, surroundings);
  if (broken !== undefined) report(broken);
}

function checkReference(child: Reference, slot: Slot, path: readonly number[], checker: Checker): void {
  const at = path.join('.');
  const target = itemAt(checker.root, child.path);
  const to = child.path.join('.');
  if (target === undefined) {
    checker.found.push({ at, what: `leads to ${to}, where no item is` });
    return;
  }
  if (child.path.every((index, depth) => path[depth] === index)) {
    checker.found.push({ at, what: `leads to ${to}, which it is part of` });
  }
  const parent = itemAt(checker.root, child.path.slice(0, -1));
  const wrong = slot.node.row.target?.(target, parent);
  if (wrong !== undefined) checker.found.push({ at, what: `leads to ${to}: ${wrong}` });
}

/** The item at a path that begins with 1, the root. */
export function itemAt(root: ContentItem, [first, ...path]: readonly number[]): ContentItem | undefined {
  if (first !== 1) return undefined;
  let item: ContentItem | Reference | undefined = root;
  for (const index of path) {
    if (item === undefined || isReference(item)) return undefined;
    item = item.children[index - 1];
  }
  return item === undefined || isReference(item) ? undefined : item;
}

const list = (value: Value): readonly Dataset[] => (Array.isArray(value) ? (value as readonly Dataset[]) : []);
const text = (value: Value): string => String(Array.isArray(value) ? (value[0] ?? '') : (value ?? ''));

function checkTemplateIdentification(dataset: Dataset, root: string, { found }: Checker): void {
  const [identification] = list(dataset.ContentTemplateSequence);
  const resource = text(identification?.MappingResource);
  const identifier = text(identification?.TemplateIdentifier);
  if (resource !== 'DCMR' || identifier !== root) {
    found.push({ at: '1', what: `names the template ${resource || 'none'} ${identifier}, not DCMR ${root}` });
  }
  if (codeOf(dataset.ConceptNameCodeSequence) === undefined) found.push({ at: '1', what: 'has no title' });
}

/** PS3.3 C.17.2.3: what a report refers to stands in its evidence, and the evidence is what it refers to. */
function checkEvidence(dataset: Dataset, tree: ContentItem, { found }: Checker): void {
  const evidence = new Set(
    [
      ...list(dataset.CurrentRequestedProcedureEvidenceSequence),
      ...list(dataset.PertinentOtherEvidenceSequence),
    ].flatMap((study) =>
      list(study.ReferencedSeriesSequence).flatMap((series) =>
        list(series.ReferencedSOPSequence).map(({ ReferencedSOPInstanceUID }) => text(ReferencedSOPInstanceUID)),
      ),
    ),
  );
  const walk = (item: ContentItem, path: readonly number[]): void => {
    const { content } = item;
    if ((content.type === 'IMAGE' || content.type === 'COMPOSITE') && !evidence.has(content.sopInstanceUid)) {
      found.push({
        at: path.join('.'),
        what: `is the instance ${content.sopInstanceUid}, which the evidence does not list`,
      });
    }
    for (const [index, child] of item.children.entries()) {
      if (!isReference(child)) walk(child, [...path, index + 1]);
    }
  };
  walk(tree, [1]);
}

const describedCode = ({ value, scheme, meaning }: Code): string => `(${value}, ${scheme}, "${meaning}")`;
const described = (item: ContentItem): string =>
  `${item.relationship ?? 'root'} ${valueTypeOf(item)}${item.concept ? ` ${describedCode(item.concept)}` : ''}`;
const describeEither = (item: ContentItem | Reference): string =>
  isReference(item) ? `a reference to ${item.path.join('.')}` : described(item);
const describedRow = ({ type, concept, byReference }: TemplateRow): string =>
  `${byReference ? 'a reference to ' : ''}${typeof type === 'string' ? type : `TID ${type.include}`}${concept ? ` ${describedCode(concept)}` : ''}`;
