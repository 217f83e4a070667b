import { TAGS } from '../../dicom/data-set/tags.js';
import { type NewElement, textElement, wordElement, writeObject } from '../../dicom/data-set/write-object.js';
import { MAMMOGRAPHY_FOR_PRESENTATION } from '../../dicom/image/image-kind.js';
import type { Grey16Image } from '../../imaging/planes.js';
import { lateralityOf, type View, viewPositionOf } from '../../pipeline/exam.js';

/** How a device stores its pictures: what other programs stumble over, in one place. */
export interface DeviceImitation {
  readonly manufacturer: string;
  readonly model: string;
  readonly bits: number;
  readonly photometric: 'MONOCHROME1' | 'MONOCHROME2';
  /** Presentation LUT Shape, where it is written. */
  readonly shape?: 'IDENTITY' | 'INVERSE';
  /** Pictures are stored mirrored, and say so in Patient Orientation. */
  readonly mirrored?: boolean;
  /** A range of stored values that stands for the background. */
  readonly padding?: readonly [number, number];
  /** The picture is in a lookup table: stored values are other ones. */
  readonly inTable?: boolean;
  /** View codes of SNOMED's former scheme. */
  readonly srt?: boolean;
  readonly spacing: number;
}

/** Six vendors' habits as they are reported. No byte is copied from an object of theirs. */
export const DEVICE_IMITATIONS: Readonly<Record<string, DeviceImitation>> = {
  hologic: {
    ...{ manufacturer: 'HOLOGIC, Inc.', model: 'Selenia Dimensions', bits: 12, photometric: 'MONOCHROME2' },
    ...{ shape: 'IDENTITY', spacing: 0.07 },
  },
  ge: {
    ...{ manufacturer: 'GE MEDICAL SYSTEMS', model: 'Senographe Pristina', bits: 14, photometric: 'MONOCHROME2' },
    ...{ shape: 'IDENTITY', mirrored: true, srt: true, spacing: 0.1 },
  },
  siemens: {
    ...{ manufacturer: 'SIEMENS', model: 'Mammomat Inspiration', bits: 12, photometric: 'MONOCHROME2' },
    ...{ shape: 'IDENTITY', padding: [0, 12], spacing: 0.085 },
  },
  fuji: {
    ...{ manufacturer: 'FUJIFILM Corporation', model: 'FDR-3000AWS', bits: 12, photometric: 'MONOCHROME1' },
    // Contradicts the photometric interpretation.
    ...{ shape: 'IDENTITY', spacing: 0.05 },
  },
  planmed: {
    ...{ manufacturer: 'Planmed Oy', model: 'Nuance Excel', bits: 14, photometric: 'MONOCHROME1', shape: 'INVERSE' },
    ...{ padding: [16383, 16383], srt: true, spacing: 0.085 },
  },
  giotto: {
    ...{ manufacturer: 'I.M.S. Giotto S.p.A.', model: 'Image 3D', bits: 13, photometric: 'MONOCHROME2' },
    ...{ shape: 'IDENTITY', inTable: true, spacing: 0.085 },
  },
};

/** Of whom an imitated object says to be: nobody, in words that can be searched for. */
export interface ImitatedStudy {
  readonly patientId: string;
  readonly patientName: string;
  readonly birthDate: string;
  readonly accession: string;
  /** `YYYYMMDD`. */
  readonly date: string;
  readonly studyInstance: string;
  readonly seriesInstance: string;
  readonly sopInstance: string;
  readonly instanceNumber: number;
}

const CODES = { CC: ['399162004', 'R-10242'], MLO: ['399368009', 'R-10226'] } as const;

/**
 * A view as a digital mammogram for presentation, as a device would store it.
 * @param image 16 bits, a left breast facing right, background 0.
 */
