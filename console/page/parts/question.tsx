import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import { Dialog } from './dialog.js';
import { Problem } from './problem.js';

/**
 * Asks before something is done, does it, and says what came of it. An error leaves the question open, with what was entered.
 *
 * @param act does it, given what was entered by the fields' names.
 * @param told what is said of the answer afterwards; without it the dialog closes.
 * @param ready false as long as what is asked about is not known.
 * @param failed told of an error before it is shown.
 */
export function Question<Answer>({
  title,
  verb,
  look = 'primary',
  ready = true,
  act,
  told,
  failed,
  close,
  children,
}: {
  title: string;
  /** What the button says. */
  verb: string;
  look?: 'primary' | 'danger';
  ready?: boolean;
  act: (entered: (field: string) => string) => Promise<Answer>;
  told?: (answer: Answer) => ReactNode;
  failed?: (cause: Error) => void;
  close: () => void;
  children?: ReactNode;
}): ReactNode {
  const queries = useQueryClient();
  const [error, setError] = useState<Error>();
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState<{ readonly answer: Answer }>();

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    if (!ready || busy) return;
    const entered = new FormData(event.currentTarget);
    setBusy(true);
    setError(undefined);
    try {
      const answer = await act((field) => String(entered.get(field) ?? '').trim());
      // What a preview said is shown until the dialog closes.
      void queries.invalidateQueries({ predicate: ({ queryKey: [name] }) => name !== 'session' && name !== 'preview' });
      if (told === undefined) close();
      else setDone({ answer });
    } catch (cause) {
      setError(cause as Error);
      failed?.(cause as Error);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog title={title} close={close}>
      {done === undefined || told === undefined ? (
        <form onSubmit={submit}>
          {children}
          {error && <Problem error={error} />}
          <footer>
            <button type="button" onClick={close}>
              Leave as it is
            </button>
            <button type="submit" className={look} disabled={busy || !ready}>
              {verb}
            </button>
          </footer>
        </form>
      ) : (
        <>
          <div role="status">{told(done.answer)}</div>
          <footer>
            <button type="button" className="primary" onClick={close}>
              Close
            </button>
          </footer>
        </>
      )}
    </Dialog>
  );
}
