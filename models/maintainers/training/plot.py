"""Draws the training log as a picture."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot


def plot(lines: list[dict], path: Path) -> None:
    """Losses of each trunk over its steps, on patches trained on and on held-out ones."""
    trunks = dict.fromkeys(line["trunk"] for line in lines if line["event"] == "trunk")
    figure, rows = pyplot.subplots(len(trunks), 2, figsize=(9, 3.2 * len(trunks)), squeeze=False)
    for trunk, axes in zip(trunks, rows):
        points = [line for line in lines if line["event"] == "trunk" and line["trunk"] == trunk]
        steps = [point["step"] for point in points]
        for axis, name, title in zip(axes, ("cell", "patch"), ("focal loss of cells", "cross entropy of patches")):
            axis.plot(steps, [point[name] for point in points], label="training exams")
            axis.plot(steps, [point[f"held_out_{name}"] for point in points], label="validation exams")
            axis.set(title=f"{trunk} trunk: {title}", xlabel="step (64 patches)", yscale="log")
            axis.legend(frameon=False)
    figure.tight_layout()
    # No date or version inside, so that the same log gives the same file.
    figure.savefig(path, dpi=80, metadata={"Software": None})
    pyplot.close(figure)
