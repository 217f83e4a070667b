import {
  PickleError,
  type PickleInstruction,
  type PickleMachine,
  PickleRefusal,
  type PickleValue,
  pickleCode,
  runPickle,
  unneeded,
} from './pickle-machine.js';

/** A name that a pickle mentions, as of a class. Nothing is looked up. */
export interface PickleName {
  readonly kind: 'name';
  readonly name: string;
}
/**
 * What Python would make by calling something: what would be called, and with what. Nothing is called, so that this is
 * all that is known of it.
 */
export interface PickleObject<Other = never> {
  readonly kind: 'object';
  readonly name: string;
  readonly args: readonly ObjectValue<Other>[];
  /** Handed to the object afterwards. */
  state?: ObjectValue<Other>;
}
/** A value of a pickle that describes objects; `Other` stands for those that are made more of. */
export type ObjectValue<Other = never> = PickleValue<PickleName | PickleObject<Other> | Other>;

/** What a value may be beside plain data, names and objects. */
type Kinded = { readonly kind: string };

/**
 * What Python makes of a call; an object of which no more is known where nothing is given. Arguments are the pickle's.
 * @throws PickleError where they are not what the function takes.
 */
export type PickleCall<Other = never> = (args: readonly ObjectValue<Other>[]) => ObjectValue<Other>;

export interface ObjectPickleOptions<Other extends Kinded> {
  /** Every name that the pickle may mention, with what stands for a call of it. */
  readonly names: ReadonlyMap<string, PickleCall<Other> | undefined>;
  /** As in running a pickle. */
  readonly holds: string;
  /** Instructions by code, beside those for names and calls. */
  readonly added?: ReadonlyMap<number, PickleInstruction<PickleName | PickleObject<Other> | Other>>;
}

const GLOBAL = pickleCode('c');
const STACK_GLOBAL = 0x93;
const REDUCE = pickleCode('R');
const NEWOBJ = 0x81;
const BUILD = pickleCode('b');

/**
 * Runs one pickle that may describe objects of the classes on a fixed list. They are taken note of and never made.
 * @returns its value and the offset behind it.
 * @throws PickleError as `runPickle` does, and for a name that is not on the list.
 */
export function runObjectPickle<Other extends Kinded = never>(
  bytes: Uint8Array,
  { names, holds, added }: ObjectPickleOptions<Other>,
): { readonly value: ObjectValue<Other>; readonly end: number } {
  type Machine = PickleMachine<PickleName | PickleObject<Other> | Other>;
  /** Dictionaries that come of a call: of a subclass, which may have attributes. */
  const made = new WeakSet<object>();
  const pushName = (machine: Machine, name: string): void => {
    if (!names.has(name)) {
      // Names of attacks end up in logs.
      const printable = name.replace(/[^\x20-\x7e]/g, '?').slice(0, 100);
      throw new PickleRefusal(`names ${printable}, which ${holds} does not need; nothing was run`);
    }
    machine.push({ kind: 'name', name });
  };
  const call = (machine: Machine, opcode: number): void => {
    const args = machine.pop();
    const callee = machine.pop();
    if (!isKind(callee, 'name')) throw unneeded(opcode, holds);
    if (!Array.isArray(args)) throw new PickleError(`is damaged: it calls ${callee.name} without arguments`);
    const stands = names.get(callee.name);
    const result = stands === undefined ? ({ kind: 'object', name: callee.name, args } as const) : stands(args);
    if (result instanceof Map) made.add(result);
    machine.push(result);
  };
  const instructions = new Map<number, PickleInstruction<PickleName | PickleObject<Other> | Other>>([
    [GLOBAL, (machine) => pushName(machine, `${machine.line()}.${machine.line()}`)],
    [
      STACK_GLOBAL,
      (machine) => {
        const attribute = machine.pop();
        const module = machine.pop();
        if (typeof attribute !== 'string' || typeof module !== 'string') throw unneeded(STACK_GLOBAL, holds);
        pushName(machine, `${module}.${attribute}`);
      },
    ],
    [REDUCE, (machine) => call(machine, REDUCE)],
    // `cls.__new__(cls, *args)` is as good as a call, where nothing is called.
    [NEWOBJ, (machine) => call(machine, NEWOBJ)],
    [
      BUILD,
      (machine) => {
        const state = machine.pop();
        const target = machine.top();
        if (isKind(target, 'object')) target.state = state;
        else if (!(target instanceof Map && made.has(target))) throw unneeded(BUILD, holds);
      },
    ],
    ...(added ?? []),
  ]);
  // Items of an object are not kept: a list's or dictionary's subclass is read by its state alone.
  return runPickle(bytes, { added: instructions, holds, addTo: ({ kind }) => kind === 'object' });
}

type Kinds<Other> = { name: PickleName; object: PickleObject<Other> };

export function isKind<Kind extends 'name' | 'object', Other = never>(
  value: ObjectValue<Other> | undefined,
  kind: Kind,
): value is Kinds<Other>[Kind] {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind;
}
