import { NoSuchKey, NotFound, S3ServiceException } from '@aws-sdk/client-s3';
import { MammoflowError } from '../../pipeline/errors.js';

/** 404, however a server names it. */
export function isMissing(error: unknown): boolean {
  if (error instanceof NoSuchKey || error instanceof NotFound) return true;
  return (
    error instanceof S3ServiceException && (error.$metadata.httpStatusCode === 404 || error.name === 'NoSuchVersion')
  );
}

/** 412: a condition does not hold. 409: S3 saw two conditional writes at once, and this one lost. */
export function isConditionFailed(error: unknown): boolean {
  if (!(error instanceof S3ServiceException)) return false;
  const status = error.$metadata.httpStatusCode;
  return status === 412 || error.name === 'PreconditionFailed' || error.name === 'ConditionalRequestConflict';
}

/** What S3 servers call it when the body does not have the checksum that was sent with it. */
const BAD_CHECKSUM: ReadonlySet<string> = new Set([
  'BadDigest',
  'XAmzContentChecksumMismatch',
  'XAmzContentSHA256Mismatch',
]);
const REFUSED_ACCESS: ReadonlySet<string> = new Set([
  'AccessDenied',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'CredentialsProviderError',
]);
const UNREACHABLE: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ETIMEDOUT',
  'EAI_AGAIN',
]);

/** The errors that a person can do something about, in their words; any other is passed on. */
export function explained(error: unknown, bucket: string, key: string | undefined): unknown {
  if (!(error instanceof Error)) return error;
  if (error.name === 'NoSuchBucket') {
    const next = 'Make it with versioning enabled, or correct MAMMOFLOW_BUCKET.';
    return new MammoflowError('service-unavailable', `There is no bucket ${bucket}.`, next, { cause: error });
  }
  if (REFUSED_ACCESS.has(error.name)) {
    return new MammoflowError(
      'service-unavailable',
      `The S3 service refuses access to the bucket ${bucket} (${error.name}).`,
      'Check the AWS credentials and what they are allowed to do.',
      { cause: error },
    );
  }
  if (BAD_CHECKSUM.has(error.name)) {
    return new MammoflowError(
      'corrupt-data',
      `The bytes sent for ${key} do not have the SHA-256 that was computed before.`,
      'The file changed meanwhile, or was damaged on the way; try again.',
      { cause: error },
    );
  }
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (UNREACHABLE.has(code)) {
    return new MammoflowError(
      'service-unavailable',
      `The S3 service of the bucket ${bucket} does not answer (${code}).`,
      'See `mammoflow status`, or correct AWS_ENDPOINT_URL_S3.',
      { cause: error },
    );
  }
  return error;
}

export function unversioned(bucket: string): MammoflowError {
  return new MammoflowError(
    'invalid-configuration',
    `The bucket ${bucket} does not keep versions, so nothing written there could be traced or brought back.`,
    'Enable versioning on the bucket and try again.',
  );
}
