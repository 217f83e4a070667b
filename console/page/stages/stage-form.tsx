import { type FormEvent, type ReactNode, useState } from 'react';
import type { StageRow } from '../../contract/stages.js';
import { useMay } from '../api/session.js';
import { RoleButton } from '../parts/role-button.js';
import { Badge } from '../parts/state-badge.js';
import { ParameterField } from './parameter-field.js';
import { asText, isSame, type Schema, type Value } from './schema.js';
import { SetStage, type Settings } from './set-stage.js';

/** The settings of a stage, to be changed once it is said what that would recompute. */
export function StageForm({ of, branch }: { of: StageRow; branch: string | undefined }): ReactNode {
  const { stage, parameters, defaults, schema, departs, queue, version } = of;
  const fields = Object.entries((schema as Schema).properties ?? {});
  const mayChange = useMay('administer') && branch !== undefined;
  const [entered, setEntered] = useState<Readonly<Record<string, Value | undefined>>>({});
  const [place, setPlace] = useState({ queue, version });
  const [asked, setAsked] = useState<Settings>();
  const changed = Object.entries(entered).filter(([name, value]) => !isSame(value, parameters[name] as Value));
  const isWrong = changed.some(([, value]) => value === undefined);
  const settings: Settings = {
    ...(changed.length === 0 ? {} : { parameters: Object.fromEntries(changed) as Record<string, Value> }),
    ...(place.queue === queue ? {} : { queue: place.queue }),
    ...(place.version === version ? {} : { version: place.version }),
  };
  const isSet =
    departs.queue !== undefined || departs.version !== undefined || Object.keys(departs.parameters).length > 0;

  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    if (Object.keys(settings).length > 0 && !isWrong) setAsked(settings);
  }

  return (
    <>
      <form className="stage-form" onSubmit={submit}>
        {fields.length === 0 && <p className="faint">It has no parameters.</p>}
        {fields.map(([name, field]) => (
          <div key={name} className="parameter">
            <ParameterField
              label={name}
              schema={field}
              value={parameters[name] as Value}
              disabled={!mayChange}
              change={(value) => setEntered({ ...entered, [name]: value })}
            />
            <Default value={defaults[name] as Value} departs={Object.hasOwn(departs.parameters, name)} />
          </div>
        ))}
        <details>
          <summary>Queue and version</summary>
          <div className="parameter">
            <label>
              Task queue
              <input
                value={place.queue}
                maxLength={200}
                required
                disabled={!mayChange}
                onChange={({ target }) => setPlace({ ...place, queue: target.value })}
              />
            </label>
            <Default value={departs.queue ?? queue} departs={departs.queue !== undefined} />
          </div>
          <div className="parameter">
            <label>
              Version
              <input
                value={place.version}
                maxLength={200}
                required
                disabled={!mayChange}
                onChange={({ target }) => setPlace({ ...place, version: target.value })}
              />
            </label>
            <Default value={departs.version ?? version} departs={departs.version !== undefined} />
          </div>
          <p className="faint">
            Workers with <code>--stage {stage} --queue NAME</code> serve a queue of its own. Jobs wait for a worker that
            has the version.
          </p>
        </details>
        {branch === undefined ? (
          <p className="faint">A commit is shown, which nothing can change. Choose a branch to set the stage there.</p>
        ) : (
          <footer>
            {isSet && (
              <RoleButton needs="administer" onClick={() => setAsked({ reset: true })}>
                Back to the defaults…
              </RoleButton>
            )}
            <button
              type="submit"
              className="primary"
              disabled={!mayChange || isWrong || Object.keys(settings).length === 0}
            >
              See what it would compute
            </button>
            {!mayChange && <span className="faint">Setting a stage needs the role administer.</span>}
          </footer>
        )}
      </form>
      {asked && branch !== undefined && (
        <SetStage of={of} branch={branch} settings={asked} close={() => setAsked(undefined)} />
      )}
    </>
  );
}

function Default({ value, departs }: { value: Value; departs: boolean }): ReactNode {
  return (
    <p className="default faint">
      {departs ? <Badge look="waiting">set; default {asText(value)}</Badge> : 'as by default'}
    </p>
  );
}
