import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext } from 'react';
import type { Role, SessionState } from '../../contract/session.js';
import { ROLES } from '../../contract/words.js';
import { Problem } from '../parts/problem.js';
import { SignIn } from '../sign-in.js';
import { client, noteSession } from './client.js';

const Current = createContext<SessionState | undefined>(undefined);

/** Asks who looks at the page, and has them sign in where the console wants it. */
export function SessionGate({ children }: { children: ReactNode }): ReactNode {
  const known = useQueryClient();
  const session = useQuery({
    queryKey: ['session'],
    queryFn: async ({ signal }) => noteSession(await client.session({ signal })),
    staleTime: 5 * 60_000,
  });
  if (session.error) return <Problem error={session.error} retry={() => session.refetch()} alone />;
  if (session.data === undefined) return <p className="waiting">Connecting to the console…</p>;
  if (session.data.user === null) {
    return (
      <SignIn
        session={session.data}
        signedIn={(answer) => {
          // What somebody else saw here goes. The session itself stays, or its answer would be told to nobody.
          known.removeQueries({ predicate: ({ queryKey: [name] }) => name !== 'session' });
          known.setQueryData(['session'], noteSession(answer));
        }}
      />
    );
  }
  return <Current value={session.data}>{children}</Current>;
}

/** The session of whoever looks at the page. Only below `SessionGate`. */
export function useSession(): SessionState {
  const session = useContext(Current);
  if (session === undefined) throw new Error('useSession is used outside of SessionGate');
  return session;
}

/** Whether whoever looks may do what needs this role. */
export function useMay(role: Role): boolean {
  const { user } = useSession();
  return user !== null && ROLES.indexOf(user.role) >= ROLES.indexOf(role);
}
