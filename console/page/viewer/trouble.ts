import type { View } from '../../../pipeline/views.js';
import { ApiError } from '../../contract/client.js';
import { viewLabel } from './hanging.js';

/** Why a viewport shows nothing, or no heatmap: said in it, while the rest stays usable. */
export interface Trouble {
  readonly title: string;
  readonly message: string;
  readonly next?: string | undefined;
  /** Whether asking again may help. */
  readonly again: boolean;
}

const TITLES: Readonly<Record<string, string>> = {
  offline: 'Not reached',
  'wrong-size': 'Not the size it should be',
  'corrupt-data': 'Damaged',
  'missing-object': 'Erased or gone',
  unauthenticated: 'Signed out',
  'token-expired': 'Signed out',
  'service-unavailable': 'Not reached',
  'too-many-requests': 'Too many requests',
};

/** What is said of an error while a view's picture or heatmap was loaded. */
export function troubleOf(error: unknown, what: 'picture' | 'heatmap', view: View): Trouble {
  const name = viewLabel(view);
  if (!(error instanceof ApiError)) {
    return {
      title: `${name}: ${what} not shown`,
      message: error instanceof Error ? error.message : String(error),
      again: true,
    };
  }
  const again = error.status === 0 ? error.code === 'offline' : error.status >= 500 || error.status === 429;
  return {
    title: `${name} ${what}: ${(TITLES[error.code] ?? 'not shown').toLowerCase()}`,
    message: error.message,
    next: error.next,
    again,
  };
}

/** An exam that lacks a view. */
export const missingView = (view: View): Trouble => ({
  title: `${viewLabel(view)}: missing`,
  message: `This exam has no ${viewLabel(view)} at this state.`,
  next: 'Upload the view to have the exam processed.',
  again: false,
});
