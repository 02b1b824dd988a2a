"""Which option of a script sets its rate: what its parser of arguments gave, compared with the rate itself."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

#: Names that a rate's option has; what is longer says it by a part: "--base_lr", "optim.max_lr=".
_NAMES = ("lr", "learning_rate", "learningrate", "lrate", "rate", "eta", "eta0")
_PARTS = ("lr", "blr", "learningrate", "lrate")
#: Parts of the names of what belongs to a rate's schedule, and is none of its own.
_OTHERS = ("decay", "factor", "final", "gamma", "min", "end", "step", "steps", "epochs", "warmup", "mult", "scale")
#: Relative difference up to which two rates are one; a rate may have been single precision.
_SAME = 1e-6


class OptionsSeen:
    """What a script's parsers gave: argparse's are watched, click's and absl's asked once they are there."""

    def __init__(self) -> None:
        self._parsed: list[tuple[Any, Any]] = []
        self._before: Any = None

    def install(self) -> None:
        """Watch argparse from here on."""
        import argparse

        original = argparse.ArgumentParser.parse_known_args
        seen = self._parsed

        @functools.wraps(original)
        def parse(parser: Any, *arguments: Any, **named: Any) -> Any:
            found = original(parser, *arguments, **named)
            if not _is_torchs(sys._getframe(1)):
                seen.append((parser, found[0]))
            return found

        argparse.ArgumentParser.parse_known_args = parse  # type: ignore[method-assign, assignment]
        self._before = original

    def remove(self) -> None:
        """Watch no more."""
        if self._before is not None:
            import argparse

            argparse.ArgumentParser.parse_known_args = self._before  # type: ignore[method-assign]
            self._before = None

    def setting(self, rate: float) -> str:
        """The option that has `rate` for its value and is called like one: "--lr", "optim.lr=" for one without dashes.

        Empty for none: a number that happens to be the same is no rate.
        """
        found = [option for option, value in self._values() if _is(value, rate) and _is_rates(option)]
        return min(found, key=_strangeness, default="")

    def _values(self) -> Iterator[tuple[str, Any]]:
        for parser, namespace in self._parsed:
            for action in parser._actions:
                if action.option_strings:
                    yield max(action.option_strings, key=len), getattr(namespace, action.dest, None)
        yield from _absl()
        yield from _click()
        yield from _words(sys.argv[1:])


def _absl() -> Iterator[tuple[str, Any]]:
    flags = getattr(sys.modules.get("absl.flags"), "FLAGS", None)
    if flags is not None and flags.is_parsed():
        for name, value in flags.flag_values_dict().items():
            yield f"--{name}", value


def _click() -> Iterator[tuple[str, Any]]:
    globals_ = sys.modules.get("click.globals")
    context: Any = None if globals_ is None else globals_.get_current_context(silent=True)
    for parameter in () if context is None else context.command.params:
        options = [option for option in getattr(parameter, "opts", ()) if option.startswith("-")]
        if options:
            yield max(options, key=len), context.params.get(parameter.name)


def _words(words: list[str]) -> Iterator[tuple[str, Any]]:
    """Options as they were typed, whoever read them: `--lr 0.1`, `--lr=0.1`, Hydra's `optim.lr=0.1`."""
    for index, word in enumerate(words):
        name, equals, value = word.partition("=")
        if equals:
            yield (name if name.startswith("-") else f"{name}="), value
        elif word.startswith("--") and index + 1 < len(words):
            yield word, words[index + 1]


def _is(value: Any, rate: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    try:
        number = float(value)
    except ValueError:
        return False
    return rate > 0 and abs(number - rate) <= _SAME * rate


def _is_torchs(frame: FrameType | None) -> bool:
    """True where arguments are read by torch itself, as torchrun reads its own, or by accelerate, not by the script."""
    while frame is not None and frame.f_globals.get("__name__") == "argparse":
        frame = frame.f_back
    if frame is None:
        return False
    spec = frame.f_globals.get("__spec__")  # `python -m torch.distributed.run` is called __main__ otherwise
    return str(getattr(spec, "name", frame.f_globals.get("__name__", ""))).startswith(("torch.", "accelerate."))


def _name(option: str) -> str:
    """ "optim.baseLR=" is base_lr."""
    bare = option.lstrip("-").rstrip("=").rpartition(".")[2]
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", bare).replace("-", "_").lower()


def _is_rates(option: str) -> bool:
    """True where the name of an option says that it is a learning rate."""
    name = _name(option)
    if name in _NAMES:
        return True
    parts = name.replace("learning_rate", "learningrate").split("_")
    return any(part in _PARTS for part in parts) and not any(part in _OTHERS for part in parts)


def _strangeness(option: str) -> tuple[int, int]:
    """Less for what sounds more like a rate."""
    name = _name(option)
    return (0, _NAMES.index(name)) if name in _NAMES else (1, len(name))


def with_rate(words: list[str], option: str, rate: str) -> list[str]:
    """A command line's words with `rate` as the value of `option`, in its place or at the end."""
    written = list(words)
    bare = option.rstrip("=")
    for index, word in enumerate(written):
        name, equals, _ = word.partition("=")
        if name == bare and equals:
            written[index] = f"{bare}={rate}"
            return written
        if word == bare and index + 1 < len(written):
            written[index + 1] = rate
            return written
    return [*written, f"{option}{rate}"] if option.endswith("=") else [*written, option, rate]
