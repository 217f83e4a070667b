import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readHead } from '../../dicom/data-set/read-object.js';
import { type Candidate, chooseViews, type LeftOut } from '../../dicom/exam/choose-views.js';
import { type ReadView, readView } from '../../dicom/exam/read-view.js';
import { type AppliedPolicy, appliedPolicySchema } from '../../dicom/policies/pixel-policy.js';
import { writeGrey16Png } from '../../imaging/grey16-png.js';
import { ExamError } from '../../pipeline/errors.js';
import { VIEWS, type View, viewFile } from '../../pipeline/exam.js';
import { type ExamObject, examObject, READ_STAGE, VIEWS_FILE } from '../../pipeline/exam-objects.js';
import { RESEARCH_USE_ONLY } from '../../pipeline/predictions.js';
import { headlineOf, type QualityWarning } from '../../pipeline/quality-report.js';
import { documentBytes, type ReadViewDocument, type ViewsDocument } from '../../pipeline/stage-documents.js';
import { defineStage, type StageInputs } from '../stage.js';

const parametersSchema = z.strictObject({
  /** Whether implant-displaced views may stand for the standard views; others go before them. */
  implantDisplaced: z.boolean().default(false),
  /** Whether pictures generated from tomosynthesis may; others go before them. */
  generated: z.boolean().default(false),
});

const policiesSchema = z.record(z.string(), appliedPolicySchema);

/**
 * Makes the four views of an exam of DICOM objects: chooses one object for each, decodes it, and makes of its stored values
 * what the model was trained on, by the policy of its device. Writes `<VIEW>.png` (16 bits, a left breast facing right) and
 * `views.json`. The policies are the label `pixels`, so that a changed one recomputes the exams of its devices.
 */
export const readDicom = defineStage({
  name: READ_STAGE,
  version: '1',
  resource: 'cpu',
  upstream: ['exams'],
  modelRoles: [],
  labels: ['pixels'],
  parameters: parametersSchema,
  async run(inputs, parameters, context) {
    const policies = policiesSchema.parse(JSON.parse(inputs.labels?.pixels || '{}'));
    const objects = objectsOf(inputs);
    const candidates: Candidate[] = [];
    for (const [instance, { path }] of objects) {
      candidates.push({ instance, object: await readHead(path, nameOf(instance, inputs.exam)) });
    }
    const { chosen, leftOut } = chooseViews(candidates, parameters);
    requireAll(inputs.exam, chosen, leftOut);
    const views: Partial<Record<View, ReadViewDocument>> = {};
    const warnings: QualityWarning[] = [];
    for (const [done, view] of VIEWS.entries()) {
      context.signal.throwIfAborted();
      context.progress({ step: view, done, total: VIEWS.length });
      const instance = chosen[view] as string;
      const { path, device, view: committedAs } = objects.get(instance) as ExamObject & { path: string };
      const policy = policies[device];
      if (policy === undefined || committedAs !== view) {
        throw new ExamError(
          'invalid-exam',
          `The object ${instance} of exam ${inputs.exam} lies under ${committedAs} and shows ${view}.`,
          'Put the exam again.',
          view,
        );
      }
      const read = await readView(path, view, policy.policy, nameOf(instance, inputs.exam));
      await writeFile(join(context.outputFolder, viewFile(view)), await writeGrey16Png(read.image));
      views[view] = viewDocument(instance, device, policy, read);
      warnings.push(...warningsOf(view, device, policy, read));
    }
    const told = [...new Map(warnings.map((warning) => [warning.message, warning])).values()];
    const document: ViewsDocument = {
      schemaVersion: 1,
      exam: inputs.exam,
      notice: RESEARCH_USE_ONLY,
      views: views as Record<View, ReadViewDocument>,
      left_out: [...leftOut],
      warnings: told.map(({ message }) => message),
    };
    await writeFile(join(context.outputFolder, VIEWS_FILE), documentBytes(document));
    return {
      files: [...VIEWS.map(viewFile), VIEWS_FILE],
      summary: { ...headlineOf(told.length === 0 ? 'ok' : 'warn', told) },
    };
  },
});

const nameOf = (instance: string, exam: string): string => `The object ${instance} of exam ${exam}`;

function objectsOf(inputs: StageInputs): Map<string, ExamObject & { readonly path: string }> {
  const found = Object.entries(inputs.files.exams ?? {}).flatMap(([name, path]) => {
    const object = examObject(name);
    return object === undefined ? [] : [[object.instance, { ...object, path }] as const];
  });
  return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** @throws ExamError `invalid-exam` naming the views that no object can stand for, and why those left out cannot. */
function requireAll(exam: string, chosen: Partial<Record<View, string>>, leftOut: readonly LeftOut[]): void {
  const missing = VIEWS.filter((view) => chosen[view] === undefined);
  const [first] = missing;
  if (first === undefined) return;
  const reasons = leftOut
    .filter(({ view }) => view === undefined || missing.includes(view))
    .map(({ view, reason }) => (view === undefined ? reason : `${view}: ${reason}`));
  const why = reasons.length === 0 ? '' : ` Left out: ${[...new Set(reasons)].join('; ')}.`;
  throw new ExamError(
    'invalid-exam',
    `Exam ${exam} has no image for ${missing.join(', ')}.${why}`,
    'Put the missing images, or let the stage take more: `mammoflow stage set read_dicom`.',
    first,
  );
}

function viewDocument(instance: string, device: string, policy: AppliedPolicy, read: ReadView): ReadViewDocument {
  return {
    instance,
    device,
    policy: `${policy.id} ${policy.version}`,
    transfer_syntax: read.transferSyntax,
    shape: [read.image.rows, read.image.columns],
    spacing_mm: read.spacing === undefined ? null : [...read.spacing],
    bits: read.notes.bits,
    inverted: read.notes.inverted,
    mirrored: read.notes.mirrored,
    upended: read.notes.upended,
    pixels_to_background: read.notes.toBackground,
  };
}

/** What is told wherever the result is shown. */
function warningsOf(view: View, device: string, { unknown }: AppliedPolicy, read: ReadView): QualityWarning[] {
  return [
    ...(unknown === true
      ? [
          {
            code: 'unknown-device',
            message: `The device ${device} is in no policy; its pixels are taken as those of most devices are.`,
          },
        ]
      : []),
    ...(read.rescaleIgnored
      ? [
          {
            code: 'modality-transformation',
            view,
            message: `${view} has a modality transformation, which is not applied.`,
          },
        ]
      : []),
    ...(read.spacing === undefined
      ? [{ code: 'no-spacing', view, message: `${view} does not say how large its pixels are.` }]
      : []),
  ];
}
