import { ExamError } from '../../pipeline/errors.js';
import { qualityPolicySchema, qualitySettings } from '../../pipeline/quality-policy.js';
import type { ItemToPut } from '../../repos/put-items.js';
import { inspectExamFolder } from '../inspect-exam-folder.js';

/** Exams looked at before they are put: it takes about a second each, and uploading thousands must not wait for it. */
const LOOKED_AT = 4;

/**
 * What the quality checks will say of some exams that are about to be put, as sentences. Looks at a few, spread over all:
 * what is wrong with an export is mostly wrong with every picture of it.
 */
export async function lookAtPictures(exams: readonly ItemToPut[]): Promise<string[]> {
  const settings = qualitySettings(qualityPolicySchema.parse({}));
  const step = Math.max(1, exams.length / LOOKED_AT);
  const chosen = exams
    .filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step))
    .slice(0, LOOKED_AT);
  const remarks: string[] = [];
  for (const item of chosen) {
    try {
      const { verdict, findings, proposals } = await inspectExamFolder(item, settings);
      const [first] = findings;
      if (verdict !== 'refuse' || first === undefined) continue;
      const where = first.view === undefined ? '' : ` for ${first.view}`;
      const mend = proposals.length === 0 ? '' : ' `mammoflow mend` can put it right.';
      remarks.push(
        `exam ${item.name} will be refused${where}: ${first.message} (${first.code}) ${first.next ?? ''}${mend}`,
      );
    } catch (error) {
      // It was checked as a file already: what cannot be decoded all the same fails in its job, with this reason.
      if (!(error instanceof ExamError)) throw error;
      remarks.push(`exam ${item.name} will fail: ${error.sentence}`);
    }
  }
  if (remarks.length > 0 && chosen.length < exams.length) {
    remarks.push(`${chosen.length} of ${exams.length} exams were looked at; \`mammoflow inspect\` looks at all`);
  }
  return remarks;
}
