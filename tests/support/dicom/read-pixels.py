"""Decodes DICOM files with pydicom and writes their stored values beside them: <name>.pydicom (16 bits, little endian).

usage: read-pixels.py FOLDER
"""
import sys
from pathlib import Path

import pydicom

for path in sorted(Path(sys.argv[1]).glob("*.dcm")):
    pixels = pydicom.dcmread(path).pixel_array
    path.with_suffix(".pydicom").write_bytes(pixels.astype("<i2" if pixels.dtype.kind == "i" else "<u2").tobytes())
