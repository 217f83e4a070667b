import type { ReactNode } from 'react';
import { Dialog } from '../parts/dialog.js';
import { GESTURES, KEYS } from './keys.js';

/** What keys and pointer do in the viewer. */
export const ViewerHelp = ({ close }: { close: () => void }): ReactNode => (
  <Dialog title="Keys of the viewer" close={close}>
    <dl className="keys">
      {KEYS.map(([keys, what]) => (
        <div key={keys}>
          <dt>
            <kbd>{keys}</kbd>
          </dt>
          <dd>{what}</dd>
        </div>
      ))}
    </dl>
    <h3>Pointer</h3>
    <dl className="keys">
      {GESTURES.map(([gesture, what]) => (
        <div key={gesture}>
          <dt>{gesture}</dt>
          <dd>{what}</dd>
        </div>
      ))}
    </dl>
  </Dialog>
);
