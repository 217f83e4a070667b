/** An object that a state names and that is not as it should be. */
export interface Fault {
  readonly key: string;
  /** Empty where an object is named by its key alone. */
  readonly versionId: string;
  readonly state: 'damaged' | 'missing';
  /** What it is, for people: `L_CC.png of exams/exam-17`. */
  readonly what: string;
  /** The repo and the item that it belongs to; a tree has only the repo, a branch or a commit neither. */
  readonly repo?: string;
  readonly item?: string;
  readonly sha256?: string;
  /** Whether it can be made again from what people put. */
  readonly derived: boolean;
}
