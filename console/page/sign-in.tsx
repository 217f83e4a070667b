import { type FormEvent, type ReactNode, useState } from 'react';
import { ApiError } from '../contract/client.js';
import type { SessionState } from '../contract/session.js';
import { client, noteSession } from './api/client.js';
import { Problem } from './parts/problem.js';

/** What is shown to whoever is not signed in. */
export function SignIn({
  session,
  signedIn,
}: {
  session: SessionState;
  signedIn: (session: SessionState) => void;
}): ReactNode {
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget).get('token') ?? '').trim();
    setBusy(true);
    setError(undefined);
    try {
      signedIn(noteSession(await client.signIn({ body: { token } })));
    } catch (cause) {
      if (!(cause instanceof ApiError)) throw cause;
      setError(cause);
    } finally {
      setBusy(false);
    }
  }

  return (
    <main className="sign-in">
      <h1>mammoflow</h1>
      <form onSubmit={submit}>
        <label htmlFor="token">{session.access === 'oidc' ? 'Token of the identity provider' : 'Token'}</label>
        <input id="token" name="token" type="password" autoComplete="current-password" required autoFocus />
        <button type="submit" className="primary" disabled={busy}>
          Sign in
        </button>
        {error !== undefined && <Problem error={error} />}
      </form>
      <p className="faint">Whoever runs this console gives tokens out.</p>
      <p className="notice">{session.notice}</p>
    </main>
  );
}
