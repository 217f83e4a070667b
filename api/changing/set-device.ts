import { type PixelPolicy, pixelPolicySchema } from '../../dicom/policies/pixel-policy.js';
import { policyFor, sitePolicies } from '../../dicom/policies/policy-table.js';
import { canonicalJson, type Json } from '../../pipeline/canonical-json.js';
import { DEFAULT_BRANCH } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import type { PipelineDocument } from '../../pipeline/pipeline-document.js';
import { readPipeline, writePipeline } from '../../repos/pipeline-repo.js';
import { rootOf } from '../../repos/repository.js';
import { requireHead, type Session } from '../session.js';
import { type CommitOptions, type Committed, NO_JOB, sinceHead, startIfWanted } from './follow-up.js';

export interface SetDeviceOptions extends CommitOptions {
  /** As exams' paths and `views.json` name it, e.g. `hologic-selenia-dimensions`. */
  readonly device: string;
  /** Over what applies to the device now; what is not named stays as it is. */
  readonly policy?: Readonly<Record<string, Json>>;
  /** First go back to what this build's table says. */
  readonly reset?: boolean | undefined;
}

export interface SetDeviceOutcome extends Committed {
  readonly device: string;
  readonly policy: PixelPolicy;
}

const DEVICE = /^[a-z0-9][a-z0-9-]{0,63}$/;

/**
 * Says what the stored pixels of a site's device mean, in a commit, and starts the job that follows. Exams with an object of
 * this device are read again, and no others.
 *
 * @throws MammoflowError `invalid-argument` naming what a policy may say, before anything is committed.
 * @example
 * await mammoflow.setDevice({ device: 'acme-mammo-1', policy: { inversion: 'always' }, message: 'its pictures are negative' });
 */
export async function setDevice(session: Session, options: SetDeviceOptions): Promise<SetDeviceOutcome> {
  const { device, policy: said = {}, reset = false, branch = DEFAULT_BRANCH } = options;
  const repository = sinceHead(session.repository, options.head);
  if (!DEVICE.test(device)) {
    throw new MammoflowError(
      'invalid-argument',
      `${JSON.stringify(device)} is no name of a device.`,
      'Give it as `mammoflow ls exams <exam>` shows it in the paths, e.g. hologic-selenia-dimensions.',
    );
  }
  if (Object.keys(said).length === 0 && !reset) {
    throw new MammoflowError(
      'invalid-argument',
      `Nothing to set for ${device} was given.`,
      takes(policyFor(device).policy),
    );
  }
  if (branch !== DEFAULT_BRANCH) await requireHead(repository, branch);
  let policy = policyFor(device).policy;
  const commit = await repository.commitOnto(
    branch,
    { author: session.author, message: options.message ?? describe(options), by: { kind: 'stage' } },
    async (roots, sequence) => {
      const document = await readPipeline(repository, { roots });
      const before = reset ? policyFor(device).policy : policyFor(device, sitePolicies(document)).policy;
      policy = checked(device, { ...before, ...said });
      const next = withDevice(document, device, policy);
      if (canonicalJson(next as unknown as Json) === canonicalJson(document as unknown as Json)) return undefined;
      const pipeline = await writePipeline(repository, rootOf({ roots }, 'pipeline'), next, sequence);
      return { roots: { ...roots, pipeline } };
    },
  );
  const followUp = commit === undefined ? NO_JOB : await startIfWanted(session, commit, options);
  return { device, policy, commit: commit?.id ?? null, ...followUp };
}

function checked(device: string, said: Readonly<Record<string, unknown>>): PixelPolicy {
  const result = pixelPolicySchema.safeParse(said);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new MammoflowError(
    'invalid-argument',
    `The policy of ${device} will not do: ${issue?.path.join('.') || 'it'}: ${issue?.message}.`,
    takes(policyFor(device).policy),
  );
}

const takes = (policy: PixelPolicy): string =>
  `A policy says ${Object.entries(policy)
    .map(([name, value]) => `${name} (now ${canonicalJson(value)})`)
    .join(', ')}; docs/dicom.md says what each may be.`;

/** A device that is as the table has it has no entry, so that going back gives the document from before. */
function withDevice(document: PipelineDocument, device: string, policy: PixelPolicy): PipelineDocument {
  const { devices = {}, ...rest } = document;
  const { [device]: _, ...others } = devices;
  const isStandard = canonicalJson(policyFor(device).policy) === canonicalJson(policy);
  const next = isStandard ? others : { ...others, [device]: policy };
  return Object.keys(next).length === 0 ? rest : { ...rest, devices: next };
}

function describe({ device, policy = {}, reset }: SetDeviceOptions): string {
  const parts = Object.entries(policy).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : canonicalJson(value)}`,
  );
  return `Set device ${device} to ${[...(reset ? ['what the table says'] : []), ...parts].join(', ')}`;
}
