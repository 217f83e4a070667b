import type { Laterality } from '../../pipeline/exam.js';
import type { DataSet } from '../data-set/read-elements.js';
import { itemsOf, text } from '../data-set/values.js';
import { CODING_SCHEMES, MODIFIER_CODES, VIEW_CODES } from './view-codes.js';

/** What an object says of its view. What it does not say is undefined, and what it contradicts itself in is told. */
export interface ViewSaid {
  readonly laterality: Laterality | undefined;
  /** `CC`, `MLO`, or one that is no standard view. */
  readonly position: string | undefined;
  readonly modifiers: readonly string[];
  /** Why laterality or position is undefined, as sentences that follow the object's name. */
  readonly problems: readonly string[];
}

/**
 * Laterality from Image Laterality, or Laterality where that is absent; position from View Code Sequence and View Position,
 * modifiers from View Modifier Code Sequence. Where two of them disagree neither is taken.
 */
export function viewOf(dataSet: DataSet): ViewSaid {
  const problems: string[] = [];
  const laterality = lateralityOf(dataSet, problems);
  const position = positionOf(dataSet, problems);
  return { laterality, position, modifiers: modifiersOf(dataSet, problems), problems };
}

function lateralityOf(dataSet: DataSet, problems: string[]): Laterality | undefined {
  const image = text(dataSet, 'ImageLaterality')?.toUpperCase();
  const series = text(dataSet, 'Laterality')?.toUpperCase();
  if (image !== undefined && series !== undefined && image !== series) {
    problems.push(`says ${image} in Image Laterality and ${series} in Laterality`);
    return undefined;
  }
  const said = image ?? series;
  if (said === 'L' || said === 'R') return said;
  problems.push(said === undefined ? 'does not say of which breast it is' : `has the laterality ${printable(said)}`);
  return undefined;
}

function positionOf(dataSet: DataSet, problems: string[]): string | undefined {
  const items = itemsOf(dataSet, 'ViewCodeSequence');
  const positionSaid = text(dataSet, 'ViewPosition')?.toUpperCase();
  if (items.length > 1) {
    problems.push('has more than one view code');
    return undefined;
  }
  const [item] = items;
  if (item === undefined) {
    if (positionSaid === undefined) problems.push('does not say its view');
    return positionSaid === undefined ? undefined : printable(positionSaid);
  }
  const code = codeOf(item);
  const coded = VIEW_CODES.find(({ codes }) => code !== undefined && codes.includes(code))?.view;
  if (coded === undefined) {
    problems.push(`has the view code ${printable(code ?? 'of another scheme')}, which is no view of CID 4014`);
    return undefined;
  }
  if (positionSaid !== undefined && positionSaid !== coded) {
    problems.push(`says ${coded} in View Code Sequence and ${printable(positionSaid)} in View Position`);
    return undefined;
  }
  return coded;
}

function modifiersOf(dataSet: DataSet, problems: string[]): string[] {
  // In the view's item by the standard; some devices write it beside the sequence.
  const inItem = itemsOf(dataSet, 'ViewCodeSequence').flatMap((item) => itemsOf(item, 'ViewModifierCodeSequence'));
  return [...inItem, ...itemsOf(dataSet, 'ViewModifierCodeSequence')].map((item) => {
    const code = codeOf(item);
    const known = MODIFIER_CODES.find(({ codes }) => code !== undefined && codes.includes(code))?.modifier;
    if (known === undefined) problems.push(`has the view modifier ${printable(code ?? 'of another scheme')}`);
    return known ?? 'unknown';
  });
}

function codeOf(item: DataSet): string | undefined {
  const scheme = text(item, 'CodingSchemeDesignator');
  return scheme !== undefined && CODING_SCHEMES.includes(scheme) ? text(item, 'CodeValue') : undefined;
}

/** A short code may be told; anything else may be somebody's name in the wrong place. */
const printable = (said: string): string => (/^[A-Z0-9 -]{1,16}$/i.test(said) ? said : '(not a code)');
