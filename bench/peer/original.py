"""The peer of bench/pipeline.ts: the work of the original program, done its way, in Python with torch.

Written from a specification of the stages, not from the original's code. It does everything that the original does:
iterated binary morphology, every patch (background too) with three equal channels, eager float32 networks, one
process a stage. Heatmaps are kept as .npy files, which is quicker than the compressed HDF5 of the original.

    python original.py all --exam DIR --checkpoints DIR --work DIR [--batch 100] [--golden DIR]

runs the five stages, each in a process of its own, and prints one JSON document with the seconds of each, process start
and imports included. `python original.py crop --exam …` runs one stage.
"""

import argparse
import json
import multiprocessing
import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

VIEWS = ["L_CC", "R_CC", "L_MLO", "R_MLO"]
LABELS = ["left_benign", "right_benign", "left_malignant", "right_malignant"]
WINDOW = {"CC": (2677, 1942), "MLO": (2974, 1748)}
STAGES = ["crop", "extract_centers", "generate_heatmaps", "classify_image", "classify_imageheatmaps"]
POOL = 10
ITERATIONS = 100
BUFFER = 50
PATCH = 256
STRIDE = 70
PASSES = 10
NOISE = 100
SEED = 0


def view_position(view):
    return view.split("_")[1]


def to_training_orientation(pixels, view):
    """Mirrors right views; the exam has `horizontal_flip` NO."""
    return pixels[:, ::-1] if view.startswith("R") else pixels


def read_png(path):
    import cv2

    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != "uint16" or pixels.ndim != 2:
        raise SystemExit(f"{path} is no 16-bit greyscale PNG")
    return pixels


# --- crop ---------------------------------------------------------------------------------------------------------


def crop_view(task):
    import cv2
    import numpy as np
    from scipy import ndimage

    view, source, target = task
    image = read_png(source)
    rows, columns = image.shape
    points_left = view.startswith("R")
    cross = ndimage.generate_binary_structure(2, 1)
    mask = ndimage.binary_erosion(image > 0, cross, iterations=ITERATIONS)
    components, count = ndimage.label(mask)
    if count == 0:
        raise SystemExit(f"{view}: nothing is left after erosion")
    largest = np.argmax(np.bincount(components.ravel())[1:]) + 1
    mask = ndimage.binary_dilation(components == largest, cross, iterations=ITERATIONS)
    filled_rows = np.flatnonzero(mask.any(axis=1))
    filled_columns = np.flatnonzero(mask.any(axis=0))
    top, bottom = int(filled_rows[0]), int(filled_rows[-1]) + 1
    left, right = int(filled_columns[0]), int(filled_columns[-1]) + 1
    bottommost_y = bottom - 1
    bottommost_x = np.flatnonzero(mask[bottommost_y])
    top -= min(top, BUFFER)
    bottom += min(rows - bottom, BUFFER)
    distance = columns - right if points_left else left
    if points_left:
        left -= min(left, BUFFER)
        bottommost_x = (right - bottommost_x)[::-1]
    else:
        right += min(columns - right, BUFFER)
        bottommost_x = bottommost_x - left
    cropped = mask[top:bottom, left:right]
    skip = int(cropped.shape[0] * (1 / 3))
    searched = cropped[skip:]
    used = np.flatnonzero(searched.any(axis=0))
    x = int(used[0] if points_left else used[-1])
    y = np.flatnonzero(searched[:, x]) + skip
    cv2.imwrite(str(target), image[top:bottom, left:right])
    return view, {
        "window_location": [top, bottom, left, right],
        "rightmost_points": [[int(y[0]), int(y[-1])], cropped.shape[1] - x if points_left else x],
        "bottommost_points": [bottommost_y - top, [int(bottommost_x[0]), int(bottommost_x[-1])]],
        "distance_from_starting_side": distance,
    }


def crop(exam, work, **_):
    folder = work / "cropped"
    folder.mkdir()
    tasks = [(view, exam / f"{view}.png", folder / f"{view}.png") for view in VIEWS]
    with multiprocessing.Pool(POOL) as pool:
        (work / "crop.json").write_text(json.dumps(dict(pool.map(crop_view, tasks))))


