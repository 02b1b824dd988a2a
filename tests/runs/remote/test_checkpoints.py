"""Checkpoints of a training on a target, brought here: without ssh, by the program that runs at its other end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lrgui.core.events import EndEvent, EndReason, OutputEvent, Stream
from lrgui.export.errors import ExportError
from lrgui.export.weights import weights_file
from lrgui.runs.checkpoints import BEST, LAST, folder_of
from lrgui.runs.job import Job
from lrgui.runs.log_writer import LogWriter
from lrgui.runs.opened import open_run
from lrgui.runs.remote import checkpoints
from lrgui.runs.remote.address import Address
from lrgui.runs.remote.checkpoints import bring
from lrgui.runs.remote.connection import RemoteError
from lrgui.runs.remote.whereabouts import where_words

STATE, OLDER, WEIGHTS = "last-000000020.safetensors", "last-000000010.safetensors", "best-000000010.safetensors"


@pytest.fixture
def there(tmp_path: Path) -> Address:
    """A run on a target, with its checkpoints."""
    log = tmp_path / "there" / "run.lrrun"
    folder = folder_of(log)
    folder.mkdir(parents=True)
    for name, size in ((STATE, 1_000_000), (OLDER, 10), (WEIGHTS, 7), (".lrgui-x.part", 3)):
        (folder / name).write_bytes(name[:1].encode() * size)
    return Address(str(log))


@pytest.fixture
def log(tmp_path: Path, there: Address) -> Path:
    """Its log here."""
    path = tmp_path / "here.lrrun"
    with LogWriter(path, Job("train")) as writer:
        writer.write([OutputEvent(where_words("box", there), Stream.NOTE), EndEvent(EndReason.COMPLETED, "Done.")])
    return path


def test_the_newest_of_a_kind_is_brought_once(log: Path, there: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    one = bring(there, log, [LAST])
    assert one is not None and one.path == folder_of(log) / STATE
    assert one.path.read_bytes() == (folder_of(Path(there.path)) / STATE).read_bytes()
    best = bring(there, log, [BEST, LAST])
    assert best is not None and best.path.name == WEIGHTS
    assert sorted(path.name for path in folder_of(log).iterdir()) == [WEIGHTS, STATE]
    monkeypatch.setattr(checkpoints, "_receive", None)
    assert bring(there, log, [BEST]) == best, "it is here already"


def test_a_run_without_them_has_none(tmp_path: Path, log: Path) -> None:
    assert bring(Address(str(tmp_path / "nowhere.lrrun")), log, [BEST, LAST]) is None
    assert not folder_of(log).exists()


def test_one_that_goes_meanwhile_leaves_nothing_half_brought(
    log: Path, there: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = checkpoints._asked

    def gone(*words: Any, **more: str) -> dict[str, object]:
        return real(*words, **({"name": "last-1.safetensors"} if more else {}))

    monkeypatch.setattr(checkpoints, "_asked", gone)
    with pytest.raises(RemoteError, match="not there any more"):
        bring(there, log, [LAST])
    assert not folder_of(log).exists()


def test_whoever_wants_the_weights_is_told_how_to_bring_them(log: Path) -> None:
    with pytest.raises(ExportError, match="are on this computer, where it was computed: “lrgui weights here” brings"):
        weights_file(log, open_run(log))
