"""Figures to train by. Those of the model card come from `npm run evaluate`, through the service itself."""

import numpy as np

from dataset import Exams
from heads import Features


def area_under_curve(labels: np.ndarray, scores: np.ndarray) -> float:
    """The share of pairs of a positive and a negative that are in order; ties count half."""
    positive, negative = scores[labels == 1], scores[labels == 0]
    if positive.size == 0 or negative.size == 0:
        return float("nan")
    order = positive[:, None] - negative[None, :]
    return float(((order > 0) + 0.5 * (order == 0)).mean())


def hits(exams: Exams, features: Features) -> tuple[int, int]:
    """Views with a malignant lesion in which the malignant heatmap's maximum lies inside one, and all such views."""
    hit = total = 0
    for view, peak in zip(exams.views, features.peaks):
        malignant = [lesion for lesion in view.lesions if lesion.kind == "malignant"]
        if not malignant:
            continue
        total += 1
        place = peak["malignant"]
        hit += any(np.hypot(place["row"] - l.row, place["column"] - l.column) <= l.radius for l in malignant)
    return hit, total


def summary(exams: Exams, features: Features, shares: dict[str, np.ndarray]) -> dict:
    hit, total = hits(exams, features)
    figures: dict = {"exams": len(exams.labels), "hits": hit, "views_with_malignant": total}
    for variant, values in shares.items():
        for index, kind in enumerate(("benign", "malignant")):
            labels, scores = features.labels[:, :, index].ravel(), values[:, :, index].ravel()
            figures[f"{variant}_{kind}_auc"] = round(area_under_curve(labels, scores), 4)
            figures[f"{variant}_{kind}_mean"] = [round(float(scores.mean()), 4), round(float(labels.mean()), 4)]
    return figures
