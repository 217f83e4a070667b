import {
  PickleError,
  type PickleInstruction,
  type PickleMachine,
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
export interface PickleObject {
  readonly kind: 'object';
  readonly name: string;
  readonly args: readonly ObjectValue[];
  /** Handed to the object afterwards. */
  state?: ObjectValue;
}
export type ObjectValue = PickleValue<PickleName | PickleObject>;

/**
 * What Python makes of a call; an object of which no more is known where nothing is given. Arguments are the pickle's.
 * @throws PickleError where they are not what the function takes.
 */
export type PickleCall = (args: readonly ObjectValue[]) => ObjectValue;

export interface NameList {
  /** Every name that the pickle may mention: those that stand for themselves without a call. */
  readonly names: ReadonlyMap<string, PickleCall | undefined>;
  readonly holds: string;
}

const GLOBAL = pickleCode('c');
const STACK_GLOBAL = 0x93;
const REDUCE = pickleCode('R');
const NEWOBJ = 0x81;
const NEWOBJ_EX = 0x92;
const BUILD = pickleCode('b');

/**
 * Runs one pickle that may describe objects of the classes on a fixed list. They are taken note of and never made.
 * @throws PickleError as `runPickle` does, and for a name that is not on the list.
 */
export function runObjectPickle(bytes: Uint8Array, { names, holds }: NameList): ObjectValue {
  type Machine = PickleMachine<PickleName | PickleObject>;
  /** Dictionaries that come of a call: of a subclass, which may have attributes. */
  const made = new WeakSet<object>();
  const pushName = (machine: Machine, opcode: number, name: string): void => {
    if (!names.has(name))
      throw unneeded(opcode, holds, ` with the name ${name.replace(/[^\x20-\x7e]/g, '?').slice(0, 100)}`);
    machine.push({ kind: 'name', name });
  };
  const call = (machine: Machine, opcode: number): void => {
    const args = machine.pop();
    const callee = machine.pop();
    if (!isKind(callee, 'name')) throw unneeded(opcode, holds);
    if (!Array.isArray(args)) throw new PickleError(`is damaged: it calls ${callee.name} without arguments`);
    const stands = names.get(callee.name);
    const result: ObjectValue = stands === undefined ? { kind: 'object', name: callee.name, args } : stands(args);
    if (result instanceof Map) made.add(result);
    machine.push(result);
  };
  const added = new Map<number, PickleInstruction<PickleName | PickleObject>>([
    [GLOBAL, (machine) => pushName(machine, GLOBAL, `${machine.line()}.${machine.line()}`)],
    [
      STACK_GLOBAL,
      (machine) => {
        const attribute = machine.pop();
        const module = machine.pop();
        if (typeof attribute !== 'string' || typeof module !== 'string') throw unneeded(STACK_GLOBAL, holds);
        pushName(machine, STACK_GLOBAL, `${module}.${attribute}`);
      },
    ],
    [REDUCE, (machine) => call(machine, REDUCE)],
    // `cls.__new__(cls, *args)` is as good as a call, where nothing is called.
    [NEWOBJ, (machine) => call(machine, NEWOBJ)],
    [
      NEWOBJ_EX,
      (machine) => {
        machine.pop();
        call(machine, NEWOBJ_EX);
      },
    ],
    [
      BUILD,
      (machine) => {
        const state = machine.pop();
        const target = machine.top();
        if (isKind(target, 'object')) target.state = state;
        else if (!(target instanceof Map && made.has(target))) throw unneeded(BUILD, holds);
      },
    ],
  ]);
  // Items of an object are not kept: a list's or dictionary's subclass is read by its state alone.
  return runPickle(bytes, { added, holds, addTo: (target) => target.kind === 'object' }).value;
}

type Kinds = { name: PickleName; object: PickleObject };

export function isKind<Kind extends keyof Kinds>(value: ObjectValue | undefined, kind: Kind): value is Kinds[Kind] {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind;
}
