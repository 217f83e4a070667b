import { VIEWS, type View } from './exam.js';
import type { StageGraph, StageNode } from './graph.js';

/*
 * An exam is committed as a folder of pictures (`L_CC.png`, …) or as DICOM objects without identity:
 *
 *     L_CC/hologic-selenia-dimensions/2.25.31….dcm
 *     view  device                    SOP instance
 *
 * Several objects of one view may lie there. Which of them is taken, and what its pixels become, is work of a stage, so that
 * both can change and be recomputed; device and view are in the path, so that what an exam wants is known without opening
 * a file.
 */

/** In bytes. The largest mammograms have some 60 MB uncompressed; beyond this no DICOM object is read into memory. */
export const LARGEST_OBJECT = 512 * 1024 * 1024;

/** The stage that makes the four views of an exam's DICOM objects. For the stages after it, they are the exam. */
export const READ_STAGE = 'read_dicom';
/** What it writes beside the views: which objects they are made of, and how. */
export const VIEWS_FILE = 'views.json';

export interface ExamObject {
  readonly view: View;
  readonly device: string;
  readonly instance: string;
}

const OBJECT = /^([LR]_(?:CC|MLO))\/([a-z0-9][a-z0-9-]{0,63})\/([0-9][0-9.]{0,63})\.dcm$/;

/** What an exam's file is, by its path. Undefined for one that is no DICOM object. */
export function examObject(path: string): ExamObject | undefined {
  const [, view, device, instance] = OBJECT.exec(path) ?? [];
  return view === undefined
    ? undefined
    : { view: view as View, device: device as string, instance: instance as string };
}

export const objectPath = ({ view, device, instance }: ExamObject): string => `${view}/${device}/${instance}.dcm`;

type Files = readonly { readonly path: string }[];

/** The devices that an exam's objects come from, in order of their names; none for a folder of pictures. */
export const devicesOf = (files: Files): string[] =>
  [...new Set(files.flatMap(({ path }) => examObject(path)?.device ?? []))].sort();

export const isOfObjects = (files: Files): boolean => files.some(({ path }) => examObject(path) !== undefined);

/** The views for which there is at least one object. */
export const viewsWithObjects = (files: Files): View[] => {
  const views = new Set(files.map(({ path }) => examObject(path)?.view));
  return VIEWS.filter((view) => views.has(view));
};

/**
 * The stages of one exam. A folder of pictures has no stage that reads DICOM, exactly as before there was one; of an exam
 * of DICOM objects every other stage reads what that stage makes instead of `exams`.
 */
export function graphFor(graph: StageGraph, ofObjects: boolean): StageGraph {
  if (!ofObjects) return graph.filter(({ name }) => name !== READ_STAGE);
  return graph.map((node) =>
    node.name === READ_STAGE
      ? node
      : { ...node, upstream: node.upstream.map((repo) => (repo === 'exams' ? READ_STAGE : repo)) },
  );
}

/**
 * The stages whose warnings a stage draws into what it makes, in the order in which they are told: its gates, and before them that
 * which reads DICOM, where the exam has one; none for a stage that draws no warnings.
 * @param graph of the exam ({@link graphFor}).
 */
export function tellingStages(node: StageNode, graph: readonly StageNode[]): string[] {
  if (node.labels?.includes('warnings') !== true) return [];
  const readers = graph.filter(({ name }) => name === READ_STAGE).map(({ name }) => name);
  return [...readers, ...(node.after ?? [])];
}
