import { MammoflowError } from '../../pipeline/errors.js';

/**
 * To be given to `catch` where files are written: what the file system refuses is for the user to mend, and its code says
 * what that is (ENOSPC: no room left). Everything else is thrown on.
 *
 * @throws MammoflowError `invalid-argument` with the file's path.
 */
export function cannotWrite(cause: unknown): never {
  const { code, path, syscall } = cause as NodeJS.ErrnoException;
  if (syscall === undefined) throw cause;
  throw new MammoflowError(
    'invalid-argument',
    `${path ?? 'The folder'} cannot be written (${code}).`,
    'Check that there is room and that you may write there, or choose another folder; then run this again.',
    { cause },
  );
}
