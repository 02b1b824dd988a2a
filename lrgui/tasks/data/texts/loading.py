"""A text file as a task: the next character from those before it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.utils.data import Dataset

from lrgui.core.formats import format_bytes, format_percent
from lrgui.core.options import filled
from lrgui.tasks.data.examples import as_batch
from lrgui.tasks.data.targets import accuracy
from lrgui.tasks.data.texts.encoding import file_encoding
from lrgui.tasks.data.texts.rows import TEXT
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.task import Data

#: Of a longer file only the beginning is read.
MOST_BYTES = 100_000_000
#: A character that is rarer than this in the training part is unknown; so are those beyond so many.
RARE, MOST_CHARACTERS = 2, 1000
#: One unknown character in so many is nothing that a person should know.
WORTH_TELLING = 1000


def load(spec: TaskSpec) -> Data:
    """The text at `spec.path`, cut into sequences; the targets are the inputs one character on.

    The vocabulary is that of the training part; a character that stands there once only, or not at all, is the
    unknown one. The last part is for validation; `spec.subset` is the number of training sequences, spread evenly.

    Raises ValueError, with a sentence, for what is no text or too short, and OSError.
    """
    settings = filled(TEXT.options, spec.options)
    length = int(settings["length"] or 64)
    stride = int(settings["stride"] or length)
    path = Path(os.path.expanduser(spec.path))
    characters, notes = _characters(path, str(settings["level"]))
    share = float(settings["validation"] or 0)
    cut = len(characters) - round(len(characters) * share)
    needed = length + 1
    if cut < needed or (share > 0 and len(characters) - cut < needed):
        raise ValueError(
            f"{path.name} has {len(characters):,} characters, too few for sequences of {length:,} with a validation "
            f"share of {format_percent(share)}: use a longer text or shorter sequences."
        )
    lookup, size = _vocabulary(characters[:cut])
    tokens = torch.from_numpy(lookup[np.minimum(characters, len(lookup) - 1)])
    train = Sequences(tokens[:cut], length, stride, spec.subset)
    validation = Sequences(tokens[cut:], length, length) if share > 0 else None
    unknown = int((tokens == 0).sum())
    if unknown > len(characters) / WORTH_TELLING:
        notes.append(
            f"{unknown:,} characters that are rare or missing from the training part count as one unknown character."
        )
    return Data(
        train=train,
        validation=validation,
        detail=f"{len(characters):,} characters · vocabulary {size:,} · {len(train):,} training and "
        f"{0 if validation is None else len(validation):,} validation sequences of {length:,}",
        classes=size,
        criterion=next_character_loss,
        metric=accuracy,
        inputs=(length,),
        outputs=size,
        facts={"vocabulary": size, "length": length},
        collate=as_batch,
        notes=tuple(notes),
    )


class Sequences(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Pieces of a text, `stride` apart: inputs (length,) and, one character on, targets (length,), as int64."""

    def __init__(self, tokens: torch.Tensor, length: int, stride: int, most: int | None = None) -> None:
        """`tokens` (characters,); with `most` that many pieces, spread evenly over the text."""
        starts = torch.arange(0, len(tokens) - length, stride)
        if most is not None and most < len(starts):
            starts = starts[torch.arange(most) * len(starts) // most]
        self._tokens, self._starts = tokens, starts
        self._piece = torch.arange(length + 1)

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        piece = self._tokens[self._starts[index] + self._piece].long()
        return piece[:-1], piece[1:]

    def __getitems__(self, indices: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """The batch of these pieces, each tensor (pieces, length)."""
        starts = self._starts[torch.as_tensor(indices)]
        pieces = self._tokens[starts[:, None] + self._piece].long()
        return pieces[:, :-1].contiguous(), pieces[:, 1:].contiguous()


def next_character_loss(output: torch.Tensor, target: torch.Tensor, label_smoothing: float = 0.0) -> torch.Tensor:
    """Cross entropy of scores (N, C, T) with targets (N, T); one row a character is faster than its own way."""
    scores = output.transpose(1, 2).flatten(0, 1)
    return nn.functional.cross_entropy(scores, target.flatten(), label_smoothing=label_smoothing)


def _characters(path: Path, level: str) -> tuple[NDArray[np.uint32], list[str]]:
    """The text as numbers of its characters, and what there is to say about how it was read."""
    notes = []
    size = path.stat().st_size
    if not size:
        raise ValueError(f"{path.name} is empty: choose a file with text in it.")
    with path.open("rb") as file:
        content = file.read(MOST_BYTES)
    if size > MOST_BYTES:
        notes.append(f"Only the first {format_bytes(MOST_BYTES)} of {path.name} are used.")
    if level == "bytes":
        return np.frombuffer(content, np.uint8).astype(np.uint32), notes
    try:
        encoding = file_encoding(path, MOST_BYTES)
    except ValueError as problem:
        raise ValueError(f"{problem} Or set the characters to bytes, which work with any file.") from None
    if encoding == "cp1252":
        notes.append(f"{path.name} is not UTF-8; it was read as Windows-1252, which includes Latin-1.")
    text = content.decode(encoding, errors="replace").replace("\r\n", "\n")
    if level == "lower":
        text = text.lower()
    return np.frombuffer(text.encode("utf-32-le", errors="replace"), np.uint32), notes


def _vocabulary(characters: NDArray[np.uint32]) -> tuple[NDArray[Any], int]:
    """The token of every character's number, and how many tokens there are.

    Tokens follow the frequency; 0 is the unknown character, which the last place of the table holds, too.
    """
    counts = np.bincount(characters)
    order = np.argsort(-counts, kind="stable")[:MOST_CHARACTERS]
    kept = order[counts[order] >= RARE]
    table = np.zeros(len(counts) + 1, np.int16)
    table[kept] = np.arange(1, len(kept) + 1)
    return table, len(kept) + 1
