#!/bin/sh
# highdicom 0.28.2: one pixel of padding in a parametric map, and none of its frames is given.
#
# PS3.3 has Float Pixel Padding Value so that a map can say "not computed" where 0 would be a value, and a real world value map
# has a range, outside of which no value is mapped. One would guess that `get_frames()` gives mapped values and leaves padding as
# it is, or masks it. It raises instead, for the whole frame, since the padding lies outside the range; that the attribute
# declares it is not looked at. `apply_real_world_transform=False` gives the stored floats.
#
# Seen: mapped 0 to 1, stored [-1, 0.25, 0.5, 1], padding -1: ValueError "Array contains value outside the valid range.";
# without the transform [-1, 0.25, 0.5, 1]; without padding pixels, mapped [0, 0.25, 0.5, 1]
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check highdicom==0.28.2 pydicom==3.0.1 numpy==2.4.6 pillow==13.0.0
cat > "$work/read.py" <<'PYTHON'
import sys
import highdicom, numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

def written(path, values):
    group, mapping, units, frame = Dataset(), Dataset(), Dataset(), Dataset()
    units.CodeValue, units.CodingSchemeDesignator, units.CodeMeaning = '1', 'UCUM', 'no units'
    mapping.LUTLabel, mapping.LUTExplanation = 'P', 'probability'
    mapping.RealWorldValueIntercept, mapping.RealWorldValueSlope = 0.0, 1.0
    mapping.DoubleFloatRealWorldValueFirstValueMapped, mapping.DoubleFloatRealWorldValueLastValueMapped = 0.0, 1.0
    mapping.MeasurementUnitsCodeSequence = [units]
    group.RealWorldValueMappingSequence = [mapping]
    content = Dataset()
    content.StackID, content.InStackPositionNumber, content.DimensionIndexValues = '1', 1, [1]
    frame.FrameContentSequence = [content]
    index, organization, image = Dataset(), Dataset(), Dataset()
    organization.DimensionOrganizationUID = index.DimensionOrganizationUID = generate_uid()
    index.DimensionIndexPointer, index.FunctionalGroupPointer = 0x00209057, 0x00209111
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID = '1.2.840.10008.5.1.4.1.1.30'
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID = generate_uid()
    image.StudyInstanceUID, image.SeriesInstanceUID = generate_uid(), generate_uid()
    image.PatientID = image.PatientName = image.StudyID = image.AccessionNumber = ''
    image.Modality, image.NumberOfFrames, image.SamplesPerPixel = 'OT', 1, 1
    image.PhotometricInterpretation, image.BitsAllocated, image.Rows, image.Columns = 'MONOCHROME2', 32, 1, 4
    image.FloatPixelPaddingValue = -1.0
    image.DimensionOrganizationSequence, image.DimensionIndexSequence = [organization], [index]
    image.SharedFunctionalGroupsSequence, image.PerFrameFunctionalGroupsSequence = [group], [frame]
    image.FloatPixelData = np.array(values, '<f4').tobytes()
    image.save_as(path, enforce_file_format=True)
    return highdicom.imread(path)

whole = written(sys.argv[1], [0, 0.25, 0.5, 1])
assert whole.get_frames().ravel().tolist() == [0, 0.25, 0.5, 1]
padded = written(sys.argv[1], [-1, 0.25, 0.5, 1])
assert padded.get_frames(apply_real_world_transform=False).ravel().tolist() == [-1, 0.25, 0.5, 1]
try:
    padded.get_frames()
except ValueError as error:
    print(f'highdicom {highdicom.__version__}: ValueError: {error}')
    assert 'outside the valid range' in str(error)
else:
    sys.exit('it gave the frame')
PYTHON
"$work/venv/bin/python" "$work/read.py" "$work/map.dcm"
