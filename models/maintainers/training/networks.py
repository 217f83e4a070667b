"""The networks: trunks that map lesions, the patch network on one, and the four-view classifiers on another.

`Trunk` gives two maps, malignant and benign, with a cell every 32 pixels: a log-odds that the centre of such a lesion
lies about there. The patch network pools the maps over a patch. The classifiers look at whole windows, twenty times an
exam, and so use a trunk of their own that was trained on pictures of half the size.
"""

import torch
from torch import nn
from torch.nn import functional as F

# Multiples of 16: onnxruntime computes channels in blocks of that many.
WIDTHS = (16, 32, 64, 96)
CELL = 32
# A cell's column or row k looks at pixel CELL * k + FIRST_CELL: the paddings below put it close to the cell's middle.
FIRST_CELL = 13.5
# How many pixels, along each axis, are averaged to one before a trunk sees them.
PATCH_SHRINK, WINDOW_SHRINK = 1, 2
MALIGNANT, BENIGN = 0, 1


class ConvUnit(nn.Module):
    """Convolution, batch norm (folded away at export), ReLU; with a shortcut around it where shapes allow."""

    def __init__(self, inputs: int, outputs: int, size: int, stride: int, padding: tuple[int, int, int, int]):
        super().__init__()
        self.padding = padding
        self.conv = nn.Conv2d(inputs, outputs, size, stride, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.shortcut = stride == 1 and inputs == outputs
        nn.init.kaiming_normal_(self.conv.weight, nonlinearity="relu")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.norm(self.conv(F.pad(x, self.padding)))
        return F.relu(x + y if self.shortcut else y)


class Trunk(nn.Module):
    """`[n, 1, rows, columns]` standardised pixels to `[n, 2, rows / 32, columns / 32]` log-odds.

    The first convolution sees every pixel: specks of calcification are two to eight pixels wide.
    """

    def __init__(self):
        super().__init__()
        a, b, c, d = WIDTHS
        low, high, both = (1, 0, 1, 0), (0, 1, 0, 1), (1, 1, 1, 1)
        self.body = nn.Sequential(
            ConvUnit(1, a, 8, 4, (2, 2, 2, 2)),
            ConvUnit(a, b, 3, 2, high),
            ConvUnit(b, c, 3, 2, high),
            ConvUnit(c, c, 3, 1, both),
            ConvUnit(c, d, 3, 2, low),
            ConvUnit(d, d, 3, 1, both),
        )
        self.maps = nn.Conv2d(d, 2, 1)
        nn.init.zeros_(self.maps.weight)
        nn.init.constant_(self.maps.bias, -3.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.maps(self.body(x))


def shrink(x: torch.Tensor, by: int) -> torch.Tensor:
    """Averages `by` x `by` pixels to one; rows and columns that are left over are dropped."""
    return x if by == 1 else F.avg_pool2d(x, by)


def pool_patch(maps: torch.Tensor) -> torch.Tensor:
    """The maps of a 256 x 256 patch to one log-odds a class: over the inner 6 x 6 cells, whose lesions lie within about
    96 pixels of the patch's middle. A lesion at the rim is left to the neighbouring patches, so that the patches that
    fire overlap at the lesion.
    """
    return torch.logsumexp(maps[:, :, 1:-1, 1:-1].flatten(2), 2)


class PatchNetwork(nn.Module):
    """`x [n, 1, 256, 256]` to `logits [n, 4]`: malignant, benign, and twice the same for no lesion, as the interface
    has two such classes. `scale` and `bias` are calibrated after training on the patches that a heatmap is made of.
    """

    def __init__(self, trunk: Trunk):
        super().__init__()
        self.trunk = trunk
        self.register_buffer("scale", torch.ones(2))
        self.register_buffer("bias", torch.zeros(2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        lesion = pool_patch(self.trunk(x)) * self.scale + self.bias
        return torch.cat([lesion, torch.zeros_like(lesion)], 1)


MAP_FEATURES = 4
HEATMAP_FEATURES = 4
# In pixels of the window.
HEATMAP_CELL = 64


def map_features(maps: torch.Tensor) -> torch.Tensor:
    """`[n, 2, rows, columns]` to `[n, 4]`: each class's greatest log-odds, and the mean of its five greatest."""
    greatest = torch.topk(maps.flatten(2), 5, dim=2).values
    return torch.cat([greatest[:, :, 0], greatest.mean(2)], 1)


def heatmap_features(heatmaps: torch.Tensor) -> torch.Tensor:
    """`[n, 2, rows, columns]`, benign and malignant in a window shrunk by `WINDOW_SHRINK`, to `[n, 4]`, malignant and
    benign: the greatest of the heatmap's means over 64 x 64 pixels of the window and the mean of the five greatest, as
    log-odds.
    """
    coarse = F.avg_pool2d(heatmaps, HEATMAP_CELL // WINDOW_SHRINK).flip(1)
    greatest = torch.topk(coarse.flatten(2), 5, dim=2).values
    shares = torch.cat([greatest[:, :, 0], greatest.mean(2)], 1).clamp(1e-4, 1 - 1e-4)
    return torch.log(shares) - torch.log1p(-shares)


class Head(nn.Module):
    """Features of one view to log-odds `[n, 2]`, benign and malignant."""

    def __init__(self, features: int):
        super().__init__()
        self.linear = nn.Linear(features, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(x)


class Classifier(nn.Module):
    """`trunk` is one for pictures shrunk by `WINDOW_SHRINK`. Four views to the log-probabilities `cc` and `mlo`, `[1, 4, 2]` each: left benign, right benign, left malignant,
    right malignant, by negative and positive. Both breasts share all weights; a head looks at its own kind of view.
    """

    def __init__(self, trunk: Trunk, heads: nn.ModuleDict, with_heatmaps: bool):
        super().__init__()
        self.trunk = trunk
        self.heads = heads
        self.with_heatmaps = with_heatmaps

    def features(self, x: torch.Tensor) -> torch.Tensor:
        # All channels at once and before anything is taken out of them: copies of whole windows cost more than the trunk.
        small = shrink(x, WINDOW_SHRINK)
        if not self.with_heatmaps:
            return map_features(self.trunk(small))
        # The interface's channels are image, benign, malignant.
        return torch.cat([map_features(self.trunk(small[:, :1])), heatmap_features(small[:, 1:])], 1)

    def head(self, name: str, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        head = self.heads[name]
        odds = torch.stack([head(self.features(left)), head(self.features(right))], 2).reshape(1, 4, 1)
        return F.log_softmax(torch.cat([torch.zeros_like(odds), odds], 2), 2)

    def forward(
        self, l_cc: torch.Tensor, r_cc: torch.Tensor, l_mlo: torch.Tensor, r_mlo: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        return self.head("cc", l_cc, r_cc), self.head("mlo", l_mlo, r_mlo)
