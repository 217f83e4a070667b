import { canonicalJson, type Json } from '../../pipeline/canonical-json.js';
import type { DatumKeyDocument } from '../../pipeline/datum.js';

/** How a file differs: there before or not, and with which bytes. */
export type FileChange = 'added' | 'removed' | 'changed';

/** One way in which what a datum is made from differs from another datum of the same stage and exam. */
export type DatumChange =
  | { readonly kind: 'version'; readonly before: string; readonly after: string }
  | { readonly kind: 'parameter'; readonly name: string; readonly before?: Json; readonly after?: Json }
  | { readonly kind: 'model'; readonly role: string; readonly before?: string; readonly after?: string }
  | { readonly kind: 'preprocessing'; readonly role: string }
  | { readonly kind: 'label'; readonly label: string; readonly before?: string; readonly after?: string }
  | { readonly kind: 'input'; readonly repo: string; readonly path: string; readonly change: FileChange };

/**
 * What differs between the key documents of two datums: code first, then parameters, model files and inputs, each by
 * name. Documents with the same key have no changes. SHA-256 stands for a model file.
 */
export function datumChanges(before: DatumKeyDocument, after: DatumKeyDocument): DatumChange[] {
  const changes: DatumChange[] = [];
  if (before.version !== after.version) changes.push({ kind: 'version', before: before.version, after: after.version });
  const [left, right] = [recordOf(before.parameters), recordOf(after.parameters)];
  for (const name of namesOf(left, right)) {
    const [a, b] = [left[name], right[name]];
    if (same(a, b)) continue;
    changes.push({
      kind: 'parameter',
      name,
      ...(a === undefined ? {} : { before: a }),
      ...(b === undefined ? {} : { after: b }),
    });
  }
  for (const role of namesOf(before.models, after.models)) {
    const [a, b] = [before.models[role], after.models[role]];
    if (a?.sha256 !== b?.sha256) {
      changes.push({
        kind: 'model',
        role,
        ...(a === undefined ? {} : { before: a.sha256 }),
        ...(b === undefined ? {} : { after: b.sha256 }),
      });
    } else if (!same(a?.preprocessing, b?.preprocessing)) changes.push({ kind: 'preprocessing', role });
  }
  const [shown, showing] = [labelsOf(before), labelsOf(after)];
  for (const label of namesOf(shown, showing)) {
    const [a, b] = [shown[label], showing[label]];
    if (a === b) continue;
    changes.push({
      kind: 'label',
      label,
      ...(a === undefined ? {} : { before: a }),
      ...(b === undefined ? {} : { after: b }),
    });
  }
  for (const name of namesOf(before.inputs, after.inputs)) {
    const [a, b] = [before.inputs[name], after.inputs[name]];
    if (a === b) continue;
    const change = a === undefined ? 'added' : b === undefined ? 'removed' : 'changed';
    changes.push({ kind: 'input', ...splitInput(name), change });
  }
  return changes;
}

/** `crop/L_CC.png`, an input in a key document, as the repo and the path inside the exam. */
export function splitInput(name: string): { repo: string; path: string } {
  const slash = name.indexOf('/');
  return { repo: name.slice(0, slash), path: name.slice(slash + 1) };
}

/**
 * Changes as phrases for people, such as `parameter passes 10 → 1` and `crop wrote other files: L_CC.png`. Files of one
 * repo come together in one phrase.
 */
export function describeChanges(changes: readonly DatumChange[]): string[] {
  const phrases: string[] = [];
  const files = new Map<string, string[]>();
  for (const change of changes) {
    if (change.kind === 'version') phrases.push(`stage version ${change.before} → ${change.after}`);
    else if (change.kind === 'parameter') {
      phrases.push(`parameter ${change.name} ${valueText(change.before)} → ${valueText(change.after)}`);
    } else if (change.kind === 'model') {
      phrases.push(`model file ${change.role} ${shaText(change.before)} → ${shaText(change.after)}`);
    } else if (change.kind === 'label' && change.label === 'reference') {
      // As canonical JSON it fills a screen.
      phrases.push('what the bundle says of the pictures its model was made for');
    } else if (change.kind === 'label' && change.label === 'response') {
      phrases.push('what the bundle says of how its network answered');
    } else if (change.kind === 'label' && change.label === 'warnings') {
      phrases.push('what is warned of');
    } else if (change.kind === 'label') {
      phrases.push(
        `${LABEL_TEXTS[change.label] ?? change.label} ${change.before || 'none'} → ${change.after || 'none'}`,
      );
    } else if (change.kind === 'preprocessing') phrases.push(`preprocessing of the model file ${change.role}`);
    else {
      const list = files.get(change.repo) ?? [];
      list.push(change.change === 'changed' ? change.path : `${change.path} (${change.change})`);
      files.set(change.repo, list);
    }
  }
  for (const [repo, paths] of files) {
    phrases.push(`${repo === 'exams' ? 'new input' : `${repo} wrote other files`}: ${paths.join(', ')}`);
  }
  return phrases;
}

const LABEL_TEXTS: Readonly<Record<string, string>> = {
  bundle: 'name of the bundle',
  accepted: 'quality checks accepted',
};

const valueText = (value: Json | undefined): string => (value === undefined ? 'none' : canonicalJson(value));
const shaText = (sha256: string | undefined): string => sha256?.slice(0, 12) ?? 'none';

const recordOf = (parameters: Json): Readonly<Record<string, Json | undefined>> =>
  typeof parameters === 'object' && parameters !== null && !Array.isArray(parameters)
    ? (parameters as Readonly<Record<string, Json | undefined>>)
    : { parameters };

const labelsOf = ({ labels = {} }: DatumKeyDocument): Readonly<Record<string, string | undefined>> => labels;

const namesOf = (a: object, b: object): string[] => [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();

const same = (a: Json | undefined, b: Json | undefined): boolean =>
  a === undefined || b === undefined ? a === b : canonicalJson(a) === canonicalJson(b);
