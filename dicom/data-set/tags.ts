/**
 * The attributes that are read, by keyword (PS3.6), as group and element in one number. Of these the VR is known, which
 * implicit VR needs.
 */
export const TAGS = {
  FileMetaInformationGroupLength: 0x00020000,
  MediaStorageSOPClassUID: 0x00020002,
  MediaStorageSOPInstanceUID: 0x00020003,
  TransferSyntaxUID: 0x00020010,
  SpecificCharacterSet: 0x00080005,
  ImageType: 0x00080008,
  SOPClassUID: 0x00080016,
  SOPInstanceUID: 0x00080018,
  StudyDate: 0x00080020,
  AcquisitionDate: 0x00080022,
  ContentDate: 0x00080023,
  AcquisitionDateTime: 0x0008002a,
  StudyTime: 0x00080030,
  AcquisitionTime: 0x00080032,
  ContentTime: 0x00080033,
  AccessionNumber: 0x00080050,
  ReferringPhysicianName: 0x00080090,
  Modality: 0x00080060,
  PresentationIntentType: 0x00080068,
  Manufacturer: 0x00080070,
  InstitutionName: 0x00080080,
  CodeValue: 0x00080100,
  ReferencedSeriesSequence: 0x00081115,
  ReferencedSOPInstanceUID: 0x00081155,
  ReferencedSOPSequence: 0x00081199,
  CodingSchemeDesignator: 0x00080102,
  CodeMeaning: 0x00080104,
  ManufacturerModelName: 0x00081090,
  PatientName: 0x00100010,
  PatientID: 0x00100020,
  IssuerOfPatientID: 0x00100021,
  PatientBirthDate: 0x00100030,
  PatientSex: 0x00100040,
  BodyPartExamined: 0x00180015,
  ConversionType: 0x00080064,
  ImagerPixelSpacing: 0x00181164,
  EstimatedRadiographicMagnificationFactor: 0x00181114,
  ViewPosition: 0x00185101,
  PaddleDescription: 0x001811a4,
  StudyInstanceUID: 0x0020000d,
  SeriesInstanceUID: 0x0020000e,
  StudyID: 0x00200010,
  InstanceNumber: 0x00200013,
  PatientOrientation: 0x00200020,
  Laterality: 0x00200060,
  ImageLaterality: 0x00200062,
  SamplesPerPixel: 0x00280002,
  PhotometricInterpretation: 0x00280004,
  NumberOfFrames: 0x00280008,
  Rows: 0x00280010,
  Columns: 0x00280011,
  PixelSpacing: 0x00280030,
  BitsAllocated: 0x00280100,
  BitsStored: 0x00280101,
  HighBit: 0x00280102,
  PixelRepresentation: 0x00280103,
  PixelPaddingValue: 0x00280120,
  PixelPaddingRangeLimit: 0x00280121,
  QualityControlImage: 0x00280300,
  BurnedInAnnotation: 0x00280301,
  PixelIntensityRelationship: 0x00281040,
  WindowCenter: 0x00281050,
  WindowWidth: 0x00281051,
  VOILUTFunction: 0x00281056,
  RescaleIntercept: 0x00281052,
  RescaleSlope: 0x00281053,
  BreastImplantPresent: 0x00281300,
  PartialView: 0x00281350,
  LossyImageCompression: 0x00282110,
  LUTDescriptor: 0x00283002,
  LUTData: 0x00283006,
  VOILUTSequence: 0x00283010,
  ViewCodeSequence: 0x00540220,
  ViewModifierCodeSequence: 0x00540222,
  ConceptNameCodeSequence: 0x0040a043,
  CurrentRequestedProcedureEvidenceSequence: 0x0040a375,
  PresentationLUTShape: 0x20500020,
  ExtendedOffsetTable: 0x7fe00001,
  ExtendedOffsetTableLengths: 0x7fe00002,
  PixelData: 0x7fe00010,
} as const;

export type Keyword = keyof typeof TAGS;

/** Sequences among them, which implicit VR with a stated length does not tell from bytes. */
export const SEQUENCES: ReadonlySet<number> = new Set([
  TAGS.VOILUTSequence,
  TAGS.ViewCodeSequence,
  TAGS.ViewModifierCodeSequence,
  TAGS.ReferencedSeriesSequence,
  TAGS.ReferencedSOPSequence,
  TAGS.ConceptNameCodeSequence,
  TAGS.CurrentRequestedProcedureEvidenceSequence,
]);

/** `(0028,0010)`. */
export const tagText = (tag: number): string => {
  const digits = (tag >>> 0).toString(16).padStart(8, '0').toUpperCase();
  return `(${digits.slice(0, 4)},${digits.slice(4)})`;
};

export const groupOf = (tag: number): number => tag >>> 16;
/** Odd groups are private (PS3.5, 7.8). */
export const isPrivate = (tag: number): boolean => groupOf(tag) % 2 === 1;
