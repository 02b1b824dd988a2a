"""The checkpoints of a training that was computed on a target: they lie there, and are brought here when wanted."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lrgui.core.events import OutputEvent, Stream
from lrgui.runs.checkpoints import FOLDER, Checkpoint, checkpoint_named, folder_of
from lrgui.runs.lines import SUFFIX
from lrgui.runs.log_reader import LogReader
from lrgui.runs.remote.address import Address
from lrgui.runs.remote.connection import FIRST_SILENCE, Connection, RemoteError, program_text

#: What a run on a target says at its beginning, in its log here.
_WHERE = "The run is on {target}, also without this connection. To follow it again: lrgui watch {address}"
_SAID = re.compile(re.escape(_WHERE).replace(r"\{target\}", r"(?P<target>\S+)").replace(r"\{address\}", r"(?P<at>.+)"))


def where_words(target: str, address: Address) -> str:
    """What is said of a run that was begun on a target; `address_there` finds it again."""
    return _WHERE.format(target=target, address=address)


def address_there(log: Path) -> Address | None:
    """Where the log of a run is that was computed on a target, None of any other: its log here says so near its
    beginning."""
    try:
        with LogReader(log) as reader:
            first: Sequence[Any] = next(iter(reader), [])
    except (OSError, ValueError):
        return None
    for event in first:
        if isinstance(event, OutputEvent) and event.stream == Stream.NOTE:
            said = _SAID.search(event.text)
            if said is not None:
                return Address.parse(said["at"].strip())
    return None


def bring(address: Address, log: Path, kinds: Sequence[str]) -> Checkpoint | None:
    """Bring the newest checkpoint of the first of these kinds that the run there has, beside its `log` here, unless
    it lies there already; None where there is none.

    Raises RemoteError with a sentence, OSError where it cannot be written here.
    """
    there, here = _folder_there(address), folder_of(log)
    connection = Connection(address.host, program_text("files.py"))
    try:
        found = [checkpoint_named(here, name, size) for name, size in _asked(connection, address, there)["files"]]
        newest = {one.kind: one for one in sorted((one for one in found if one is not None), key=_age)}
        one = next((newest[kind] for kind in kinds if kind in newest), None)
        if one is not None and not (one.path.exists() and one.path.stat().st_size == one.size):
            _receive(connection, address, there, one)
        return one
    finally:
        connection.close()


def _age(one: Checkpoint) -> tuple[int, bool]:
    return one.step, one.over


def _folder_there(address: Address) -> str:
    return address.path.removesuffix(SUFFIX) + FOLDER


def _asked(connection: Connection, address: Address, folder: str, **more: str) -> dict[str, Any]:
    connection.write(json.dumps({"folder": folder, **more}).encode("ascii") + b"\n")
    said: dict[str, Any] = json.loads(connection.line(FIRST_SILENCE))
    if "error" in said:
        raise RemoteError(f"The checkpoints of {address} cannot be read: {said['error']}.")
    return said


def _receive(connection: Connection, address: Address, folder: str, one: Checkpoint) -> None:
    """Into a file that gets its name once it is whole."""
    size = _asked(connection, address, folder, name=one.path.name).get("size", -1)
    if size < 0:
        raise RemoteError(f"{one.path.name} is not there any more: its training goes on. Try again.")
    one.path.parent.mkdir(parents=True, exist_ok=True)
    part = one.path.with_name(f".lrgui-{one.path.name}.part")
    try:
        with part.open("wb") as file:
            for data in connection.received(size, FIRST_SILENCE):
                file.write(data)
        os.replace(part, one.path)
    finally:
        part.unlink(missing_ok=True)
