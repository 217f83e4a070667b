/** A value of JSON. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [name: string]: Value };

/** The part of JSON Schema (draft 2020-12) that parameters of stages use and a form is made from. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly Value[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly prefixItems?: readonly Schema[];
}

/** How a value is entered: what no field of its own is made for is entered as JSON. */
export type Kind = 'choice' | 'whole' | 'number' | 'switch' | 'text' | 'list' | 'group' | 'json';

export function kindOf(schema: Schema): Kind {
  if (schema.enum?.every((one) => typeof one === 'string')) return 'choice';
  switch (schema.type) {
    case 'integer':
      return 'whole';
    case 'number':
      return 'number';
    case 'boolean':
      return 'switch';
    case 'string':
      return 'text';
    case 'array':
      return schema.prefixItems === undefined ? 'json' : 'list';
    case 'object':
      return schema.properties === undefined ? 'json' : 'group';
    default:
      return 'json';
  }
}

/** Whether two values are the same JSON, in whichever order their names come. */
export function isSame(a: Value | undefined, b: Value | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [Object.entries(a), Object.entries(b)];
  return (
    left.length === right.length && left.every(([name, value]) => isSame(value, (b as Record<string, Value>)[name]))
  );
}

/** A value as it is told. */
export const asText = (value: Value | undefined): string =>
  value === undefined ? '–' : typeof value === 'string' ? value : JSON.stringify(value);
