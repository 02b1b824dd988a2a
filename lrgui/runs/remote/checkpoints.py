"""The checkpoints of a training that was computed on a target: they lie there, and are brought here when wanted."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lrgui.runs.checkpoints import FOLDER, LAST, Checkpoint, checkpoint_named, folder_of
from lrgui.runs.lines import SUFFIX
from lrgui.runs.remote.address import Address
from lrgui.runs.remote.connection import FIRST_SILENCE, Connection, RemoteError, Waiting, patient, program_text


def states_there(address: Address, log: Path, python: str = "", waiting: Waiting = patient) -> list[Checkpoint]:
    """The states of a training that its machine has, the newest first, as they would lie beside its `log` here.

    Raises RemoteError with a sentence.
    """
    connection = Connection(address.host, program_text("files.py"), python)
    try:
        found = _found(connection, address, folder_of(log), waiting)
        return sorted((one for one in found if one.kind == LAST), key=_age, reverse=True)
    finally:
        connection.close()


def bring(
    address: Address, log: Path, kinds: Sequence[str], python: str = "", waiting: Waiting = patient
) -> Checkpoint | None:
    """Bring the newest checkpoint of the first of these kinds that the run there has, beside its `log` here, unless
    it lies there already; None where there is none.

    Raises RemoteError with a sentence, OSError where it cannot be written here.
    """
    there = _folder_there(address)
    connection = Connection(address.host, program_text("files.py"), python)
    try:
        newest = {one.kind: one for one in sorted(_found(connection, address, folder_of(log), waiting), key=_age)}
        one = next((newest[kind] for kind in kinds if kind in newest), None)
        if one is not None and not (one.path.exists() and one.path.stat().st_size == one.size):
            _receive(connection, address, there, one, waiting)
        return one
    finally:
        connection.close()


def _found(connection: Connection, address: Address, here: Path, waiting: Waiting) -> list[Checkpoint]:
    files = _asked(connection, address, _folder_there(address), waiting)["files"]
    return [one for name, size in files if (one := checkpoint_named(here, name, size)) is not None]


def _age(one: Checkpoint) -> tuple[int, bool]:
    return one.step, one.over


def _folder_there(address: Address) -> str:
    return address.path.removesuffix(SUFFIX) + FOLDER


def _asked(connection: Connection, address: Address, folder: str, waiting: Waiting, **more: str) -> dict[str, Any]:
    connection.write(json.dumps({"folder": folder, **more}).encode("ascii") + b"\n")
    said: dict[str, Any] = json.loads(connection.line(FIRST_SILENCE, waiting))
    if "error" in said:
        raise RemoteError(f"The checkpoints of {address} cannot be read: {said['error']}.")
    return said


def _receive(connection: Connection, address: Address, folder: str, one: Checkpoint, waiting: Waiting) -> None:
    """Into a file that gets its name once it is whole."""
    size = _asked(connection, address, folder, waiting, name=one.path.name).get("size", -1)
    if size < 0:
        raise RemoteError(f"{one.path.name} is not there any more: its training goes on. Try again.")
    one.path.parent.mkdir(parents=True, exist_ok=True)
    part = one.path.with_name(f".lrgui-{one.path.name}.part")
    try:
        with part.open("wb") as file:
            for data in connection.received(size, FIRST_SILENCE, waiting):
                file.write(data)
        os.replace(part, one.path)
    finally:
        part.unlink(missing_ok=True)
