"""An error of a process that loads batches is told as if it had come in the run itself."""

from __future__ import annotations

import builtins
import functools
import io
import os
import signal
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from multiprocessing.pool import RemoteTraceback
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch._utils import ExceptionWrapper
from torch.utils.data import DataLoader, Dataset, IterableDataset

from lrgui.errors.diagnosis import diagnose, kind_and_message
from lrgui.errors.origins import chain_of, original, text_of
from lrgui.errors.traces import place_of
from lrgui.runs.failures import ended

pytestmark = pytest.mark.usefixtures("warm_processes")


class TwoArgumentsError(Exception):
    def __init__(self, one: str, two: str) -> None:
        super().__init__(f"{one} and {two}")


class OwnWordsError(Exception):
    """What it is made with is not what it says."""

    def __init__(self, number: Any = 3) -> None:
        super().__init__(number)

    def __str__(self) -> str:
        return "three is too many"


class WithMessageError(Exception):
    message = "a class that torch makes with message=, which it does not take"

    def __init__(self, number: int) -> None:
        super().__init__(f"number {number}")


class OwnFileError(FileNotFoundError):
    pass


class SilentError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def raising(error: BaseException) -> Any:
    raise error


def cause_first() -> None:
    try:
        nn.Linear(12, 3)(torch.zeros(4, 10))
    except RuntimeError as error:
        raise OwnWordsError from error


def handled_first() -> None:
    try:
        {}["first"]
    except KeyError:
        raise ValueError("while the first was handled") from None


def another_while_handling() -> None:
    try:
        nn.Linear(12, 3)(torch.zeros(4, 10))
    except RuntimeError:
        {}["second"]


def import_missing() -> None:
    import no_such_codec.part  # type: ignore[import-not-found]  # noqa: F401


def no_name() -> None:
    exec("from torch import Tensr")


def broken_file() -> None:
    compile("x = 1\ndef f(:\n", "/home/me/transforms.py", "exec")


def again_and_again() -> None:
    again_and_again()


def open_picture() -> None:
    from PIL import Image

    Image.open(__file__)


ERRORS: dict[str, Callable[[], Any]] = {
    "missing module": import_missing,
    "no such name": no_name,
    "no file": lambda: Path("/data/no/such.png").read_bytes(),
    "no file, relative": lambda: Path('it\'s "here".png').read_bytes(),
    "no permission": lambda: raising(PermissionError(13, "Permission denied", "/data/img_57.png")),
    "no permission, bytes": lambda: raising(PermissionError(13, "Permission denied", b"/data/img.png")),
    "two files": lambda: raising(FileNotFoundError(2, "No such file or directory", "/a", None, "/b")),
    "connection": lambda: raising(ConnectionRefusedError(111, "Connection refused")),
    "timeout": lambda: raising(TimeoutError("The read operation timed out")),
    "open files": lambda: raising(OSError(24, "Too many open files")),
    "full disk": lambda: raising(OSError(28, "No space left on device", "/data/cache.npy")),
    "folder": lambda: Path(__file__).parent.read_bytes(),
    "own file error": lambda: raising(OwnFileError(2, "No such file or directory", "/data/x.bin")),
    "zip": lambda: zipfile.ZipFile(io.BytesIO(b"x")),
    "picture": open_picture,
    "key": lambda: {}["label"],
    "key of two": lambda: {}[("a", 1)],
    "key of lines": lambda: {}["a\nb"],
    "two arguments": lambda: raising(TwoArgumentsError("a", "b")),
    "own words": lambda: raising(OwnWordsError()),
    "with message": lambda: raising(WithMessageError(3)),
    "several arguments": lambda: raising(ValueError("one", 2)),
    "no message": lambda: raising(ValueError()),
    "lines": lambda: raising(ValueError('one\n\nTraceback:\n  File "/home/me/x.py", line 3\nValueError: two')),
    "no words": lambda: raising(SilentError()),
    "unicode": lambda: b"\xff".decode("utf-8"),
    "syntax": broken_file,
    "recursion": again_and_again,
    "memory": lambda: raising(MemoryError("Unable to allocate 1. GiB for an array with shape (3,) and data type int8")),
    "cause": cause_first,
    "handled": handled_first,
    "another": another_while_handling,
    "assertion": lambda: raising(AssertionError("label 7")),
    "torch": lambda: torch.zeros(4, 10).view(3, 3),
    "torch's library": lambda: raising(OSError("libtorch_cuda.so: cannot open shared object file")),
    "group": lambda: raising(builtins.ExceptionGroup("two went wrong", [ValueError("a"), KeyError("b")])),
}


def caught(function: Callable[[], Any]) -> BaseException:
    with pytest.raises(Exception) as raised:
        function()
    return raised.value


