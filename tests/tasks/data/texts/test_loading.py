"""A text file as a task, up to a sweep."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from lrgui.core.engine.sweep import sweep
from lrgui.core.events import BatchEvent
from lrgui.core.options import Scalar
from lrgui.core.run_settings import SweepSettings
from lrgui.tasks.build import build_task
from lrgui.tasks.data.texts import loading as texts
from lrgui.tasks.data.texts.loading import Sequences, load, next_character_loss
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.task import Data

TEXT = "the quick brown fox jumps over the lazy dog. " * 40


def written(folder: Path, text: str | bytes = TEXT) -> Path:
    file = folder / "book.txt"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def text(path: Path, subset: int | None = None, **options: Scalar) -> Data:
    return load(TaskSpec("text", "gru", path=str(path), options=options, subset=subset))


def test_sequences_and_targets_one_on() -> None:
    pieces = Sequences(torch.arange(20), 5, 4)
    assert len(pieces) == 4
    x, y = pieces[1]
    assert x.tolist() == [4, 5, 6, 7, 8] and y.tolist() == [5, 6, 7, 8, 9]
    x, y = pieces.__getitems__([0, 3])
    assert x.tolist() == [[0, 1, 2, 3, 4], [12, 13, 14, 15, 16]] and torch.equal(y, x + 1)
    assert x.dtype == torch.int64
    assert len(Sequences(torch.arange(21), 5, 5)) == 4 and len(Sequences(torch.arange(20), 5, 5)) == 3
    spread = Sequences(torch.arange(101), 1, 1, most=4)
    assert [int(spread[i][0]) for i in range(4)] == [0, 25, 50, 75]


def test_a_text(tmp_path: Path) -> None:
    data = text(written(tmp_path), length=16)
    assert data.detail == "1,800 characters · vocabulary 29 · 101 training and 11 validation sequences of 16"
    assert (data.classes, data.outputs, data.inputs, data.notes) == (29, 29, (16,), ())  # 27 letters, point, unknown
    assert len(text(written(tmp_path), length=16, stride=4).train) == 401  # type: ignore[arg-type]
    assert len(text(written(tmp_path), length=16, subset=7).train) == 7  # type: ignore[arg-type]
    assert text(written(tmp_path), validation=0).validation is None


def test_rare_and_new_characters_are_unknown(tmp_path: Path) -> None:
    data = text(written(tmp_path, "ab" * 500 + "§" + "ab" * 400 + "€" * 100 + "ab" * 50), length=8)
    assert data.classes == 3
    assert data.notes == (
        "101 characters that are rare or missing from the training part count as one unknown character.",
    )
    x, _ = data.validation[0]  # type: ignore[index]
    assert int(x.max()) <= 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    data = text(written(tmp_path, ("größe " * 300).encode(encoding)))
    assert data.detail.startswith("1,800 characters")
    assert data.classes == 7
    assert bool(data.notes) == (encoding == "cp1252")


def test_lower_case_and_bytes(tmp_path: Path) -> None:
    assert text(written(tmp_path, "aAbB" * 500)).classes == 5
    assert text(written(tmp_path, "aAbB" * 500), level="lower").classes == 3
    assert text(written(tmp_path, bytes(range(256)) * 20), level="bytes").classes == 257
    assert text(written(tmp_path, "ü\r\n" * 500), length=4).detail.startswith("1,000 characters")


def test_a_file_that_is_too_long_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "MOST_BYTES", 1_000_000)
    data = text(written(tmp_path, "ä" * 600_000))
    assert data.detail.startswith("500,000 characters")
    assert data.notes == ("Only the first 1 MB of book.txt are used.",)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"short", "has 5 characters, too few for sequences of 64"),
        (b"\x7fELF\0\0\0", "is not a text file.*set the characters to bytes"),
    ],
)
def test_what_is_no_text(tmp_path: Path, content: bytes, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        text(written(tmp_path, content))


def test_the_loss_is_that_of_torch() -> None:
    scores, target = torch.randn(3, 7, 5), torch.randint(7, (3, 5))
    assert torch.allclose(next_character_loss(scores, target), torch.nn.CrossEntropyLoss()(scores, target))


@pytest.mark.parametrize("model", ["gru", "transformer"])
def test_sweeps_of_a_text(tmp_path: Path, model: str) -> None:
    spec = TaskSpec(
        "text",
        model,
        "adamw",
        path=str(written(tmp_path)),
        options={"length": 16},
        model_options={"width": 32},
        batch_size=16,
        device="cpu",
    )
    task = build_task(spec)
    events = sweep(
        task.model, task.loader, task.optimizer, task.loss, SweepSettings(steps=30, start_lr=1e-5, end_lr=0.1)
    )
    losses = [event.loss for event in events if isinstance(event, BatchEvent)]
    assert losses[0] == pytest.approx(np.log(29), rel=0.15)
    assert min(losses) < 0.9 * losses[0]
