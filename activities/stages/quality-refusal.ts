import { acceptedName } from '../../pipeline/acceptance.js';
import { ExamError } from '../../pipeline/errors.js';
import { type CheckCode, EXAM_CHECKS, RESPONSE_CHECKS, VIEW_CHECKS } from '../../pipeline/quality-policy.js';
import type { Finding } from '../../pipeline/quality-report.js';

/**
 * What a person lets pass is a warning instead of a refusal.
 * @param names what is accepted of the exam, as the label of a stage has it.
 */
export function overridden(findings: readonly Finding[], names: string | undefined): Finding[] {
  const accepted = new Set(names?.split(','));
  return findings.map((finding) => {
    const { code, view, verdict } = finding;
    const isAccepted = accepted.has(code) || (view !== undefined && accepted.has(acceptedName({ check: code, view })));
    if (verdict !== 'refuse' || !isAccepted) return finding;
    return { ...finding, verdict: 'warn', overridden: true };
  });
}

/** Checks in the order in which they explain: a wrong byte order also looks like noise. */
const TOLD_BY: ReadonlySet<CheckCode> = new Set([
  'byte-order',
  'polarity',
  'background-share',
  ...EXAM_CHECKS,
  ...VIEW_CHECKS,
  ...RESPONSE_CHECKS,
]);

/** Told by the check that explains most; the others are named. */
export function refusal(exam: string, findings: readonly Finding[]): ExamError {
  const refused = [...TOLD_BY].flatMap((code) =>
    findings.filter((finding) => finding.verdict === 'refuse' && finding.code === code),
  );
  const [{ code, view, value, accepted, message, next }, ...others] = refused as [Finding, ...Finding[]];
  const named = others.map((other) => (other.view === undefined ? other.code : `${other.code} in ${other.view}`));
  const also = named.length === 0 ? '' : `; also ${named.join(', ')}`;
  // The narrowest acceptance that helps: of one view, unless the check refuses several.
  const isOneView = view !== undefined && !others.some((other) => other.code === code);
  const asked = `--check ${code}${isOneView ? ` --view ${view}` : ''} --reason <why>`;
  return new ExamError(
    'quality-refused',
    `Exam ${exam} is refused${view === undefined ? '' : ` for ${view}`}: ${message} ` +
      `(${code} ${value}, accepted ${boundsText(accepted)}${also})`,
    `${next} Or, if it is right as it is, let it pass: mammoflow accept ${exam} ${asked}.`,
    view,
  );
}

function boundsText([low, high]: Finding['expected'] = [null, null]): string {
  if (low === null) return `up to ${high}`;
  return high === null ? `from ${low}` : `${low} to ${high}`;
}
