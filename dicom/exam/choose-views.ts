import { VIEWS, type View } from '../../pipeline/exam.js';
import type { DicomObject } from '../data-set/read-object.js';
import { text } from '../data-set/values.js';
import { instanceNumberOf, leftOutKind } from '../image/image-kind.js';
import { IMPLANT_DISPLACED, NIPPLE_IN_PROFILE } from '../image/view-codes.js';
import { type ViewSaid, viewOf } from '../image/view-of.js';

/*
 * Which object is taken for a view, where there are several:
 *
 *   1. it may be one at all: a digital mammogram for presentation of one frame (`leftOutKind`), with one laterality, CC or
 *      MLO, and no modifier but `nipple in profile` (which says how the same view was positioned)
 *   2. not implant displaced, and not generated from tomosynthesis, unless the parameters take these
 *   3. of the rest, those that are no such exception before those that are
 *   4. the newest acquisition; of the same moment the highest instance number, then the last SOP Instance UID
 */

export interface ChoiceRules {
  /** Whether implant-displaced views may stand for the views. */
  readonly implantDisplaced: boolean;
  /** Whether pictures generated from tomosynthesis may. */
  readonly generated: boolean;
}

export interface Candidate {
  /** By which it is told from others: its SOP Instance UID, as far as the caller knows it. */
  readonly instance: string;
  readonly object: DicomObject;
}

export interface LeftOut {
  readonly instance: string;
  /** Absent where the object does not say one. */
  readonly view?: View;
  /** Worded to follow the object's name and a colon. */
  readonly reason: string;
}

export interface Choice {
  readonly chosen: Readonly<Partial<Record<View, string>>>;
  readonly leftOut: readonly LeftOut[];
}

/** The standard view that an object shows, or why it shows none. */
export function standardView(
  object: DicomObject,
  rules: ChoiceRules,
): { view: View } | { view?: View; reason: string } {
  const kind = leftOutKind(object, rules);
  if (kind !== undefined) return { reason: kind };
  const said = viewOf(object.dataSet);
  const view = viewNamed(said);
  const [problem] = said.problems;
  if (problem !== undefined) return { ...(view && { view }), reason: problem };
  if (view === undefined) return { reason: `the view ${said.position}, which is no standard view` };
  const modifier = said.modifiers.find(
    (name) => name !== NIPPLE_IN_PROFILE && !(rules.implantDisplaced && name === IMPLANT_DISPLACED),
  );
  return modifier === undefined ? { view } : { view, reason: `${modifier} view` };
}

function viewNamed({ laterality, position }: ViewSaid): View | undefined {
  return VIEWS.find((view) => view === `${laterality}_${position}`);
}

/** Chooses one object for each view, by the rule above. The order in which they are given does not matter. */
export function chooseViews(candidates: readonly Candidate[], rules: ChoiceRules): Choice {
  const leftOut: LeftOut[] = [];
  const byView = new Map<View, Candidate[]>();
  for (const candidate of candidates) {
    const shown = standardView(candidate.object, rules);
    if ('reason' in shown) {
      leftOut.push({ instance: candidate.instance, ...(shown.view && { view: shown.view }), reason: shown.reason });
    } else byView.set(shown.view, [...(byView.get(shown.view) ?? []), candidate]);
  }
  const chosen: Partial<Record<View, string>> = {};
  for (const view of VIEWS) {
    const [first, ...others] = (byView.get(view) ?? []).sort(byPreference);
    if (first === undefined) continue;
    chosen[view] = first.instance;
    for (const { instance } of others) {
      leftOut.push({ instance, view, reason: `another image of ${view} is newer, or comes first` });
    }
  }
  return { chosen, leftOut: leftOut.sort((a, b) => (a.instance < b.instance ? -1 : 1)) };
}

function byPreference(a: Candidate, b: Candidate): number {
  return (
    Number(isException(a.object)) - Number(isException(b.object)) ||
    descending(acquiredAt(a.object), acquiredAt(b.object)) ||
    instanceNumberOf(b.object) - instanceNumberOf(a.object) ||
    descending(a.instance, b.instance)
  );
}

const isException = (object: DicomObject): boolean =>
  'reason' in standardView(object, { implantDisplaced: false, generated: false });

const descending = (a: string, b: string): number => (a === b ? 0 : a > b ? -1 : 1);

/** Digits that sort as the time does: of the acquisition, or else of the picture. */
export function acquiredAt({ dataSet }: DicomObject): string {
  const at = text(dataSet, 'AcquisitionDateTime');
  if (at !== undefined) return at.replace(/[^0-9.].*$/, '');
  for (const [date, time] of [
    ['AcquisitionDate', 'AcquisitionTime'],
    ['ContentDate', 'ContentTime'],
    ['StudyDate', 'StudyTime'],
  ] as const) {
    const day = text(dataSet, date);
    if (day !== undefined) return `${day}${text(dataSet, time) ?? ''}`;
  }
  return '';
}
