"""Phantom exams on disk -> cropped views in training orientation, in one memory-mapped file."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from geometry import VIEWS, best_center, locate_breast

# Raised when what is prepared changes, so that a cache of before is not taken for one of now.
CACHE_VERSION = 1


@dataclass(frozen=True)
class Lesion:
    """A lesion in a cropped view in training orientation, in pixels."""

    kind: str
    form: str
    row: float
    column: float
    radius: float


@dataclass(frozen=True)
class View:
    exam: str
    name: str
    rows: int
    columns: int
    offset: int
    mean: float
    deviation: float
    center: tuple[int, int]
    window: tuple[int, int, int, int]
    lesions: tuple[Lesion, ...]

    @property
    def position(self) -> str:
        return self.name[2:]

    @property
    def breast(self) -> str:
        return "left" if self.name[0] == "L" else "right"


@dataclass(frozen=True)
class Exams:
    """Views of all exams, the four of an exam one after the other, and each exam's labels."""

    pixels: np.ndarray
    views: list[View]
    labels: dict[str, dict[str, bool]]

    def image(self, view: View) -> np.ndarray:
        """`uint16 [rows, columns]`, a view into the file."""
        return self.pixels[view.offset : view.offset + view.rows * view.columns].reshape(view.rows, view.columns)


def _prepare_view(folder: Path, exam: dict, name: str) -> tuple[np.ndarray, dict]:
    image = cv2.imread(str(folder / exam["exam"] / f"{name}.png"), cv2.IMREAD_UNCHANGED)
    size = exam["views"][name]
    if image is None or image.dtype != np.uint16 or image.shape != (size["rows"], size["columns"]):
        raise ValueError(f"{name}.png of {exam['exam']} is not the picture that truth.json describes")
    is_right = name[0] == "R"
    crop = locate_breast(image, points_left=is_right)
    cropped = image[crop.top : crop.bottom, crop.left : crop.right]
    if is_right:
        cropped = cropped[:, ::-1]
    cropped = np.ascontiguousarray(cropped)
    lesions = []
    for lesion in exam["lesions"]:
        place = lesion["views"].get(name)
        if place is None:
            continue
        column = crop.right - 1 - place["column"] if is_right else place["column"] - crop.left
        row = place["row"] - crop.top
        lesions.append([lesion["kind"], lesion["form"], row, column, place["radius"]])
    return cropped, {
        "exam": exam["exam"],
        "name": name,
        "rows": cropped.shape[0],
        "columns": cropped.shape[1],
        "mean": float(cropped.mean(dtype=np.float64)),
        "deviation": float(max(cropped.std(dtype=np.float64), 1e-5)),
        "center": best_center(cropped, name[2:], crop.rightmost, crop.bottommost),
        "window": [crop.top, crop.bottom, crop.left, crop.right],
        "lesions": lesions,
    }


def prepare(folder: Path, cache: Path) -> Exams:
    """Crops all exams that `<folder>/truth.json` lists, unless `cache` holds them already."""
    truth = json.loads((folder / "truth.json").read_text())
    index_path, pixels_path = cache / "views.json", cache / "views.u16"
    key = {"cacheVersion": CACHE_VERSION, "seed": truth["seed"], "exams": [exam["exam"] for exam in truth["exams"]]}
    if not index_path.exists() or json.loads(index_path.read_text())["key"] != key:
        cache.mkdir(parents=True, exist_ok=True)
        entries, offset = [], 0
        jobs = [(exam, name) for exam in truth["exams"] for name in VIEWS]
        with open(pixels_path, "wb") as file, ThreadPoolExecutor(2) as pool:
            for start in range(0, len(jobs), 16):
                for pixels, entry in pool.map(lambda job: _prepare_view(folder, *job), jobs[start : start + 16]):
                    file.write(pixels.tobytes())
                    entries.append({**entry, "offset": offset})
                    offset += pixels.size
        labels = {exam["exam"]: exam["labels"] for exam in truth["exams"]}
        index_path.write_text(json.dumps({"key": key, "views": entries, "labels": labels}))
    index = json.loads(index_path.read_text())
    views = [
        View(
            **{
                **entry,
                "center": tuple(entry["center"]),
                "window": tuple(entry["window"]),
                "lesions": tuple(Lesion(*lesion) for lesion in entry["lesions"]),
            }
        )
        for entry in index["views"]
    ]
    return Exams(np.memmap(pixels_path, np.uint16, mode="r"), views, index["labels"])
