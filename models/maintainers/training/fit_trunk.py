"""Trains the trunk on patches."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch.nn import functional as F

from dataset import Exams, View
from networks import BENIGN, CELL, FIRST_CELL, MALIGNANT, Trunk, pool_patch, shrink
from patches import KINDS, UNDECIDED, Batch, PatchSampler
from run_trunk import TrunkSession

BATCH = 64
PEAK_RATE = 3e-3
WEIGHT_DECAY = 1e-2
# Hard places are looked for after this share of the training.
MINED_AFTER = 0.4
MINED_PER_VIEW = 3


def cell_loss(maps: torch.Tensor, cells: torch.Tensor) -> torch.Tensor:
    """Focal loss over decided cells, per cell that holds a lesion (Lin et al. 2017; gamma 2)."""
    towards = torch.where(cells == 1, maps, -maps)
    loss = (torch.sigmoid(-towards) ** 2) * F.softplus(-towards)
    loss = loss[cells != UNDECIDED].sum()
    return loss / (cells == 1).sum().clamp(min=1)


def patch_loss(lesion: torch.Tensor, patches: torch.Tensor) -> torch.Tensor:
    """Cross entropy of the patch as a whole, where it is decided. A patch with both kinds counts as malignant."""
    none = torch.full_like(lesion[:, :1], float(np.log(2.0)))
    decided = (patches != UNDECIDED).all(1) | (patches[:, MALIGNANT] == 1)
    is_benign = (patches[:, BENIGN] == 1) & (patches[:, MALIGNANT] != 1)
    label = torch.where(patches[:, MALIGNANT] == 1, 0, torch.where(is_benign, 1, 2))
    return F.cross_entropy(torch.cat([lesion, none], 1)[decided], label[decided])


def loss_of(trunk: Trunk, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    maps = trunk(torch.from_numpy(batch.pixels).contiguous(memory_format=torch.channels_last)).contiguous()
    return cell_loss(maps, torch.from_numpy(batch.cells)), patch_loss(pool_patch(maps), torch.from_numpy(batch.patches))


def mine(trunk: TrunkSession, exams: Exams, by: int, threads: int) -> list:
    """Places of views, away from lesions of the kind, where the trunk sees one most in views shrunk `by`."""

    def of_view(view: View) -> list:
        pixels = exams.image(view).astype(np.float32)
        pixels = (pixels - np.float32(view.mean)) / np.float32(view.deviation)
        maps = trunk(shrink(torch.from_numpy(pixels)[None, None], by).numpy())[0]
        found = []
        for name, kind in KINDS.items():
            rows, columns = np.unravel_index(np.argsort(-maps[kind], axis=None)[:20], maps[kind].shape)
            own = [lesion for lesion in view.lesions if lesion.kind == name]
            places = [(by * (CELL * row + FIRST_CELL), by * (CELL * column + FIRST_CELL)) for row, column in zip(rows, columns)]
            apart = 80 * by
            places = [(y, x) for y, x in places if all(np.hypot(y - l.row, x - l.column) > l.radius + apart for l in own)]
            found += [(view, y, x) for y, x in places[:MINED_PER_VIEW]]
        return found

    with ThreadPoolExecutor(threads) as pool:
        return [place for found in pool.map(of_view, exams.views) for place in found]


def fit_trunk(name: str, by: int, exams: Exams, validation: Exams, steps: int, seed: int, threads: int, log) -> Trunk:
    """Trains a trunk for pictures shrunk `by`; `name` is for the log."""
    torch.manual_seed(seed)
    sampler = PatchSampler(exams, by, np.random.default_rng(seed))
    held_out = PatchSampler(validation, by, np.random.default_rng(seed + 1))
    checks = [held_out.draw(BATCH) for _ in range(8)]
    trunk = Trunk().to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(trunk.parameters(), lr=PEAK_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK_RATE, total_steps=steps, pct_start=0.15)
    began, recent = time.process_time(), []
    for step in range(1, steps + 1):
        trunk.train()
        cell, patch = loss_of(trunk, sampler.draw(BATCH))
        optimiser.zero_grad()
        (cell + patch).backward()
        torch.nn.utils.clip_grad_norm_(trunk.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        recent.append((cell.item(), patch.item()))
        if step == round(MINED_AFTER * steps):
            sampler.hard = mine(TrunkSession(trunk), exams, by, threads)
        if step % 50 == 0 or step == steps:
            trunk.eval()
            with torch.no_grad():
                losses = np.mean([[part.item() for part in loss_of(trunk, check)] for check in checks], axis=0)
            trained = np.mean(recent, axis=0)
            recent = []
            log(
                "trunk",
                trunk=name,
                step=step,
                cell=round(float(trained[0]), 4),
                patch=round(float(trained[1]), 4),
                held_out_cell=round(float(losses[0]), 4),
                held_out_patch=round(float(losses[1]), 4),
                cpu_seconds=round(time.process_time() - began, 1),
            )
    return trunk.to(memory_format=torch.contiguous_format).eval()
