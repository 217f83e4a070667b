/** One setting, for people: what it is, its value (never a secret), and what it comes from. */
export interface Origin {
  readonly setting: string;
  readonly value: string;
  readonly from: string;
}