# --- centers ------------------------------------------------------------------------------------------------------


def center_of(task):
    import numpy as np

    view, path, found = task
    image = to_training_orientation(read_png(path), view)
    rows, columns = image.shape
    height, width = WINDOW[view_position(view)]
    half_height, half_width = height // 2, width // 2
    right = found["rightmost_points"][1]
    bottom = found["bottommost_points"][0]
    x = right - half_width - 1
    if view_position(view) == "MLO":
        filled = np.flatnonzero((image[:, -width:] > 0).any(axis=1))
        last = int(filled[-1]) if len(filled) else bottom
        return view, [min(last, bottom) - half_height - 1, x]
    candidates = list(range(half_height, rows - (height - half_height) + 1))
    if half_height >= rows - (height - half_height):
        candidates = [rows // 2]
    if len(candidates) == 1:
        return view, [candidates[0], x]
    left = max(0, x - half_width)
    end = min(columns, x + (width - half_width) + max(0, half_width - x))
    in_row = (image[:, left:end] > 0).sum(axis=1)
    before = np.concatenate([[0], np.cumsum(in_row)])

    def score(y):
        first = max(0, y - half_height)
        last = min(rows, y + (height - half_height) + max(0, half_height - y))
        return int(before[last] - before[first])

    return view, [max(candidates, key=lambda y: (score(y), -abs(y - rows // 2), -y)), x]


def extract_centers(work, **_):
    found = json.loads((work / "crop.json").read_text())
    tasks = [(view, work / "cropped" / f"{view}.png", found[view]) for view in VIEWS]
    with multiprocessing.Pool(POOL) as pool:
        (work / "centers.json").write_text(json.dumps(dict(pool.map(center_of, tasks))))


# --- heatmaps -----------------------------------------------------------------------------------------------------


def load_checkpoint(path):
    import torch

    return torch.load(path, map_location="cpu", weights_only=True)


def patch_network(checkpoint):
    """DenseNet-121 with four outputs, whose stem pads as TensorFlow's SAME does."""
    import torch
    from torch import nn
    from torch.nn import functional

    class DenseLayer(nn.Module):
        def __init__(self, inputs):
            super().__init__()
            self.norm1 = nn.BatchNorm2d(inputs)
            self.conv1 = nn.Conv2d(inputs, 128, 1, bias=False)
            self.norm2 = nn.BatchNorm2d(128)
            self.conv2 = nn.Conv2d(128, 32, 3, padding=1, bias=False)

        def forward(self, x):
            new = self.conv1(functional.relu(self.norm1(x), inplace=True))
            new = self.conv2(functional.relu(self.norm2(new), inplace=True))
            return torch.cat([x, new], 1)

    class Transition(nn.Module):
        def __init__(self, inputs):
            super().__init__()
            self.norm = nn.BatchNorm2d(inputs)
            self.conv = nn.Conv2d(inputs, inputs // 2, 1, bias=False)

        def forward(self, x):
            return functional.avg_pool2d(self.conv(functional.relu(self.norm(x), inplace=True)), 2)

    class DenseNet(nn.Module):
        def __init__(self):
            super().__init__()
            features = nn.Module()
            features.conv0 = nn.Conv2d(3, 64, 7, stride=2, bias=False)
            features.norm0 = nn.BatchNorm2d(64)
            channels = 64
            for number, layers in enumerate((6, 12, 24, 16), 1):
                block = nn.Sequential()
                for layer in range(1, layers + 1):
                    block.add_module(f"denselayer{layer}", DenseLayer(channels))
                    channels += 32
                features.add_module(f"denseblock{number}", block)
                if number < 4:
                    features.add_module(f"transition{number}", Transition(channels))
                    channels //= 2
            features.norm5 = nn.BatchNorm2d(channels)
            self.features = features
            self.classifier = nn.Linear(channels, 4)

        def forward(self, x):
            features = self.features
            x = features.conv0(functional.pad(x, (2, 3, 2, 3)))
            x = functional.relu(features.norm0(x), inplace=True)
            x = functional.max_pool2d(functional.pad(x, (0, 1, 0, 1)), 3, 2)
            for number in range(1, 5):
                x = getattr(features, f"denseblock{number}")(x)
                if number < 4:
                    x = getattr(features, f"transition{number}")(x)
            x = functional.relu(features.norm5(x), inplace=True)
            return self.classifier(functional.adaptive_avg_pool2d(x, 1).flatten(1))

    network = DenseNet()
    network.load_state_dict(load_checkpoint(checkpoint))
    return network.eval()


def positions(size):
    whole, rest = divmod(size - PATCH, STRIDE)
    strides = [STRIDE] * whole
    if rest:
        steps = whole + 1
        overlap = STRIDE - rest
        average = STRIDE - overlap // steps
        strides = [average] * steps
        for index in random.sample(range(steps), overlap % steps):
            strides[index] -= 1
    starts = [0]
    for stride in strides:
        starts.append(starts[-1] + stride)
    return starts


def generate_heatmaps(checkpoints, work, batch, **_):
    import numpy as np
    import torch

    torch.set_num_threads(2)
    network = patch_network(checkpoints / "sample_patch_model.p")
    random.seed(SEED)
    patches, places = [], []
    shapes = {}
    for view in VIEWS:
        image = to_training_orientation(read_png(work / "cropped" / f"{view}.png").astype(np.float32), view)
        image = image.astype(np.float64)
        image = (image - image.mean()) / max(image.std(), 1e-5)
        shapes[view] = image.shape
        row_starts, column_starts = positions(image.shape[0]), positions(image.shape[1])
        for left in column_starts:
            for top in row_starts:
                patches.append(image[top : top + PATCH, left : left + PATCH])
                places.append((view, top, left))
    probabilities = []
    with torch.no_grad():
        for first in range(0, len(patches), batch):
            stack = np.stack(patches[first : first + batch]).astype(np.float32)
            inputs = torch.from_numpy(np.stack([stack, stack, stack], axis=1))
            probabilities.append(torch.softmax(network(inputs), dim=1).numpy())
    probabilities = np.concatenate(probabilities)
    sums = {view: np.zeros((2, *shapes[view]), np.float32) for view in VIEWS}
    counts = {view: np.zeros(shapes[view], np.float32) for view in VIEWS}
    for (view, top, left), values in zip(places, probabilities):
        region = slice(top, top + PATCH), slice(left, left + PATCH)
        sums[view][0][region] += values[1]
        sums[view][1][region] += values[0]
        counts[view][region] += 1
    folder = work / "heatmaps"
    folder.mkdir()
    for view in VIEWS:
        for name, total in zip(("benign", "malignant"), sums[view]):
            np.save(folder / f"{view}_{name}.npy", to_training_orientation(total / counts[view], view))


# --- classify -----------------------------------------------------------------------------------------------------


def classifier(checkpoint, channels):
    """Two pre-activation ResNet-22, one for the CC views and one for the MLO views, each with a head of its own."""
    import torch
    from torch import nn
    from torch.nn import functional

    class Block(nn.Module):
        def __init__(self, inputs, outputs, stride, first):
            super().__init__()
            self.bn1 = nn.BatchNorm2d(inputs)
            self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(outputs)
            self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False)) if first else None

        def forward(self, x):
            active = functional.relu(self.bn1(x), inplace=True)
            rest = x if self.downsample is None else self.downsample(active)
            return self.conv2(functional.relu(self.bn2(self.conv1(active)), inplace=True)) + rest

    class ResNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.first_conv = nn.Conv2d(channels, 16, 7, 2, bias=False)
            self.layer_list = nn.ModuleList()
            inputs = 16
            for outputs, stride in zip((16, 32, 64, 128, 256), (1, 2, 2, 2, 2)):
                blocks = Block(inputs, outputs, stride, True), Block(outputs, outputs, 1, False)
                self.layer_list.append(nn.Sequential(*blocks))
                inputs = outputs
            self.final_bn = nn.BatchNorm2d(256)

        def forward(self, x):
            x = functional.max_pool2d(self.first_conv(x), 3, 2)
            for layer in self.layer_list:
                x = layer(x)
            return functional.adaptive_avg_pool2d(functional.relu(self.final_bn(x), inplace=True), 1).flatten(1)

    class Head(nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden = nn.Linear(512, 512)
            self.output = nn.Linear(512, 8)

        def forward(self, x):
            return functional.log_softmax(self.output(functional.relu(self.hidden(x))).view(-1, 4, 2), dim=-1)

    class Classifier(nn.Module):
        def __init__(self):
            super().__init__()
            self.cc, self.mlo = ResNet(), ResNet()
            self.head_cc, self.head_mlo = Head(), Head()

        def forward(self, views):
            cc = self.head_cc(torch.cat([self.cc(views["L_CC"]), self.cc(views["R_CC"])], 1))
            mlo = self.head_mlo(torch.cat([self.mlo(views["L_MLO"]), self.mlo(views["R_MLO"])], 1))
            return (cc.exp()[..., 1] + mlo.exp()[..., 1]) / 2

    names = {}
    for side in ("cc", "mlo"):
        names[f"four_view_resnet.{side}."] = f"{side}."
        names[f"fc1_{side}."] = f"head_{side}.hidden."
        names[f"output_layer_{side}.fc_layer."] = f"head_{side}.output."
    state = {}
    for key, value in load_checkpoint(checkpoint)["model"].items():
        for old, new in names.items():
            if key.startswith(old):
                state[new + key[len(old) :]] = value
    network = Classifier()
    network.load_state_dict(state)
    return network.eval()


def augmented_window(planes, view, center, stream):
    """One randomly placed window of a view, as large as the network wants; `planes` is rows, columns, channels."""
    import cv2
    import numpy as np

    height, width = WINDOW[view_position(view)]
    rows, columns = planes.shape[:2]
    move = list(stream.uniform(-1, 1, 2))
    top, left = center[0] - height // 2, center[1] - width // 2
    pad_front = pad_back = pad_right = 0
    if view_position(view) == "CC" and rows < height + 2 * (NOISE + NOISE):
        padding = height - rows + 2 * (NOISE + NOISE)
        pad_front = int(padding / 2)
        pad_back = padding - pad_front
        top = NOISE + NOISE
    if view_position(view) == "MLO" and rows < height + NOISE + NOISE:
        pad_back = height - rows + NOISE + NOISE
        top = 0
    if columns < width + NOISE + NOISE:
        pad_right = width - columns + NOISE + NOISE
        left = 0
    planes = np.pad(planes, ((pad_front, pad_back), (0, pad_right), (0, 0)))
    rows, columns = planes.shape[:2]
    window = []
    for axis, (start, length, size) in enumerate(((top, height, rows), (left, width, columns))):
        start = max(0, min(start, size - length))
        if start == 0:
            move[axis] = abs(move[axis])
        elif start + length == size:
            move[axis] = -abs(move[axis])
        limit = min(NOISE, size - start - length if move[axis] >= 0 else start)
        window.append(start + int(np.round(limit * move[axis])))
    top, left = window
    bottom, right = top + height, left + width
    edges = stream.uniform(-1, 1, 4)
    most = min(NOISE, top, rows - bottom, left, columns - right)
    most_across = np.round(most * (width / height))
    top, bottom = top + int(np.round(most * edges[0])), bottom + int(np.round(most * edges[1]))
    left, right = left + int(np.round(most_across * edges[2])), right + int(np.round(most_across * edges[3]))
    part = planes[top:bottom, left:right]
    if part.shape[:2] != (height, width):
        part = cv2.resize(part, (width, height), interpolation=cv2.INTER_CUBIC).reshape(height, width, -1)
    part = np.array(part)
    image = part[:, :, 0]
    part[:, :, 0] = (image - image.mean()) / max(image.std(), 1e-5)
    return part


def classify(checkpoints, work, with_heatmaps):
    import numpy as np
    import torch

    torch.set_num_threads(2)
    name = "sample_imageheatmaps_model.p" if with_heatmaps else "sample_image_model.p"
    network = classifier(checkpoints / name, 3 if with_heatmaps else 1)
    centers = json.loads((work / "centers.json").read_text())
    planes = {}
    for view in VIEWS:
        channels = [read_png(work / "cropped" / f"{view}.png").astype(np.float32)]
        if with_heatmaps:
            channels += [np.load(work / "heatmaps" / f"{view}_{name}.npy") for name in ("benign", "malignant")]
        planes[view] = np.stack([to_training_orientation(channel, view) for channel in channels], axis=2)
    stream = np.random.RandomState(SEED)
    results = []
    for _ in range(PASSES):
        windows = {view: augmented_window(planes[view], view, centers[view], stream) for view in VIEWS}
        with torch.no_grad():
            inputs = {view: torch.from_numpy(window.transpose(2, 0, 1)[None].copy()) for view, window in windows.items()}
            results.append(network(inputs).numpy()[0])
    mean = np.mean(results, axis=0)
    target = "imageheatmaps" if with_heatmaps else "image"
    (work / f"{target}.json").write_text(json.dumps(dict(zip(LABELS, mean.tolist()))))


# --- running ------------------------------------------------------------------------------------------------------


def run_all(arguments):
    arguments.work.mkdir(parents=True)
    seconds = {}
    peak = {}
    for stage in STAGES:
        command = [sys.executable, __file__, stage, "--exam", arguments.exam, "--checkpoints", arguments.checkpoints]
        command += ["--work", arguments.work, "--batch", str(arguments.batch)]
        started = time.perf_counter()
        process = subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE)
        seconds[stage] = time.perf_counter() - started
        peak[stage] = json.loads(process.stdout)["peakBytes"]
    result = {
        "seconds": seconds,
        "peakBytes": peak,
        "batch": arguments.batch,
        "image": json.loads((arguments.work / "image.json").read_text()),
        "imageheatmaps": json.loads((arguments.work / "imageheatmaps.json").read_text()),
    }
    if arguments.golden:
        result["golden"] = compare(arguments.golden, result, arguments.work)
    print(json.dumps(result))


def compare(golden, result, work):
    """The largest difference to recorded results; without agreement this would be no peer."""
    import numpy as np

    recorded = json.loads((golden / "predictions.json").read_text())
    predictions = max(
        abs(result[variant][label] - expected)
        for variant in ("image", "imageheatmaps")
        for label, expected in zip(LABELS, recorded[f"{variant}_aug10"]["prediction"])
    )
    heatmaps = max(
        float(np.abs(np.load(work / "heatmaps" / f"{view}_{name}.npy") - recorded_view[name]).max())
        for view in VIEWS
        for recorded_view in [np.load(golden / f"heatmaps_{view}.npz")]
        for name in ("benign", "malignant")
    )
    if predictions > 1e-4 or heatmaps > 1e-4:
        raise SystemExit(f"the peer differs from the recorded results: {predictions} and {heatmaps} in heatmaps")
    return {"largestPredictionDifference": predictions, "largestHeatmapDifference": heatmaps}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("stage", choices=["all", *STAGES])
    parser.add_argument("--exam", type=Path, required=True)
    parser.add_argument("--checkpoints", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--golden", type=Path)
    arguments = parser.parse_args()
    if arguments.stage == "all":
        run_all(arguments)
        return
    settings = {"exam": arguments.exam, "checkpoints": arguments.checkpoints, "work": arguments.work}
    if arguments.stage.startswith("classify"):
        classify(arguments.checkpoints, arguments.work, arguments.stage == "classify_imageheatmaps")
    else:
        run = {"crop": crop, "extract_centers": extract_centers, "generate_heatmaps": generate_heatmaps}
        run[arguments.stage](**settings, batch=arguments.batch)
    # In kilobytes on Linux; the larger of this process and the largest of its pool.
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps({"peakBytes": peak * 1024}))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "2")
    main()
