"""Everything after the trunk, on exams that the trunk was not trained on: calibration of the patch network, heatmaps,
features of the classifiers' windows, and their heads.
"""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from dataset import Exams, View
from geometry import PATCH, VIEWS, average_patches, patch_positions, standardise, take_window
from networks import (
    HEATMAP_FEATURES,
    MAP_FEATURES,
    PATCH_SHRINK,
    WINDOW_SHRINK,
    Head,
    PatchNetwork,
    heatmap_features,
    map_features,
    pool_patch,
    shrink,
)
from patches import UNDECIDED, targets
from run_trunk import TrunkSession

BATCH = 64
# Of the squared weights, on standardised features; there are a few hundred breasts and few features.
RIDGE = 1e-3


@dataclass
class SlidPatches:
    """All patches of a view's heatmap: where they begin, the pooled log-odds, and what is true of them."""

    rows: list[int]
    columns: list[int]
    odds: np.ndarray
    """float32 [row positions, column positions, 2]."""
    truth: np.ndarray
    """uint8 of the same shape: 1 lesion, 0 none, 2 undecided."""


def patch_grids(exams: Exams) -> list[tuple[list[int], list[int]]]:
    """Where the patches of every view's heatmap begin, by row and by column, in the order of `exams.views`."""
    grids = []
    for index, view in enumerate(exams.views):
        if index % len(VIEWS) == 0:
            # The stage starts its stream anew with every exam, and runs it over the views.
            stream = random.Random(0)
        rows = patch_positions(view.rows, stream)
        grids.append((rows, patch_positions(view.columns, stream)))
    return grids


def slide_patches(trunk: TrunkSession, exams: Exams, threads: int) -> list[SlidPatches]:
    """Runs the trunk over the patches of every view, in the order of `exams.views`."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda view, grid: _slide(trunk, exams, view, *grid), exams.views, patch_grids(exams)))


def _slide(trunk: TrunkSession, exams: Exams, view: View, rows: list[int], columns: list[int]) -> SlidPatches:
    raw = exams.image(view)
    pixels = (raw.astype(np.float32) - np.float32(view.mean)) / np.float32(view.deviation)
    origins = [(row, column) for row in rows for column in columns]
    filled = np.array([raw[y : y + PATCH, x : x + PATCH].any() for y, x in origins])
    # All patches of nothing but background are equal, so one stands for all.
    nothing = np.flatnonzero(~filled)
    to_run = np.concatenate([np.flatnonzero(filled), nothing[:1]])
    odds = np.empty((len(origins), 2), np.float32)
    for start in range(0, to_run.size, BATCH):
        part = to_run[start : start + BATCH]
        batch = np.stack([pixels[y : y + PATCH, x : x + PATCH] for y, x in (origins[index] for index in part)])
        odds[part] = pool_patch(torch.from_numpy(trunk(batch[:, None]))).numpy()
    if nothing.size:
        odds[nothing] = odds[nothing[0]]
    truth = np.stack([targets(view, y, x, PATCH_SHRINK)[1] for y, x in origins])
    shape = (len(rows), len(columns), 2)
    return SlidPatches(rows, columns, odds.reshape(shape), truth.reshape(shape))


def calibrate_patches(network: PatchNetwork, slid: list[SlidPatches]) -> None:
    """Sets the patch network's scale and bias so that its probabilities hold over the patches of heatmaps. Classes that no
    patch confuses would make the scale grow without end; targets a little short of certain prevent it (Platt 1999).
    """
    odds = torch.from_numpy(np.concatenate([patches.odds.reshape(-1, 2) for patches in slid]))
    truth = torch.from_numpy(np.concatenate([patches.truth.reshape(-1, 2) for patches in slid]))
    decided = (truth != UNDECIDED).all(1)
    odds, truth = odds[decided], truth[decided]
    label = torch.where(truth[:, 0] == 1, 0, torch.where(truth[:, 1] == 1, 1, 2))
    scale, bias = torch.ones(2, requires_grad=True), torch.zeros(2, requires_grad=True)
    counts = torch.bincount(label, minlength=3)
    certain = (counts + 1.0) / (counts + 2.0)
    wanted = torch.where(F.one_hot(label, 3) == 1, certain[label][:, None], (1 - certain[label][:, None]) / 2)
    none = torch.full_like(odds[:, :1], float(np.log(2.0)))
    optimiser = torch.optim.LBFGS([scale, bias], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        loss = F.cross_entropy(torch.cat([odds * scale + bias, none], 1), wanted)
        loss.backward()
        return loss

    optimiser.step(closure)
    network.scale.copy_(scale.detach())
    network.bias.copy_(bias.detach())


def heatmaps_of(network: PatchNetwork, view: View, patches: SlidPatches) -> np.ndarray:
    """float32 [2, rows, columns]: malignant and benign, as the stage makes them."""
    odds = patches.odds * network.scale.numpy() + network.bias.numpy()
    shares = torch.softmax(torch.from_numpy(np.concatenate([odds, np.zeros_like(odds)], 2)), 2).numpy()
    shape = (view.rows, view.columns)
    return np.stack([average_patches(shape, patches.rows, patches.columns, shares[:, :, kind]) for kind in (0, 1)])


@dataclass
class Features:
    """Per exam and breast (left, right) and kind of view: `float32 [exams, 2, features]`, and the labels."""

    values: dict[str, np.ndarray]
    labels: np.ndarray
    """float32 [exams, 2, 2]: by breast, benign and malignant."""
    peaks: list[dict]
    """Per view, the greatest value of each heatmap and where it is."""


def features_of(
    trunk: TrunkSession, network: PatchNetwork, exams: Exams, slid: list[SlidPatches], threads: int
) -> Features:
    """Of every exam; `trunk` is the classifiers'."""
    names = list(exams.labels)
    count = MAP_FEATURES + HEATMAP_FEATURES
    values = {position: np.zeros((len(names), 2, count), np.float32) for position in ("CC", "MLO")}
    labels = np.zeros((len(names), 2, 2), np.float32)
    for i, name in enumerate(names):
        for j, breast in enumerate(("left", "right")):
            labels[i, j] = [exams.labels[name][f"{breast}_{kind}"] for kind in ("benign", "malignant")]

    def of_view(view: View, patches: SlidPatches) -> tuple[np.ndarray, dict]:
        heatmaps = heatmaps_of(network, view, patches)
        window = standardise(take_window(exams.image(view), view.position, view.center))
        malignant, benign = (take_window(plane, view.position, view.center) for plane in heatmaps)
        small = shrink(torch.from_numpy(np.stack([window, benign, malignant]))[None], WINDOW_SHRINK)
        maps = map_features(torch.from_numpy(trunk(small[:, :1].numpy())))
        found = torch.cat([maps, heatmap_features(small[:, 1:])], 1)[0].numpy()
        peak: dict = {"exam": view.exam, "view": view.name}
        for kind, plane in zip(("malignant", "benign"), heatmaps):
            # Many pixels share the greatest value, since patches cover blocks of pixels alike: the first region's middle.
            _, regions = cv2.connectedComponents((plane == plane.max()).astype(np.uint8), connectivity=4)
            rows, columns = np.nonzero(regions == regions[regions > 0][0])
            peak[kind] = {"value": float(plane.max()), "row": float(rows.mean()), "column": float(columns.mean())}
        return found, peak

    with ThreadPoolExecutor(threads) as pool:
        results = list(pool.map(of_view, exams.views, slid))
    for view, (found, _) in zip(exams.views, results):
        values[view.position][names.index(view.exam), 0 if view.breast == "left" else 1] = found
    return Features(values, labels, [peak for _, peak in results])


