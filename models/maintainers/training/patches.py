"""Training patches, cut anew in every epoch."""

from dataclasses import dataclass

import numpy as np
import torch

from dataset import Exams, View
from geometry import PATCH
from networks import BENIGN, CELL, FIRST_CELL, MALIGNANT, shrink

CELLS = PATCH // CELL
KINDS = {"malignant": MALIGNANT, "benign": BENIGN}
# Of a batch: around a malignant lesion, around a benign one; the rest lies anywhere in a breast.
SHARES = (0.3, 0.3)
# Of the rest, once there are some: where the network saw a lesion that is none.
HARD_SHARE = 0.5
# Lengths are pixels of the patch, which stand for `shrink` pixels of the view each.
# How far a lesion may lie from the patch's middle. Beyond PATCH / 2 its centre is outside and its rim still shows.
LARGEST_OFFSET = 150
# The inner 6 x 6 cells, see `pool_patch`, end here.
INNER = 96
UNDECIDED = 2

_CENTRES = CELL * np.arange(CELLS) + FIRST_CELL


@dataclass
class Batch:
    pixels: np.ndarray
    """float32 [n, 1, 256, 256], standardised."""
    cells: np.ndarray
    """uint8 [n, 2, 8, 8]: 1 where a lesion's centre is, 0 where none is near, 2 for undecided."""
    patches: np.ndarray
    """uint8 [n, 2]: the same for the inner patch as a whole."""


def targets(view: View, top: int, left: int, by: int) -> tuple[np.ndarray, np.ndarray]:
    """What a trunk should say of the patch at `top`, `left` of the view, shrunk `by`: cells [2, 8, 8] and patch [2]."""
    cells = np.zeros((2, CELLS, CELLS), np.uint8)
    patch = np.zeros(2, np.uint8)
    for lesion in view.lesions:
        kind = KINDS[lesion.kind]
        y, x, radius = (lesion.row - top) / by, (lesion.column - left) / by, lesion.radius / by
        if max(-y, -x, y - PATCH, x - PATCH) > radius:
            continue
        dy, dx = np.abs(_CENTRES - y)[:, None], np.abs(_CENTRES - x)[None, :]
        core = max(CELL / 2, 0.35 * radius)
        inside = (dy <= core) & (dx <= core)
        near = np.hypot(dy, dx) <= radius + 1.5 * CELL
        cells[kind][near & (cells[kind] == 0)] = UNDECIDED
        cells[kind][inside] = 1
        off_centre = max(abs(y - PATCH / 2), abs(x - PATCH / 2))
        if off_centre <= INNER:
            patch[kind] = 1
        elif patch[kind] == 0 and off_centre <= INNER + radius + CELL:
            patch[kind] = UNDECIDED
    return cells, patch


class PatchSampler:
    """Draws batches of patches, shrunk `by`, from exams; `random` decides everything."""

    def __init__(self, exams: Exams, by: int, random: np.random.Generator):
        self.exams = exams
        self.by = by
        self.size = PATCH * by
        self.random = random
        by_kind: dict[str, list[tuple[View, int]]] = {"malignant": [], "benign": []}
        for view in exams.views:
            for index, lesion in enumerate(view.lesions):
                by_kind[lesion.kind].append((view, index))
        self.lesions = [by_kind["malignant"], by_kind["benign"]]
        self.hard: list[tuple[View, float, float]] = []

    def draw(self, size: int) -> Batch:
        batch = Batch(
            np.empty((size, 1, PATCH, PATCH), np.float32),
            np.empty((size, 2, CELLS, CELLS), np.uint8),
            np.empty((size, 2), np.uint8),
        )
        for slot in range(size):
            view, top, left = self._place()
            cells, patch = targets(view, top, left, self.by)
            # A view narrower than a patch goes on with background, as a window does.
            pixels = np.zeros((self.size, self.size), np.float32)
            seen = self.exams.image(view)[top : top + self.size, left : left + self.size]
            pixels[: seen.shape[0], : seen.shape[1]] = seen
            pixels = (pixels - np.float32(view.mean)) / np.float32(view.deviation)
            pixels = shrink(torch.from_numpy(pixels)[None, None], self.by)[0, 0].numpy()
            turns = self.random.integers(0, 8)
            if turns & 1:
                pixels, cells = pixels[::-1], cells[:, ::-1]
            if turns & 2:
                pixels, cells = pixels[:, ::-1], cells[:, :, ::-1]
            if turns & 4:
                pixels, cells = pixels.T, cells.transpose(0, 2, 1)
            # A classifier's window is standardised with more background than the crop has, or less.
            scale, shift = np.exp(self.random.uniform(-0.35, 0.35)), self.random.uniform(-0.3, 0.3)
            batch.pixels[slot, 0] = pixels * np.float32(scale) + np.float32(shift)
            batch.cells[slot], batch.patches[slot] = cells, patch
        return batch

    def _place(self) -> tuple[View, int, int]:
        choice = self.random.random()
        if choice < sum(SHARES):
            view, index = self._one_of(self.lesions[0 if choice < SHARES[0] else 1])
            lesion = view.lesions[index]
            return self._around(view, lesion.row, lesion.column, LARGEST_OFFSET)
        if self.hard and self.random.random() < HARD_SHARE:
            view, row, column = self._one_of(self.hard)
            return self._around(view, row, column, 110)
        while True:
            view = self._one_of(self.exams.views)
            row, column = self.random.integers(0, view.rows), self.random.integers(0, view.columns)
            if self.exams.image(view)[row, column] > 0:
                return self._around(view, row, column, 128)

    def _one_of(self, items: list):
        return items[self.random.integers(0, len(items))]

    def _around(self, view: View, row: float, column: float, offset: int) -> tuple[View, int, int]:
        dy, dx = self.random.uniform(-offset, offset, 2) * self.by
        top = int(np.clip(round(row + dy - self.size / 2), 0, max(0, view.rows - self.size)))
        left = int(np.clip(round(column + dx - self.size / 2), 0, max(0, view.columns - self.size)))
        return view, top, left
