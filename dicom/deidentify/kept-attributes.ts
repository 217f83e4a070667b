/*
 * What is left of an object. Everything that is not in this list is removed: private attributes, overlays, curves, free text
 * and whatever a later edition of the standard adds. That goes beyond the basic profile of PS3.15, annex E, which lists what
 * to remove, and where the two meet (`uid`, `empty`, `patient`) this list does as the profile says.
 *
 * Options taken (PS3.15, E.3): Retain Longitudinal Temporal Information with Modified Dates. No private attribute is kept:
 * nothing here reads any.
 */

/**
 * `code`: kept where it is of the letters that CS and codes have, else left empty. `text`: kept as it is; only for names of
 * devices. `number`, `word`, `time`: kept where it is one. `uid`: another in its place. `date`: shifted. `empty`: without a
 * value. `patient`: the pseudonym. `table`: bytes of a lookup table.
 */
export type Treatment =
  | 'code'
  | 'text'
  | 'number'
  | 'word'
  | 'time'
  | 'uid'
  | 'class'
  | 'date'
  | 'empty'
  | 'patient'
  | 'table'
  | 'items';

export interface KeptAttribute {
  readonly tag: number;
  readonly vr: string;
  readonly treatment: Treatment;
}

const kept = (treatment: Treatment, vr: string, ...tags: readonly number[]): KeptAttribute[] =>
  tags.map((tag) => ({ tag, vr, treatment }));

export const KEPT_ATTRIBUTES: ReadonlyMap<number, KeptAttribute> = new Map(
  [
    // Image Type, Modality, Presentation Intent Type, Body Part Examined, Patient Orientation, Laterality, Image Laterality,
    // View Position, Photometric Interpretation and what else decides how a picture is read.
    ...kept(
      'code',
      'CS',
      0x00080008,
      0x00080060,
      0x00080068,
      0x00080064,
      0x00180015,
      0x00185101,
      0x00200020,
      0x00200060,
    ),
    ...kept(
      'code',
      'CS',
      0x00200062,
      0x00280004,
      0x00280300,
      0x00280301,
      0x00281040,
      0x00281056,
      0x00281300,
      0x00281350,
    ),
    ...kept('code', 'CS', 0x00282110, 0x00282114, 0x20500020, 0x00181191, 0x00187050),
    ...kept('class', 'UI', 0x00080016),
    ...kept('uid', 'UI', 0x00080018, 0x0020000d, 0x0020000e),
    ...kept('date', 'DA', 0x00080020, 0x00080021, 0x00080022, 0x00080023),
    ...kept('date', 'DT', 0x0008002a),
    ...kept('time', 'TM', 0x00080030, 0x00080031, 0x00080032, 0x00080033),
    // Of a device, its maker and model: neither is in the profile's list.
    ...kept('text', 'LO', 0x00080070, 0x00081090),
    // Accession Number, Referring Physician, birth date, sex and Study ID have to be there (type 2).
    ...kept('empty', 'SH', 0x00080050, 0x00200010),
    ...kept('empty', 'PN', 0x00080090),
    ...kept('empty', 'DA', 0x00100030),
    ...kept('empty', 'CS', 0x00100040),
    ...kept('patient', 'PN', 0x00100010),
    ...kept('patient', 'LO', 0x00100020),
    // Exposure and geometry: kVp, thickness, force, angle, distances, magnification, spacing.
    ...kept('number', 'DS', 0x00180060, 0x00181110, 0x00181111, 0x00181114, 0x00181164, 0x00280030),
    ...kept(
      'number',
      'DS',
      0x001811a0,
      0x001811a2,
      0x00181510,
      0x00281050,
      0x00281051,
      0x00281052,
      0x00281053,
      0x00282112,
    ),
    ...kept('number', 'IS', 0x00200011, 0x00200013, 0x00280008),
    ...kept('word', 'US', 0x00280002, 0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280102, 0x00280103),
    ...kept('word', 'US', 0x00280120, 0x00280121),
    ...kept('word', 'SS', 0x00281041),
    ...kept('items', 'SQ', 0x00540220, 0x00540222, 0x00283010),
    ...kept('code', 'SH', 0x00080100, 0x00080102),
    ...kept('word', 'US', 0x00283002),
    ...kept('table', 'OW', 0x00283006),
  ].map((attribute) => [attribute.tag, attribute]),
);