def probabilities(heads: nn.ModuleDict, features: Features, count: int) -> torch.Tensor:
    """`[exams, 2, 2]`: the mean of both heads' probabilities by breast, benign and malignant."""
    shares = [
        torch.sigmoid(heads[position.lower()](torch.from_numpy(values[:, :, :count])))
        for position, values in features.values.items()
    ]
    return torch.stack(shares).mean(0)


def fit_heads(features: Features, count: int, seed: int) -> nn.ModuleDict:
    """Fits both heads together, so that the mean of their probabilities, which is what is reported, is calibrated."""
    torch.manual_seed(seed)
    heads = nn.ModuleDict({"cc": Head(count), "mlo": Head(count)})
    both = np.concatenate([values[:, :, :count].reshape(-1, count) for values in features.values.values()])
    mean, deviation = torch.from_numpy(both.mean(0)), torch.from_numpy(both.std(0) + 1e-3)
    scaled = Features(
        {p: ((v[:, :, :count] - mean.numpy()) / deviation.numpy()).astype(np.float32) for p, v in features.values.items()},
        features.labels,
        [],
    )
    for head in heads.values():
        nn.init.zeros_(head.linear.weight)
        nn.init.constant_(head.linear.bias, -1.0)
    labels = torch.from_numpy(features.labels)
    optimiser = torch.optim.LBFGS(heads.parameters(), max_iter=500, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        shares = probabilities(heads, scaled, count).clamp(1e-6, 1 - 1e-6)
        loss = F.binary_cross_entropy(shares, labels)
        loss = loss + RIDGE * sum((head.linear.weight**2).sum() for head in heads.values())
        loss.backward()
        return loss

    optimiser.step(closure)
    with torch.no_grad():
        for head in heads.values():
            weight = head.linear.weight / deviation
            head.linear.bias -= (weight * mean).sum(1)
            head.linear.weight.copy_(weight)
    return heads
