"""Images as batches: kept as bytes, made into normalised numbers a whole batch at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch.utils.data import Dataset, default_collate

#: Images of a data set that are decoded while it is used are kept up to this many bytes.
KEEP = 2**30

Batch = tuple[torch.Tensor, torch.Tensor]
"""Images (count, channels, height, width), float32, and labels (count), int64."""


@dataclass(frozen=True)
class Transform:
    """How bytes become what a model sees."""

    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    """Of each channel, pixels being 0…1."""
    augmentation: str = "none"
    """`none`, `flip`, or `crop` (a flip and a shift by up to an eighth of the image)."""

    def plain(self) -> Transform:
        """The same without augmentation: for validation."""
        return Transform(self.mean, self.deviation)

    def shown(self, pixels: torch.Tensor) -> torch.Tensor:
        """Bytes (count, channels, height, width) as normalised numbers, each image changed at random."""
        if self.augmentation != "none":
            pixels = _flipped(pixels)
        if self.augmentation == "crop":
            pixels = _shifted(pixels)
        mean, deviation = (torch.tensor(values).view(1, -1, 1, 1) for values in (self.mean, self.deviation))
        return pixels.float().div_(255).sub_(mean).div_(deviation)


def measured(pixels: torch.Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation of each channel of bytes (count, channels, height, width), pixels being 0…1."""
    values = torch.arange(256, dtype=torch.float64) / 255
    means, deviations = [], []
    for channel in pixels.unbind(1):
        counts = torch.bincount(channel.reshape(-1), minlength=256).double()  # exact, and needs no floats of the size
        mean = float((counts * values).sum() / counts.sum())
        variance = float((counts * (values - mean) ** 2).sum() / counts.sum())
        means.append(mean)
        deviations.append(max(variance**0.5, 1e-3))  # images of one colour only are not divided by 0
    return tuple(means), tuple(deviations)


class Images(Dataset[Batch]):
    """Images in memory as bytes. A loader that takes `whole` as its collate function gets whole batches at once."""

    def __init__(self, pixels: torch.Tensor, labels: torch.Tensor, look: Transform) -> None:
        """`pixels` uint8 (count, channels, height, width), `labels` int64 (count)."""
        self._pixels = pixels
        self._labels = labels
        self._look = look

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> Batch:
        images, labels = self.__getitems__([index])
        return images[0], labels[0]

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        """The batch of these images."""
        chosen = torch.as_tensor(indices)
        return self._look.shown(self._pixels[chosen]), self._labels[chosen]


class Decoded(Protocol):
    """Images that are decoded when they are asked for: bytes (channels, height, width) and a label."""

    def __getitem__(self, index: int, /) -> tuple[torch.Tensor, int]: ...


class LazyImages(Dataset[Batch]):
    """Images decoded when they are first asked for, and kept as bytes while they fit into `KEEP`.

    Processes that load batches keep none: each would fill a memory of its own.
    """

    def __init__(self, source: Decoded, order: Sequence[int], look: Transform) -> None:
        """`order` holds the indices in `source` of the images, in their order."""
        self._source = source
        self._order = list(order)
        self._look = look
        self._kept: dict[int, tuple[torch.Tensor, int]] = {}
        self._room = KEEP

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, index: int) -> Batch:
        images, labels = self.__getitems__([index])
        return images[0], labels[0]

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        """The batch of these images."""
        images, labels = zip(*(self._read(self._order[index]) for index in indices), strict=True)
        return self._look.shown(torch.stack(images)), torch.tensor(labels)

    def _read(self, place: int) -> tuple[torch.Tensor, int]:
        kept = self._kept.get(place)
        if kept is None:
            kept = self._source[place]
            if self._room >= kept[0].nbytes:
                self._kept[place] = kept
                self._room -= kept[0].nbytes
        return kept

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_kept": {}, "_room": 0}


def whole(batch: Any) -> Any:
    """Collate function for `Images`: they come as batches already; single examples are put together."""
    return batch if isinstance(batch, tuple) else default_collate(batch)


def _flipped(pixels: torch.Tensor) -> torch.Tensor:
    """Half of the images mirrored, left for right."""
    turned = torch.rand(len(pixels)) < 0.5
    return torch.where(turned.view(-1, 1, 1, 1), pixels.flip(-1), pixels)


def _shifted(pixels: torch.Tensor) -> torch.Tensor:
    """Each image moved by up to an eighth of its sides; what comes in is its mirrored border."""
    height, width = pixels.shape[-2:]
    down, right = max(height // 8, 1), max(width // 8, 1)
    # As float: padding by reflection is not made for bytes.
    wide = torch.nn.functional.pad(pixels.float(), (right, right, down, down), mode="reflect").to(torch.uint8)
    tops = torch.randint(0, 2 * down + 1, (len(pixels),)).tolist()
    lefts = torch.randint(0, 2 * right + 1, (len(pixels),)).tolist()
    moved = [image[:, t : t + height, s : s + width] for image, t, s in zip(wide, tops, lefts, strict=True)]
    return torch.stack(moved)
