import { lateralityOf, VIEWS, type View, viewPositionOf } from '../../pipeline/exam.js';
import { LABELS, RESEARCH_USE_ONLY } from '../../pipeline/predictions.js';
import { CODES, type Code, PRIVATE_SCHEME, PRIVATE_SCHEME_IDENTIFICATION } from './codes.js';
import { type ContentItem, encodeContent, isReference, type Relationship, text } from './content-item.js';
import type { Dataset } from './dataset.js';
import type { ExamResult, Predecessor } from './exam-result.js';
import { sourceInstances, studyReferences } from './modules.js';

/** The attributes of a structured report around and with its tree (PS3.3 C.17.2, C.17.3). */
export function reportContent(
  result: ExamResult,
  template: string,
  root: ContentItem,
  predecessors: readonly Predecessor[] = [],
): Dataset {
  return {
    ReferencedPerformedProcedureStepSequence: [],
    CompletionFlag: 'COMPLETE',
    VerificationFlag: 'UNVERIFIED',
    PerformedProcedureCodeSequence: [],
    CurrentRequestedProcedureEvidenceSequence: studyReferences(sourceInstances(result)),
    PredecessorDocumentsSequence: predecessors.length === 0 ? undefined : studyReferences(predecessors),
    CodingSchemeIdentificationSequence: usesPrivateCodes(root) ? [PRIVATE_SCHEME_IDENTIFICATION] : undefined,
    ...encodeContent(root),
    ContentTemplateSequence: [{ MappingResource: 'DCMR', TemplateIdentifier: template }],
  };
}

function usesPrivateCodes({ concept, content, children }: ContentItem): boolean {
  const codes = [concept, content.type === 'CODE' ? content.code : undefined];
  return (
    codes.some((code) => code?.scheme === PRIVATE_SCHEME) ||
    children.some((child) => !isReference(child) && usesPrivateCodes(child))
  );
}

export interface Algorithm {
  readonly name: string;
  readonly version: string;
  readonly parameters: readonly string[];
}

/** TID 4019: name, version, and parameters a row each. */
export const algorithmRows = (relationship: Relationship, { name, version, parameters }: Algorithm): ContentItem[] => [
  text(relationship, CODES.algorithmName, name),
  text(relationship, CODES.algorithmVersion, version),
  ...parameters.map((parameter) => text(relationship, CODES.algorithmParameters, parameter)),
];

export const breastCode = (view: View): Code => (lateralityOf(view) === 'L' ? CODES.leftBreast : CODES.rightBreast);
export const viewCode = (view: View): Code =>
  viewPositionOf(view) === 'CC' ? CODES.cranioCaudal : CODES.mediolateralOblique;

/** Where the images stand when an image library is the given child of the root: `pathOf('L_CC')`. */
export const libraryPaths =
  (...library: readonly number[]) =>
  (view: View): readonly number[] => [...library, VIEWS.indexOf(view) + 1];

/** In words, for people who read the report: what it is for, and what was and was not computed. */
export function impressionOf(result: ExamResult, findings: number | undefined): string {
  const { detection, classification, bundle } = result;
  const sentences = [
    RESEARCH_USE_ONLY,
    ...(bundle.notice === undefined ? [] : [sentence(bundle.notice)]),
    ...result.warnings.map(({ code, message }) => sentence(`Warning (${code}): ${message}`)),
    detection.status === 'succeeded'
      ? `${findings === 0 ? 'No region' : findings === 1 ? '1 region' : `${findings} regions`} at or above the threshold.`
      : detection.status === 'failed'
        ? sentence(`Heatmaps failed, so that nothing is known of regions: ${detection.reason}`)
        : because('Heatmaps were not made, so that nothing is known of regions', detection.reason),
    classification.status === 'succeeded'
      ? (['imageheatmaps', 'image'] as const)
          .map((variant) => {
            const numbers = LABELS.map(
              (label) => `${label.replace('_', ' ')} ${classification[variant][label].toFixed(4)}`,
            );
            return `Probabilities (${variant === 'image' ? 'images alone' : 'images with heatmaps'}): ${numbers.join(', ')}.`;
          })
          .join(' ')
      : classification.status === 'failed'
        ? sentence(`Classification failed, so that there are no probabilities: ${classification.reason}`)
        : because('Classification was not run, so that there are no probabilities', classification.reason),
  ];
  return sentences.join(' ');
}

const because = (what: string, reason: string | undefined): string =>
  reason === undefined ? `${what}.` : sentence(`${what}: ${reason}`);

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);
