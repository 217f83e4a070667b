"""Holds this folder's crop, centers and heatmaps against what the service's stages wrote for the validation exams.

    python check.py <folder> [--data <folder of train.py>]

where <folder> holds crop/<exam>/, extract_centers/<exam>/ and generate_heatmaps/<exam>/ as `mammoflow get` downloads them,
and train.py has run.
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

from dataset import prepare
from geometry import PATCH, VIEWS, average_patches
from heads import patch_grids
from train import DATA, HERE

# A heatmap is an average of float32 probabilities.
TOLERANCE = 1e-4
BATCH = 32


class PatchSession:
    """The bundle's patch network: patches to the probabilities of malignant and benign."""

    def __init__(self, path: Path):
        self.session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])

    def shares(self, patches: np.ndarray) -> np.ndarray:
        logits = self.session.run(["logits"], {"x": patches})[0]
        powers = np.exp(logits - logits.max(1, keepdims=True))
        return (powers / powers.sum(1, keepdims=True))[:, :2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, default=DATA)
    options = parser.parse_args()
    folder, data = options.folder, options.data
    exams = prepare(data / "phantoms" / "validation", data / "cache" / "validation")
    session = PatchSession(HERE.parents[2] / "models" / "phantom" / "bundle" / "patch.onnx")
    compared, greatest = 0, 0.0
    for view, (rows, columns) in zip(exams.views, patch_grids(exams)):
        crop_path = folder / "crop" / view.exam / "crop.json"
        if not crop_path.exists():
            continue
        crop = json.loads(crop_path.read_text())["views"][view.name]
        centers = json.loads((folder / "extract_centers" / view.exam / "centers.json").read_text())["views"][view.name]
        written = cv2.imread(str(folder / "crop" / view.exam / f"{view.name}.png"), cv2.IMREAD_UNCHANGED)
        image = exams.image(view)
        assert tuple(crop["window_location"]) == view.window, (view.exam, view.name, crop, view.window)
        assert tuple(centers["best_center"]) == view.center, (view.exam, view.name, centers, view.center)
        assert np.array_equal(written[:, ::-1] if view.breast == "right" else written, image), (view.exam, view.name)
        pixels = (image.astype(np.float32) - np.float32(view.mean)) / np.float32(view.deviation)
        origins = [(row, column) for row in rows for column in columns]
        shares = np.concatenate(
            [
                session.shares(np.stack([pixels[y : y + PATCH, x : x + PATCH] for y, x in origins[i : i + BATCH]])[:, None])
                for i in range(0, len(origins), BATCH)
            ]
        ).reshape(len(rows), len(columns), 2)
        maps = np.load(folder / "generate_heatmaps" / view.exam / f"{view.name}.npz")
        for kind, name in enumerate(("malignant", "benign")):
            ours = average_patches(image.shape, rows, columns, shares[:, :, kind])
            theirs = maps[name][:, ::-1] if view.breast == "right" else maps[name]
            difference = float(np.abs(ours - theirs).max())
            assert difference <= TOLERANCE, (view.exam, view.name, name, difference)
            greatest = max(greatest, difference)
        compared += 1
    assert compared > 0 and compared % len(VIEWS) == 0, "no exam of the validation set lies in the folder"
    print(f"{compared} views: crops, centers and pixels are equal, heatmaps differ by at most {greatest:.1e}")


if __name__ == "__main__":
    main()
