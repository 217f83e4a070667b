"""Where things lie: the crop of a view, the classifier's window, and the grid of patches.

The same rules as the stages `crop`, `extract_centers`, `generate_heatmaps` and `classify`, written once more because
training runs outside the service. `check.py` holds them against what the stages themselves wrote.
"""

import random
from dataclasses import dataclass

import cv2
import numpy as np

ITERATIONS = 100
BUFFER = 50
WINDOW = {"CC": (2677, 1942), "MLO": (2974, 1748)}
CROP_NOISE = 100
SIZE_NOISE = 100
PATCH = 256
STRIDE = 70
VIEWS = ("L_CC", "R_CC", "L_MLO", "R_MLO")


@dataclass(frozen=True)
class Crop:
    """The crop in the picture on disk (half-open), and points of the breast in the crop in training orientation."""

    top: int
    bottom: int
    left: int
    right: int
    rightmost: int
    bottommost: int


def locate_breast(image: np.ndarray, points_left: bool) -> Crop:
    """Finds the breast in a view as it lies on disk, `uint16 [rows, columns]`.

    Raises ValueError when nothing is large enough.
    """
    rows, columns = image.shape
    mask = (image > 0).astype(np.uint8)
    # City-block distance; everything outside the picture counts as background.
    framed = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    depth = cv2.distanceTransform(framed, cv2.DIST_L1, 3, dstType=cv2.CV_8U)[1:-1, 1:-1]
    core = (depth > ITERATIONS).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(core, connectivity=4)
    if count < 2:
        raise ValueError("no breast in the picture")
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    outside = (labels != largest).astype(np.uint8)
    breast = cv2.distanceTransform(outside, cv2.DIST_L1, 3, dstType=cv2.CV_8U) <= ITERATIONS

    in_row = np.flatnonzero(breast.any(axis=1))
    in_column = np.flatnonzero(breast.any(axis=0))
    lowest = int(in_row[-1])
    left, right = int(in_column[0]), int(in_column[-1]) + 1
    top, bottom = max(0, int(in_row[0]) - BUFFER), min(rows, lowest + 1 + BUFFER)
    if points_left:
        left = max(0, left - BUFFER)
    else:
        right = min(columns, right + BUFFER)
    cropped = breast[top:bottom, left:right]
    searched = np.flatnonzero(cropped[int(cropped.shape[0] / 3) :].any(axis=0))
    rightmost = cropped.shape[1] - int(searched[0]) if points_left else int(searched[-1])
    return Crop(top, bottom, left, right, rightmost, lowest - top)


def best_center(image: np.ndarray, position: str, rightmost: int, bottommost: int) -> tuple[int, int]:
    """The center of the classifier's window in a cropped view in training orientation."""
    rows, columns = image.shape
    height, width = WINDOW[position]
    x = rightmost - width // 2 - 1
    filled = image > 0
    if position == "MLO":
        used = np.flatnonzero(filled[:, max(0, columns - width) :].any(axis=1))
        lowest = min(int(used[-1]), bottommost) if used.size else bottommost
        return lowest - height // 2 - 1, x
    above, below = height // 2, height - height // 2
    if above >= rows - below:
        return rows // 2, x
    left = max(0, x - width // 2)
    right = min(columns, x + width - width // 2 + max(0, width // 2 - x))
    sums = np.concatenate([[0], np.cumsum(filled[:, left:right].sum(axis=1))])
    candidates = range(above, rows - below + 1)
    best = min(candidates, key=lambda y: (-(sums[min(rows, y + below)] - sums[y - above]), abs(y - rows // 2), y))
    return best, x


def take_window(plane: np.ndarray, position: str, center: tuple[int, int]) -> np.ndarray:
    """The window of the classifier without augmentation, float32: padded with zeros, around `center`."""
    rows, columns = plane.shape
    height, width = WINDOW[position]
    noise = CROP_NOISE + SIZE_NOISE
    top, left = center[0] - height // 2, center[1] - width // 2
    pad_top = pad_bottom = pad_right = 0
    if position == "CC" and rows < height + 2 * noise:
        pad = height - rows + 2 * noise
        pad_top, pad_bottom, top = pad // 2, pad - pad // 2, noise
    elif position == "MLO" and rows < height + noise:
        pad_bottom, top = height - rows + noise, 0
    if columns < width + noise:
        pad_right, left = width - columns + noise, 0
    top = max(0, min(top, rows + pad_top + pad_bottom - height))
    left = max(0, min(left, columns + pad_right - width))
    window = np.zeros((height, width), np.float32)
    first, last = max(0, top - pad_top), min(rows, top - pad_top + height)
    end = min(columns, left + width)
    offset = first - (top - pad_top)
    window[offset : offset + last - first, : end - left] = plane[first:last, left:end]
    return window


def standardise(values: np.ndarray) -> np.ndarray:
    """Subtracts the mean and divides by the standard deviation, background included; float32."""
    mean = values.mean(dtype=np.float64)
    deviation = max(values.std(dtype=np.float64), 1e-5)
    return ((values - np.float32(mean)) / np.float32(deviation)).astype(np.float32)


def patch_positions(size: int, stream: random.Random) -> list[int]:
    """Where patches begin along an axis; strides that cannot be equal are drawn from `stream`."""
    span = size - PATCH
    whole, rest = divmod(span, STRIDE)
    if rest == 0:
        return [index * STRIDE for index in range(whole + 1)]
    steps = whole + 1
    overlap = STRIDE - rest
    shorter = set(stream.sample(range(steps), overlap % steps))
    positions = [0]
    for step in range(steps):
        positions.append(positions[-1] + STRIDE - overlap // steps - (step in shorter))
    return positions


def average_patches(shape: tuple[int, int], rows: list[int], columns: list[int], values: np.ndarray) -> np.ndarray:
    """Per pixel, the mean of the values of the patches that cover it; `values[row position, column position]`."""
    total = np.zeros((shape[0] + 1, shape[1] + 1))
    count = np.zeros_like(total)
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            for y, x, sign in ((0, 0, 1), (PATCH, 0, -1), (0, PATCH, -1), (PATCH, PATCH, 1)):
                total[row + y, column + x] += sign * values[i, j]
                count[row + y, column + x] += sign
    total, count = (np.cumsum(np.cumsum(plane, 0), 1)[:-1, :-1] for plane in (total, count))
    return (total / count).astype(np.float32)