def sent(error: BaseException, where: str = "in DataLoader worker process 0") -> BaseException:
    """`error` as torch raises it here after it came there."""
    wrapper = ExceptionWrapper((type(error), error, error.__traceback__), where)
    return caught(wrapper.reraise)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("key", ERRORS)
def test_the_sentence_with_workers_is_the_one_without(key: str) -> None:
    if key == "group" and not hasattr(builtins, "ExceptionGroup"):
        pytest.skip("this Python has no groups of errors")
    here = caught(ERRORS[key])
    for where in ("in DataLoader worker process 0", "in pin memory thread for device 0", "in replica 1 on device 1"):
        there = sent(here, where)
        assert diagnose(there) == diagnose(here)
        assert ended(there, 64) == ended(here, 64)
        without_trace = there.with_traceback(None)  # where nothing but the text is left
        if key not in ("own words", "cause", "with message", "group"):
            assert diagnose(without_trace).sentence == diagnose(here).sentence


def test_an_error_that_was_sent_twice_is_the_first_one() -> None:
    twice = sent(sent(caught(ERRORS["no permission"])))
    assert diagnose(twice) == diagnose(caught(ERRORS["no permission"]))
    assert kind_and_message(twice)[0] == "PermissionError"


def test_an_error_of_a_pool_has_the_line_that_it_had_there() -> None:
    error = caught(lambda: int("x"))
    error.__cause__ = RemoteTraceback(
        '\n"""\nTraceback (most recent call last):\n  File "/home/me/prepare.py", line 7, in f\n    int("x")\n"""'
    )
    assert place_of(error) == ("/home/me/prepare.py", 7)


def test_what_was_not_sent_stays_as_it_is() -> None:
    error = ValueError("Caught it in the act.")
    assert original(error) is error and list(chain_of(error)) == [error]
    assert text_of(SilentError()) == ""


class Broken(Dataset[Any]):
    def __init__(self, key: str = "") -> None:
        self.key = key

    def __len__(self) -> int:
        return 4

    def __getitem__(self, number: int) -> Any:
        return ERRORS[self.key]() if self.key else torch.zeros(2)


class BrokenStream(IterableDataset[Any]):
    def __iter__(self) -> Iterator[Any]:
        yield torch.zeros(2)
        ERRORS["zip"]()


class Deadly(Dataset[Any]):
    """Its process ends as it is asked for an example."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __len__(self) -> int:
        return 4

    def __getitem__(self, number: int) -> Any:
        os.kill(os.getpid(), self.number)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
@pytest.mark.parametrize(
    ("name", "words"), [("SIGKILL", "ran out of memory"), ("SIGBUS", "/dev/shm"), ("SIGSEGV", "(Segmentation fault)")]
)
def test_a_process_that_a_signal_ended_is_told_by_the_signal(name: str, words: str) -> None:
    loader = DataLoader(Deadly(getattr(signal, name)), 2, num_workers=1)
    error = caught(lambda: list(loader))
    assert ended(error).reason == "loader_died" and words in ended(error).detail
    assert diagnose(error).file == ""


def test_a_tensor_of_a_process_that_is_gone_is_no_missing_file() -> None:
    from multiprocessing.resource_sharer import DupFd

    read, write = os.pipe()
    handle = DupFd(read)
    handle._id = (tempfile.mktemp(), 0)  # type: ignore[attr-defined]
    error = caught(handle.detach)
    os.close(read)
    os.close(write)
    assert ended(error).reason == "loader_died" and "A DataLoader worker ended unexpectedly" in ended(error).detail


def broken_collate(examples: list[Any]) -> Any:
    return ERRORS["two arguments"]()


def broken_start(worker: int) -> None:
    ERRORS["no permission"]()


LOADERS: dict[str, Callable[[int], DataLoader[Any]]] = {
    "examples": lambda n: DataLoader(Broken("no permission"), 2, num_workers=n),
    "stream": lambda n: DataLoader(BrokenStream(), 2, num_workers=n),
    "collate": lambda n: DataLoader(Broken(), 2, num_workers=n, collate_fn=broken_collate),
}


@pytest.mark.parametrize("key", LOADERS)
def test_a_real_process_tells_what_the_run_itself_would_tell(key: str) -> None:
    alone, worker = (caught(functools.partial(list, LOADERS[key](n))) for n in (0, 1))
    assert diagnose(worker) == diagnose(alone)
    assert Path(diagnose(worker).file).name == "test_origins.py"


def test_an_error_as_a_process_starts_is_told() -> None:
    loader = DataLoader(Broken(), 2, num_workers=1, worker_init_fn=broken_start)
    assert "/data/img_57.png cannot be read" in diagnose(caught(lambda: list(loader))).words
