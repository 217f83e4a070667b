"""Writes small mammograms in many forms, each with the values that went in: <name>.dcm and <name>.raw (16 bits, little endian).

usage: write-pixels.py FOLDER
"""
import shutil
import subprocess
import sys
from pathlib import Path

import numpy
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

folder = Path(sys.argv[1])
# Even, since GDCM encodes no other in RLE.
ROWS, COLUMNS = 62, 48
NATIVE = {
    "implicit": ImplicitVRLittleEndian,
    "explicit": ExplicitVRLittleEndian,
    "big": ExplicitVRBigEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
}
# Encoders of others, as far as they are installed: command, and what makes it write which syntax.
COMMANDS = {
    "gdcm-rle": ("gdcmconv", "--rle"),
    "gdcm-lossless-sv1": ("gdcmconv", "--jpeg"),
    "gdcm-jpegls": ("gdcmconv", "--jpegls"),
    "gdcm-j2k": ("gdcmconv", "--j2k"),
    "dcmtk-rle": ("dcmcrle",),
    "dcmtk-lossless-sv1": ("dcmcjpeg", "--encode-lossless-sv1"),
    **{f"dcmtk-lossless-{n}": ("dcmcjpeg", "--encode-lossless", "--selection-value", str(n)) for n in range(1, 8)},
    "dcmtk-jpegls": ("dcmcjpls", "--encode-lossless"),
    "dcmtk-fragments": ("dcmcjpeg", "--encode-lossless-sv1", "--fragment-size", "1", "--offset-table-empty"),
}


def values(bits, signed):
    random = numpy.random.default_rng(bits + 100 * signed)
    low, high = (-(1 << (bits - 1)), 1 << (bits - 1)) if signed else (0, 1 << bits)
    picture = random.integers(low, high, (ROWS, COLUMNS))
    # Half of it smooth, so that predictors and runs have something to do; both ends of the range.
    smooth = numpy.add.outer(numpy.arange(ROWS), numpy.arange(COLUMNS)) * (high - low) // (ROWS + COLUMNS) + low
    picture[:, : COLUMNS // 2] = smooth[:, : COLUMNS // 2]
    picture[20:30] = low
    picture[0, 0], picture[-1, -1] = high - 1, low
    return picture.astype("<i2" if signed else "<u2")


def mammogram(picture, bits, allocated, signed, syntax, unused=0):
    data = Dataset()
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1.2"
    data.SOPInstanceUID = f"1.2.3.{bits}.{allocated}.{int(signed)}"
    data.StudyInstanceUID, data.SeriesInstanceUID = "1.2.3.1", "1.2.3.2"
    data.Modality, data.PatientID, data.PatientName = "MG", "test", "Test^Picture"
    data.ImageLaterality, data.ViewPosition = "L", "CC"
    data.Rows, data.Columns = picture.shape
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit = allocated, bits, bits - 1
    data.PixelRepresentation = int(signed)
    kind = ("i" if signed else "u") + str(allocated // 8)
    stored = picture.astype("<" + kind)
    if unused:
        stored = ((stored.view("<u2") & ((1 << bits) - 1)) | (unused << bits)).astype("<u2")
    big = syntax == ExplicitVRBigEndian
    body = stored.astype((">" if big else "<") + kind if not unused else (">u2" if big else "<u2")).tobytes()
    data["PixelData"] = data_element(body, allocated)
    data.file_meta = FileMetaDataset()
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.file_meta.TransferSyntaxUID = syntax
    return data


def data_element(body, allocated):
    from pydicom.dataelem import DataElement

    return DataElement(0x7FE00010, "OW" if allocated == 16 else "OB", body + b"\0" * (len(body) % 2))


def save(name, data, picture):
    data.save_as(folder / f"{name}.dcm", enforce_file_format=True)
    (folder / f"{name}.raw").write_bytes(picture.astype("<i2" if picture.dtype.kind == "i" else "<u2").tobytes())


def with_command(name, source, command, picture):
    if shutil.which(command[0]) is None:
        return
    target = folder / f"{name}.dcm"
    run = subprocess.run([*command, str(source), str(target)], capture_output=True)
    if run.returncode == 0 and target.exists():
        (folder / f"{name}.raw").write_bytes(picture.tobytes())
    else:
        target.unlink(missing_ok=True)
        print(f"{name}: {run.stderr.decode(errors='replace').strip()[:200]}", file=sys.stderr)


for signed in (False, True):
    for bits, allocated in ((8, 8), (10, 16), (12, 16), (14, 16), (16, 16)):
        if signed and allocated == 8:
            continue
        picture = values(bits, signed)
        label = f"{bits}{'s' if signed else 'u'}"
        for name, syntax in NATIVE.items():
            save(f"{name}-{label}", mammogram(picture, bits, allocated, signed, syntax), picture)
        if bits < 16 and allocated == 16:
            save(f"masked-{label}", mammogram(picture, bits, allocated, signed, ExplicitVRLittleEndian, 0b01), picture)
            save(f"masked-big-{label}", mammogram(picture, bits, allocated, signed, ExplicitVRBigEndian, 0b11), picture)
        for name, command in COMMANDS.items():
            # A process each: every depth once for each codec, and every predictor at two depths.
            if name.startswith("dcmtk-lossless-") and not name.endswith(("sv1", "-7")) and label not in ("12u", "16u"):
                continue
            with_command(f"{name}-{label}", folder / f"explicit-{label}.dcm", command, picture)
        for name, syntax in (
            ("pydicom-rle", RLELossless),
            ("pydicom-j2k", JPEG2000Lossless),
            ("pydicom-jpegls", JPEGLSLossless),
        ):
            data = mammogram(picture, bits, allocated, signed, ExplicitVRLittleEndian)
            try:
                data.compress(syntax)
            except Exception as error:
                print(f"{name}-{label}: {error}", file=sys.stderr)
                continue
            save(f"{name}-{label}", data, picture)
        # One frame in several fragments, with an empty offset table and with an extended one.
        if bits == 12 and not signed:
            from pydicom.encaps import encapsulate, encapsulate_extended

            data = mammogram(picture, bits, allocated, signed, ExplicitVRLittleEndian)
            data.compress(RLELossless)
            from pydicom.encaps import generate_frames

            frame = next(generate_frames(data.PixelData, number_of_frames=1))
            data.PixelData = encapsulate([frame], fragments_per_frame=4, has_bot=False)
            save(f"fragments-{label}", data, picture)
            data.PixelData, data.ExtendedOffsetTable, data.ExtendedOffsetTableLengths = encapsulate_extended([frame])
            data["ExtendedOffsetTable"].VR = data["ExtendedOffsetTableLengths"].VR = "OV"
            save(f"extended-table-{label}", data, picture)
