"""Networks to ONNX, and the bundle's model.json."""

import hashlib
import json
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

from geometry import PATCH, VIEWS, WINDOW
from networks import Classifier, PatchNetwork

OPSET = 17
LABELS = ["left_benign", "right_benign", "left_malignant", "right_malignant"]
# Between torch and onnxruntime, on log-odds.
TOLERANCE = 1e-3
DOCUMENTATION = "Demonstration model trained on synthetic phantoms; has never seen a patient."


def probe(rows: int, columns: int, channels: int = 1) -> np.ndarray:
    """A picture by formula, so that other runtimes can be given the same: a gradient and a bright spot."""
    row, column = np.arange(rows)[:, None], np.arange(columns)[None, :]
    spot = (row - rows // 2) ** 2 + (column - columns // 2) ** 2 < 400
    picture = (column / columns - 0.5 + 3.0 * spot).astype(np.float32)
    # Heatmaps are probabilities.
    shares = [np.where(spot, np.float32(0.75), np.float32(0.125))] * (channels - 1)
    return np.stack([picture, *shares])[None].astype(np.float32)


def _export(network: nn.Module, inputs: dict[str, np.ndarray], outputs: list[str], path: Path, open_batch: bool) -> dict:
    network.eval()
    tensors = tuple(torch.from_numpy(value) for value in inputs.values())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            tensors,
            str(path),
            input_names=list(inputs),
            output_names=outputs,
            opset_version=OPSET,
            dynamic_axes={name: {0: "n"} for name in [*inputs, *outputs]} if open_batch else None,
            dynamo=False,
        )
    model = onnx.load(path)
    model.doc_string = DOCUMENTATION
    for node in model.graph.node:
        node.ClearField("doc_string")
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    given = session.run(outputs, inputs)
    with torch.no_grad():
        expected = network(*tensors)
    expected = [expected] if isinstance(expected, torch.Tensor) else list(expected)
    for name, ours, theirs in zip(outputs, expected, given):
        difference = float(np.abs(ours.numpy() - theirs).max())
        if not difference <= TOLERANCE:
            raise RuntimeError(f"{path.name}: {name} differs by {difference} between torch and onnxruntime")
    return {name: value.numpy().ravel().round(6).tolist() for name, value in zip(outputs, expected)}


def _described(path: Path) -> dict:
    graph = onnx.load(path).graph

    def tensors(values) -> list[dict]:
        return [
            {
                "name": value.name,
                "shape": [d.dim_value if d.HasField("dim_value") else None for d in value.type.tensor_type.shape.dim],
            }
            for value in values
        ]

    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"path": path.name, "sha256": sha256, "inputs": tensors(graph.input), "outputs": tensors(graph.output)}


def write_bundle(folder: Path, patch: PatchNetwork, classifiers: dict[str, Classifier], card: dict) -> dict:
    """Writes the three networks and model.json. Returns what torch makes of `probe`, for other runtimes to be held against."""
    folder.mkdir(parents=True, exist_ok=True)
    agreement = {"patch": _export(patch, {"x": probe(PATCH, PATCH)}, ["logits"], folder / "patch.onnx", True)}
    files: dict = {
        "patch": {
            **_described(folder / "patch.onnx"),
            "preprocessing": {"standardise": "whole-image", "channels": 1},
            "classes": ["malignant", "benign", "nonmalignant", "nonbenign"],
        }
    }
    for variant, channels in (("image", ["image"]), ("imageheatmaps", ["image", "benign", "malignant"])):
        path = folder / f"{variant}.onnx"
        inputs = {name.lower(): probe(*WINDOW[name[2:]], len(channels)) for name in VIEWS}
        agreement[variant] = _export(classifiers[variant], inputs, ["cc", "mlo"], path, False)
        files[variant] = {
            **_described(path),
            "preprocessing": {"standardise": "window", "channels": channels},
            "labels": LABELS,
        }
    document = {"schemaVersion": 1, **card, "files": files}
    (folder / "model.json").write_text(json.dumps(document, indent=2) + "\n")
    return agreement
