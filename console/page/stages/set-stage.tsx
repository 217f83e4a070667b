import type { ReactNode } from 'react';
import type { StageRow } from '../../contract/stages.js';
import { client } from '../api/client.js';
import { ChangeDialog } from '../parts/change-dialog.js';
import { asText, type Value } from './schema.js';

/** What is to be set of a stage. */
export interface Settings {
  readonly parameters?: Record<string, Value>;
  readonly queue?: string;
  readonly version?: string;
  readonly reset?: boolean;
}

/** Sets a stage, once it is said what that would recompute. */
export function SetStage({
  of,
  branch,
  settings,
  close,
}: {
  of: StageRow;
  branch: string;
  settings: Settings;
  close: () => void;
}): ReactNode {
  const { stage } = of;
  const body = { ...settings, branch } as Settings & { parameters?: Record<string, never>; branch: string };
  return (
    <ChangeDialog
      title={settings.reset ? `Set ${stage} back to its defaults?` : `Set ${stage} on ${branch}?`}
      verb="Set it"
      preview={{ change: 'stage', stage, ...body }}
      act={({ head, message }) =>
        client.setStage({ params: { stage }, body: { ...body, head, ...(message === undefined ? {} : { message }) } })
      }
      close={close}
    >
      <table>
        <thead>
          <tr>
            <th>setting</th>
            <th className="number">now</th>
            <th className="number">then</th>
          </tr>
        </thead>
        <tbody>
          {changesOf(of, settings).map(({ name, before, after }) => (
            <tr key={name}>
              <td>{name}</td>
              <td className="number">{before}</td>
              <td className="number">{after}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ChangeDialog>
  );
}

function changesOf(of: StageRow, { parameters = {}, queue, version, reset }: Settings) {
  const set = reset
    ? {
        parameters: of.departs.parameters as Record<string, Value>,
        queue: of.departs.queue,
        version: of.departs.version,
      }
    : { parameters, queue, version };
  return [
    ...Object.entries(set.parameters).map(([name, value]) => ({
      name,
      before: asText(of.parameters[name] as Value),
      after: asText(value),
    })),
    ...(set.queue === undefined ? [] : [{ name: 'task queue', before: of.queue, after: set.queue }]),
    ...(set.version === undefined ? [] : [{ name: 'version', before: of.version, after: set.version }]),
  ];
}
