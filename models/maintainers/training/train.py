"""From phantoms to the demonstration bundle, in one command. See README.md."""

import argparse
import hashlib
import json
import os
import platform
import subprocess
import time
from pathlib import Path

import numpy as np
import torch

from dataset import Exams, prepare
from export import write_bundle
from fit_trunk import fit_trunk
from heads import calibrate_patches, features_of, fit_heads, probabilities, slide_patches
from measure import summary
from networks import HEATMAP_FEATURES, MAP_FEATURES, PATCH_SHRINK, WINDOW_SHRINK, Classifier, PatchNetwork, Trunk
from plot import plot
from run_trunk import TrunkSession

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]
DATA = Path.home() / ".cache" / "mammoflow-training" / "data"
SEED = 20261125
# Training seeds are 1 to 9999; 100000 to 109999 are for evaluation and 900000 on for demonstration.
SETS = {
    "trunk": {"seed": 1, "exams": 240, "mix": "normal=1,benign=3,malignant=3,both=1"},
    "heads": {"seed": 2, "exams": 100, "mix": None},
    "validation": {"seed": 20000, "exams": 40, "mix": None},
}
STEPS = 1800
# By how much the pictures that a trunk sees are shrunk.
TRUNKS = {"patch": PATCH_SHRINK, "window": WINDOW_SHRINK}
VARIANTS = {"image": MAP_FEATURES, "imageheatmaps": MAP_FEATURES + HEATMAP_FEATURES}
CARD = {
    "name": "phantom",
    "description": "Small networks trained on synthetic phantom exams with drawn lesions, with the inputs and outputs of "
    "the NYU breast cancer classifier. They show a working system; what they know of mammograms is what the phantoms imitate.",
    "licence": "Apache-2.0",
    "intendedUse": "Demonstrating and testing mammoflow on phantom exams. Never for looking at a mammogram.",
    "notice": "Demonstration model trained on synthetic phantoms; it has never seen a patient. Its numbers mean nothing "
    "for a real mammogram.",
}


def draw(folder: Path, seed: int, exams: int, mix: str | None) -> None:
    """Draws phantom exams with mammoflow; exams that are there already are kept."""
    command = ["node", "bin/mammoflow.mjs", "phantom", str(folder), "--exams", str(exams), "--seed", str(seed)]
    subprocess.run(command + (["--mix", mix] if mix else []), cwd=REPOSITORY, check=True)


def trained_trunk(name: str, by: int, options: argparse.Namespace, sets: dict[str, Exams], lines: list[dict], log) -> Trunk:
    """Trains a trunk, or takes the one that a run with the same settings left in --data with its part of the log."""
    path = options.data / f"trunk-{name}.pt"
    code = [(HERE / name).read_bytes() for name in ("networks.py", "patches.py", "fit_trunk.py")]
    key = [hashlib.sha256(b"".join(code)).hexdigest(), SEED, options.steps, by, json.dumps(SETS)]
    if path.exists() and (kept := torch.load(path))["key"] == key:
        lines += kept["log"]
        trunk = Trunk()
        trunk.load_state_dict(kept["weights"])
        print(f"{name} trunk taken from {path}", flush=True)
        return trunk.eval()
    first = len(lines)
    trunk = fit_trunk(name, by, sets["trunk"], sets["validation"], options.steps, SEED, options.threads, log)
    torch.save({"key": key, "weights": trunk.state_dict(), "log": lines[first:]}, path)
    return trunk


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="where phantoms and caches are kept (about 15 GB)")
    parser.add_argument("--bundle", type=Path, default=REPOSITORY / "models" / "phantom" / "bundle", help="where the bundle is written")
    parser.add_argument("--log", type=Path, default=HERE, help="where log and figures are written")
    parser.add_argument("--steps", type=int, default=STEPS, help="of training a trunk, 64 patches each")
    parser.add_argument("--threads", type=int, default=1, help="on a machine that does nothing else, its cores")
    parser.add_argument("--no-draw", action="store_true", help="take the phantoms in --data as they are")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.use_deterministic_algorithms(True)

    lines: list[dict] = []
    began = time.time()

    def log(event: str, **fields) -> None:
        line = {"event": event, "seconds": round(time.time() - began), **fields}
        lines.append(line)
        print(json.dumps(line), flush=True)

    sets: dict[str, Exams] = {}
    for name, wanted in SETS.items():
        folder = options.data / "phantoms" / name
        if not options.no_draw:
            draw(folder, wanted["seed"], wanted["exams"], wanted["mix"])
        sets[name] = prepare(folder, options.data / "cache" / name)
        log("prepared", set=name, exams=len(sets[name].labels), **{k: v for k, v in wanted.items() if k != "exams"})

    trunks = {name: trained_trunk(name, by, options, sets, lines, log) for name, by in TRUNKS.items()}
    network = PatchNetwork(trunks["patch"]).eval()
    session = TrunkSession(trunks["patch"])
    slid = {name: slide_patches(session, sets[name], options.threads) for name in ("heads", "validation")}
    calibrate_patches(network, slid["heads"])
    log("patches calibrated", scale=network.scale.tolist(), bias=network.bias.tolist())
    session = TrunkSession(trunks["window"])
    features = {name: features_of(session, network, sets[name], slid[name], options.threads) for name in slid}
    heads = {variant: fit_heads(features["heads"], count, SEED) for variant, count in VARIANTS.items()}
    for name, found in features.items():
        shares = {v: probabilities(heads[v], found, count).detach().numpy() for v, count in VARIANTS.items()}
        log("measured", set=name, **summary(sets[name], found, shares))

    classifiers = {v: Classifier(trunks["window"], heads[v], with_heatmaps=v == "imageheatmaps").eval() for v in VARIANTS}
    agreement = write_bundle(options.bundle, network, classifiers, CARD)
    log("written", cpu_minutes=round(sum(os.times()[:4]) / 60, 1), machine=platform.processor() or platform.machine())
    (options.log / "agreement.json").write_text(json.dumps(agreement, indent=1) + "\n")
    (options.log / "training-log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    plot(lines, options.log / "losses.png")


if __name__ == "__main__":
    main()
