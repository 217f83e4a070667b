"""Writes the stored values of DICOM files as 16-bit PNGs as NYU's published preparation does: pydicom's pixel_array, and pypng
told how many bits the values have.

usage: write-nyu-png.py FOLDER
"""
import sys
from pathlib import Path

import png
import pydicom

for path in sorted(Path(sys.argv[1]).glob("*.dcm")):
    data = pydicom.dcmread(path)
    if data.PixelRepresentation == 1:
        continue
    rows = data.pixel_array.tolist()
    with open(path.with_suffix(".png"), "wb") as file:
        png.Writer(len(rows[0]), len(rows), greyscale=True, bitdepth=[data.BitsStored, 16][data.BitsStored == 16]).write(file, rows)
