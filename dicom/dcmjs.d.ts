/** What of dcmjs is used here; the package has no types of its own. */
declare module 'dcmjs' {
  interface RawElement {
    readonly vr: string;
    readonly Value: readonly unknown[];
  }
  interface RawDataset {
    [tag: string]: RawElement;
  }
  const dcmjs: {
    readonly data: {
      readonly DicomMessage: { readFile(buffer: ArrayBuffer): { readonly dict: RawDataset } };
      readonly DicomMetaDictionary: {
        readonly nameMap: Readonly<Record<string, { readonly tag: string; readonly vr: string }>>;
        readonly dictionary: Readonly<Record<string, { readonly name: string; readonly vr: string }>>;
      };
    };
    readonly log: { setLevel(level: string): void };
  };
  // biome-ignore lint/style/noDefaultExport: a CommonJS package is Node's default import
  export default dcmjs;
}
