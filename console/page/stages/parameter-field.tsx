import { type ReactNode, useId, useState } from 'react';
import { asText, kindOf, type Schema, type Value } from './schema.js';

export interface FieldProps {
  readonly label: string;
  readonly schema: Schema;
  readonly value: Value;
  /** Undefined where what was entered is no value. */
  readonly change: (value: Value | undefined) => void;
  readonly disabled: boolean;
}

/** A field for a value, made from its schema. */
export function ParameterField(props: FieldProps): ReactNode {
  const { label, schema, value, change, disabled } = props;
  const kind = kindOf(schema);
  if (kind === 'choice') {
    return (
      <label>
        {label}
        <select value={asText(value)} disabled={disabled} onChange={({ target }) => change(target.value)}>
          {schema.enum?.map((one) => (
            <option key={asText(one)}>{asText(one)}</option>
          ))}
        </select>
      </label>
    );
  }
  if (kind === 'switch') {
    return (
      <label>
        <input
          type="checkbox"
          checked={value === true}
          disabled={disabled}
          onChange={({ target }) => change(target.checked)}
        />
        {label}
      </label>
    );
  }
  if (kind === 'text') {
    return (
      <label>
        {label}
        <input value={asText(value)} disabled={disabled} onChange={({ target }) => change(target.value)} />
      </label>
    );
  }
  if (kind === 'whole' || kind === 'number') return <NumberField {...props} isWhole={kind === 'whole'} />;
  if (kind === 'list') return <ListField {...props} />;
  if (kind === 'group') return <GroupField {...props} />;
  return <JsonField {...props} />;
}

function NumberField({
  label,
  schema,
  value,
  change,
  disabled,
  isWhole,
}: FieldProps & { isWhole: boolean }): ReactNode {
  const { minimum, maximum } = schema;
  const bounds = minimum !== undefined && maximum !== undefined ? `${minimum} to ${maximum}` : undefined;
  return (
    <label>
      <span>
        {label} {bounds !== undefined && <span className="faint">{bounds}</span>}
      </span>
      <input
        type="number"
        required
        min={minimum}
        max={maximum}
        step={isWhole ? 1 : 'any'}
        defaultValue={asText(value)}
        disabled={disabled}
        onChange={({ target }) => change(target.validity.valid ? target.valueAsNumber : undefined)}
      />
    </label>
  );
}

/** Values whose number is fixed, each with a field. */
function ListField({ label, schema, value, change, disabled }: FieldProps): ReactNode {
  const parts = schema.prefixItems ?? [];
  const values = Array.isArray(value) ? (value as readonly Value[]) : [];
  return (
    <Parts
      label={label}
      names={parts.map((_, index) => String(index))}
      valueAt={(name) => values[Number(name)] ?? null}
      schemaOf={(name) => parts[Number(name)] ?? {}}
      wordOf={(name) => `${label} ${Number(name) + 1}`}
      change={(entered) => change(entered && parts.map((_, index) => entered[String(index)] ?? null))}
      disabled={disabled}
    />
  );
}

/** Values by name, each with a field. */
function GroupField({ label, schema, value, change, disabled }: FieldProps): ReactNode {
  const parts = schema.properties ?? {};
  const values = value as Readonly<Record<string, Value>>;
  return (
    <Parts
      label={label}
      names={Object.keys(parts)}
      valueAt={(name) => values[name] ?? null}
      schemaOf={(name) => parts[name] ?? {}}
      wordOf={(name) => name}
      change={change}
      disabled={disabled}
    />
  );
}

function Parts({
  label,
  names,
  valueAt,
  schemaOf,
  wordOf,
  change,
  disabled,
}: {
  label: string;
  names: readonly string[];
  valueAt: (name: string) => Value;
  schemaOf: (name: string) => Schema;
  wordOf: (name: string) => string;
  change: (values: Readonly<Record<string, Value>> | undefined) => void;
  disabled: boolean;
}): ReactNode {
  const [entered, setEntered] = useState<Readonly<Record<string, Value | undefined>>>(() =>
    Object.fromEntries(names.map((name) => [name, valueAt(name)])),
  );
  return (
    <fieldset className="parts">
      <legend>{label}</legend>
      {names.map((name) => (
        <ParameterField
          key={name}
          label={wordOf(name)}
          schema={schemaOf(name)}
          value={entered[name] ?? valueAt(name)}
          disabled={disabled}
          change={(value) => {
            const all = { ...entered, [name]: value };
            setEntered(all);
            const isWhole = Object.values(all).every((one) => one !== undefined);
            change(isWhole ? (all as Record<string, Value>) : undefined);
          }}
        />
      ))}
    </fieldset>
  );
}

/** Anything else, as JSON. */
function JsonField({ label, value, change, disabled }: FieldProps): ReactNode {
  const [problem, setProblem] = useState<string>();
  const described = useId();
  return (
    <label>
      <span>
        {label} <span className="faint">JSON</span>
      </span>
      <textarea
        className="mono"
        rows={Math.min(12, JSON.stringify(value, null, 2).split('\n').length + 1)}
        defaultValue={JSON.stringify(value, null, 2)}
        spellCheck={false}
        disabled={disabled}
        aria-invalid={problem !== undefined}
        aria-describedby={described}
        onChange={({ target }) => {
          try {
            change(JSON.parse(target.value) as Value);
            setProblem(undefined);
          } catch (error) {
            change(undefined);
            setProblem(`That is no JSON: ${(error as Error).message}`);
          }
        }}
      />
      <span id={described} className="trouble">
        {problem}
      </span>
    </label>
  );
}