export function imitateDevice(
  image: Grey16Image,
  view: View,
  device: DeviceImitation,
  study: ImitatedStudy,
  /** Elements in place of those that would be written, or beside them. */
  more: readonly NewElement[] = [],
): Buffer {
  const { rows, columns } = image;
  const laterality = lateralityOf(view);
  const position = viewPositionOf(view);
  const across = (laterality === 'L') === (device.mirrored !== true) ? 'A' : 'P';
  const down = position === 'MLO' ? 'F' : laterality === 'L' ? 'R' : 'L';
  const code = CODES[position][device.srt === true ? 1 : 0];
  const text = (tag: number, vr: string, value: string): NewElement => textElement(tag, vr, value);
  const elements: NewElement[] = [
    text(TAGS.SpecificCharacterSet, 'CS', 'ISO_IR 100'),
    text(TAGS.ImageType, 'CS', 'DERIVED\\PRIMARY'),
    text(TAGS.SOPClassUID, 'UI', MAMMOGRAPHY_FOR_PRESENTATION),
    text(TAGS.SOPInstanceUID, 'UI', study.sopInstance),
    text(TAGS.StudyDate, 'DA', study.date),
    text(TAGS.StudyTime, 'TM', '101500'),
    text(TAGS.AcquisitionDate, 'DA', study.date),
    text(TAGS.AcquisitionTime, 'TM', `10${(15 + study.instanceNumber).toString().padStart(2, '0')}00`),
    text(TAGS.AccessionNumber, 'SH', study.accession),
    text(TAGS.Modality, 'CS', 'MG'),
    text(TAGS.PresentationIntentType, 'CS', 'FOR PRESENTATION'),
    text(TAGS.Manufacturer, 'LO', device.manufacturer),
    text(TAGS.ManufacturerModelName, 'LO', device.model),
    text(TAGS.PatientName, 'PN', study.patientName),
    text(TAGS.PatientID, 'LO', study.patientId),
    text(TAGS.PatientBirthDate, 'DA', study.birthDate),
    text(TAGS.PatientSex, 'CS', 'F'),
    text(TAGS.BodyPartExamined, 'CS', 'BREAST'),
    text(TAGS.ImagerPixelSpacing, 'DS', `${device.spacing}\\${device.spacing}`),
    text(TAGS.ViewPosition, 'CS', position),
    text(TAGS.StudyInstanceUID, 'UI', study.studyInstance),
    text(TAGS.SeriesInstanceUID, 'UI', study.seriesInstance),
    text(TAGS.InstanceNumber, 'IS', String(study.instanceNumber)),
    text(TAGS.PatientOrientation, 'CS', `${across}\\${down}`),
    text(TAGS.ImageLaterality, 'CS', laterality),
    wordElement(TAGS.SamplesPerPixel, 1),
    text(TAGS.PhotometricInterpretation, 'CS', device.photometric),
    wordElement(TAGS.Rows, rows),
    wordElement(TAGS.Columns, columns),
    wordElement(TAGS.BitsAllocated, 16),
    wordElement(TAGS.BitsStored, device.bits),
    wordElement(TAGS.HighBit, device.bits - 1),
    wordElement(TAGS.PixelRepresentation, 0),
    text(TAGS.BurnedInAnnotation, 'CS', 'NO'),
    {
      tag: TAGS.ViewCodeSequence,
      vr: 'SQ',
      items: [
        [
          text(TAGS.CodeValue, 'SH', code),
          text(TAGS.CodingSchemeDesignator, 'SH', device.srt === true ? 'SRT' : 'SCT'),
          text(TAGS.CodeMeaning, 'LO', position === 'CC' ? 'cranio-caudal' : 'medio-lateral oblique'),
          { tag: TAGS.ViewModifierCodeSequence, vr: 'SQ', items: [] },
        ],
      ],
    },
    ...(device.shape === undefined ? [] : [text(TAGS.PresentationLUTShape, 'CS', device.shape)]),
    ...(device.padding === undefined
      ? []
      : [
          wordElement(TAGS.PixelPaddingValue, device.padding[0]),
          wordElement(TAGS.PixelPaddingRangeLimit, device.padding[1]),
        ]),
    ...(device.inTable === true ? [lookupTable(device.bits)] : []),
    { tag: TAGS.PixelData, vr: 'OW', value: storedPixels(image, device) },
  ];
  // What is given goes before what the device would write.
  const own = elements.filter(({ tag }) => !more.some((other) => other.tag === tag));
  return writeObject([...own, ...more], {
    transferSyntax: '1.2.840.10008.1.2.1',
    sopClass: MAMMOGRAPHY_FOR_PRESENTATION,
    sopInstance: study.sopInstance,
  });
}

/** Stored values that the device's own way of showing them turns into the picture. */
function storedPixels({ rows, columns, pixels }: Grey16Image, device: DeviceImitation): Buffer {
  const top = 2 ** device.bits - 1;
  const stored = Buffer.alloc(2 * rows * columns);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const from = row * columns + (device.mirrored === true ? columns - 1 - column : column);
      const shown = Math.round(((pixels[from] as number) * top) / 65535);
      stored.writeUInt16LE(storedValue(shown, top, device, row + column), 2 * (row * columns + column));
    }
  }
  return stored;
}

function storedValue(shown: number, top: number, device: DeviceImitation, noise: number): number {
  const { padding, photometric, inTable } = device;
  if (shown === 0 && padding !== undefined) return padding[0] + (noise % (padding[1] - padding[0] + 1));
  const plain = photometric === 'MONOCHROME1' ? top - shown : shown;
  if (inTable === true) return top - plain;
  // Tissue does not use the values that stand for the background.
  return padding !== undefined && plain >= padding[0] && plain <= padding[1]
    ? photometric === 'MONOCHROME1'
      ? padding[0] - 1
      : padding[1] + 1
    : plain;
}

/** Gives back what `storedValue` put in its place. */
function lookupTable(bits: number): NewElement {
  const entries = 2 ** bits;
  const table = Array.from({ length: entries }, (_, index) => entries - 1 - index);
  return {
    tag: TAGS.VOILUTSequence,
    vr: 'SQ',
    items: [[wordElement(TAGS.LUTDescriptor, entries, 0, bits), { ...wordElement(TAGS.LUTData, ...table), vr: 'OW' }]],
  };
}
