import { canonicalJson, type Json } from '../../pipeline/canonical-json.js';
import { type Laterality, VIEWS } from '../../pipeline/exam.js';
import { RESEARCH_USE_ONLY } from '../../pipeline/predictions.js';
import type { ObjectKind } from '../../pipeline/result-objects.js';
import type { Dataset } from './dataset.js';
import type { ExamResult, Predecessor, SourceImage } from './exam-result.js';
import { derivedUid, withInstanceUid } from './uids.js';

/** Each kind is a series of its own. Numbers are high, so that they stand behind the scanner's. */
const SERIES: Readonly<Record<ObjectKind, { readonly number: number; readonly description: string }>> = {
  'cad-sr': { number: 9801, description: 'mammoflow CAD' },
  'measurement-report': { number: 9802, description: 'mammoflow measurements' },
  'presentation-states': { number: 9803, description: 'mammoflow outlines' },
  'secondary-captures': { number: 9804, description: 'mammoflow pictures' },
  'parametric-maps': { number: 9805, description: 'mammoflow heatmaps' },
};

/** One object to be written, before it has its own UID. */
export interface ObjectContent {
  readonly result: ExamResult;
  readonly kind: ObjectKind;
  /** A series of one breast's objects only. */
  readonly side?: Laterality;
  /** Another series of the same kind than the first. */
  readonly apart?: string;
  /** What else decides what is in the series: thresholds and the like. */
  readonly options: Json;
  readonly sopClassUid: string;
  readonly modality: string;
  /** From 1 in its series. */
  readonly number: number;
  readonly content: Dataset;
}

/**
 * A whole object: what all of them share (patient, study, series, equipment) around its own content, with UIDs that follow
 * from the result. Patient and study are repeated from the source images, so that an archive files it beside them.
 */
export function assembled({
  result,
  kind,
  side,
  apart,
  options,
  sopClassUid,
  modality,
  number,
  content,
}: ObjectContent): Dataset {
  const { patient, study, computedAt } = result;
  const { date, time } = dateAndTime(computedAt);
  return withInstanceUid({
    SpecificCharacterSet: 'ISO_IR 192',
    SOPClassUID: sopClassUid,
    PatientName: patient.name,
    PatientID: patient.id,
    IssuerOfPatientID: patient.issuer,
    PatientBirthDate: patient.birthDate ?? null,
    PatientSex: patient.sex ?? null,
    StudyInstanceUID: study.studyInstanceUid,
    StudyDate: study.date ?? null,
    StudyTime: study.time ?? null,
    StudyDescription: study.description,
    AccessionNumber: study.accessionNumber ?? null,
    StudyID: study.id ?? null,
    ReferringPhysicianName: study.referringPhysicianName ?? null,
    Modality: modality,
    SeriesInstanceUID: derivedUid('series', kind, side ?? apart ?? null, result, options),
    Laterality: side,
    SeriesNumber: SERIES[kind].number + (side === 'R' || apart !== undefined ? 10 : 0),
    // 64 characters are what a description may have.
    SeriesDescription: `${SERIES[kind].description}. ${RESEARCH_USE_ONLY}`,
    SeriesDate: date,
    SeriesTime: time,
    Manufacturer: 'mammoflow',
    ManufacturerModelName: shortened(`mammoflow with ${result.bundle.name}`, 64),
    DeviceSerialNumber: result.bundle.sha256,
    SoftwareVersions: result.softwareVersion,
    InstanceNumber: number,
    ContentDate: date,
    ContentTime: time,
    ...content,
  });
}

/** In UTC; which time zone the scanner's own times are in is not known. */
export function dateAndTime(iso: string): { readonly date: string; readonly time: string } {
  const [day = '', clock = ''] = new Date(iso).toISOString().split('T');
  return { date: day.replaceAll('-', ''), time: clock.replaceAll(':', '').slice(0, 6) };
}

export const shortened = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`;

/** References to instances of one study, in the form of evidence and predecessors (PS3.3 table C.17.2b). */
export function studyReferences(instances: readonly Predecessor[]): readonly Dataset[] {
  const studies = grouped(instances, ({ studyInstanceUid }) => studyInstanceUid);
  return studies.map(([studyInstanceUid, ofStudy]) => ({
    StudyInstanceUID: studyInstanceUid,
    ReferencedSeriesSequence: grouped(ofStudy, ({ seriesInstanceUid }) => seriesInstanceUid).map(
      ([seriesInstanceUid, ofSeries]) => ({
        SeriesInstanceUID: seriesInstanceUid,
        ReferencedSOPSequence: ofSeries.map(sopReference),
      }),
    ),
  }));
}

/** The four source images as instances of their study. */
export const sourceInstances = ({ study, views }: ExamResult): Predecessor[] =>
  VIEWS.map((view) => {
    const { sopClassUid, sopInstanceUid, seriesInstanceUid } = views[view].source;
    return { studyInstanceUid: study.studyInstanceUid, seriesInstanceUid, sopClassUid, sopInstanceUid };
  });

export const sopReference = ({
  sopClassUid,
  sopInstanceUid,
}: Pick<SourceImage, 'sopClassUid' | 'sopInstanceUid'>): Dataset => ({
  ReferencedSOPClassUID: sopClassUid,
  ReferencedSOPInstanceUID: sopInstanceUid,
});

function grouped<T>(values: readonly T[], key: (value: T) => string): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const group = groups.get(key(value));
    if (group === undefined) groups.set(key(value), [value]);
    else group.push(value);
  }
  return [...groups];
}

/** A stage as the algorithm it is: its version, and its parameters a line each. */
export function stageAlgorithm(
  result: ExamResult,
  stage: string,
): { readonly name: string; readonly version: string; readonly parameters: readonly string[] } {
  const declared = result.stages[stage];
  return {
    name: `mammoflow ${stage}`,
    version: declared?.version ?? 'unknown',
    parameters: [
      `bundle=${result.bundle.name}`,
      `bundle-sha256=${result.bundle.sha256}`,
      ...Object.entries(declared?.parameters ?? {}).map(([name, value]) => `${name}=${canonicalJson(value)}`),
    ],
  };
}
