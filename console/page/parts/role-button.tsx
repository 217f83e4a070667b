import type { ReactNode } from 'react';
import type { Role } from '../../contract/session.js';
import { useMay, useSession } from '../api/session.js';

/** A button for what needs a role. To whoever does not have it, it says so, and does nothing. */
export function RoleButton({
  needs,
  onClick,
  className,
  label,
  children,
}: {
  needs: Role;
  onClick: () => void;
  className?: string;
  /** What it does, where its word alone does not tell: begins with that word. */
  label?: string;
  children: ReactNode;
}): ReactNode {
  const may = useMay(needs);
  const { user } = useSession();
  const reason = may ? undefined : `This needs the role ${needs}; yours is ${user?.role ?? 'none'}.`;
  return (
    <button
      type="button"
      className={className}
      aria-label={label}
      aria-description={reason}
      title={reason}
      disabled={!may}
      onClick={onClick}
    >
      {children}
    </button>
  );
}
