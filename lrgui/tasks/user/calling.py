"""Calling a person's functions with what they ask for, and saying where they stand when something is wrong."""

from __future__ import annotations

import enum
import inspect
import pathlib
import types
import typing
from collections import abc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Union

from lrgui.core.options import ITEMS, Scalar, read_items
from lrgui.core.phrases import with_article
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.user.optimizer import wanted_by
from lrgui.tasks.user.roles import CONTEXT, GOALS, LOADERS, OUTPUTS, RATES, ROLES, Takes, needs_words
from lrgui.tasks.user.signature import Signature, signature_of
from lrgui.tasks.user.target import TaskError

_CALLED_WITH = {
    "loss": "the model's output and the target",
    "metrics": "the model's output and the target",
    "training_step": "the model and a batch",
    "validation_step": "the model and a batch",
}


@dataclass(frozen=True)
class Part:
    """One thing of a task: a function of the person's, or something ready."""

    role: str
    """One of `ROLES`, or "task" for a function that returns all of it."""
    thing: Any
    file: str
    """Where the task stands, for things that do not know it themselves."""

    @property
    def place(self) -> tuple[str, int]:
        """File and line of the definition; line 0 where it is not known."""
        code = getattr(_innermost(self.thing), "__code__", None)
        if code is None:
            return self.file, 0
        return str(code.co_filename), int(code.co_firstlineno)

    @property
    def words(self) -> str:
        """For sentences: "model() in task.py (line 12)"."""
        file, line = self.place
        if not line:
            return f"{self.role} in {Path(file).name}"
        name = getattr(_innermost(self.thing), "__name__", self.role)
        name = self.role if name == "<lambda>" else name
        return f"{name}() in {Path(file).name} (line {line})"

    def error(self, sentence: str) -> TaskError:
        """`sentence` with the words for this part in the place of “{}”."""
        file, line = self.place
        return TaskError(sentence.replace("{}", self.words, 1), file, line)


def _innermost(thing: Any) -> Any:
    """The function behind partials, methods and decorators."""
    seen = 0
    while seen < 20:
        seen += 1
        inner = getattr(thing, "func", None) if type(thing).__name__ == "partial" else None
        inner = inner or getattr(thing, "__wrapped__", None) or getattr(thing, "__func__", None)
        if inner is None:
            break
        thing = inner
    return thing


def described(thing: Any) -> str:
    """For sentences: "a list", "an int", "None"."""
    return "None" if thing is None else with_article(type(thing).__name__)


def takes(thing: Any) -> Takes | None:
    """What a function or a class is called with; None for what is no such, and where it cannot be known."""
    if not (inspect.isroutine(thing) or isinstance(thing, type)):
        return None
    signature = signature_of(thing)
    return None if signature is None else signature.takes(isinstance(thing, type))


class Calls:
    """Calls parts of a task with the spec's values; knows which options there were in the end."""

    def __init__(self, spec: TaskSpec, device: Any) -> None:
        self._spec = spec
        self._device = device
        self.options: list[str] = []
        """Names of the settings that the parts called so far have."""
        self.taken: set[tuple[str, str]] = set()
        """Role and field of the spec, of what parts asked for by name."""

    def arguments(self, part: Part, places: int = 0, reserved: Sequence[str] = ()) -> dict[str, Any]:
        """By name: what `part` takes beside its first `places` arguments and those `reserved`."""
        found: dict[str, Any] = {}
        split = (signature_of(part.thing) or Signature()).split(places, reserved)
        for one in split.context:
            field = CONTEXT[one.name]
            self.taken.add((part.role, field))
            found[one.name] = str(self._device) if field == "device" else getattr(self._spec, field)
        hints: dict[str, Any] | None = None
        for one in split.settings:
            self.options.append(one.name)
            if one.name in self._spec.options:
                hints = hints if hints is not None else _hints(part.thing)
                value = self._spec.options[one.name]
                given, converted = convert(value, hints.get(one.name), one.default, part, one.name)
                if given:
                    found[one.name] = converted
        if split.lacking:
            raise part.error(needs_words([("{}", split.lacking)]))
        return found

    def fixed(self, part: Part) -> Callable[..., Any]:
        """`part` as a function of what its role is called with; settings are filled in."""
        places = ROLES[part.role]
        signature = signature_of(part.thing)
        if signature is not None and not signature.any_places:
            count = len(signature.by_place)
            if count < places:
                words = f"{count} argument{'' if count == 1 else 's'}"
                raise part.error(f"{{}} takes {words}, but it is called with {_CALLED_WITH[part.role]}.")
        more = self.arguments(part, places)
        function: Callable[..., Any] = part.thing
        if signature is not None and _turned(part.role, signature):
            return lambda first, second: function(second, first, **more)
        if not more:
            return function
        return lambda *arguments: function(*arguments, **more)

    def made(self, part: Part) -> Any:
        """What a function without arguments by place returns (`model`, `train_loader`, a whole task)."""
        signature = signature_of(part.thing) or Signature()
        if part.role in LOADERS and signature.batch_size():
            self.taken.add((part.role, "batch_size"))
            return part.thing(self._spec.batch_size, **self.arguments(part, 1))
        return part.thing(**self.arguments(part))

    def optimizer(self, part: Part, model: Any, lr: float) -> Any:
        """What an own optimizer's function returns: it takes the parameters or the model, and a rate."""
        wanted = wanted_by(part.thing, model, lr)
        return wanted.call(part.thing, **self.arguments(part, 0, wanted.names))

    def note_options(self, part: Part) -> None:
        """Take note of the settings of a part that is not called this time."""
        signature = signature_of(part.thing) or Signature()
        self.options += [one.name for one in signature.split(0, RATES).settings]

    def check_options(self, file: str) -> None:
        """Raise TaskError where a value was given for what no part takes."""
        unknown = [name for name in self._spec.options if name not in self.options]
        if unknown:
            known = ", ".join(dict.fromkeys(self.options)) or "none"
            raise TaskError(
                f"{Path(file).name} has no setting “{unknown[0]}”. Available: {known}.",
                file,
            )


def _turned(role: str, signature: Signature) -> bool:
    """True for (target, output) and (batch, model): arguments whose names say that they are the other way round."""
    names = signature.names[:2]
    first, second = (("batch",), ("model", "net")) if role.endswith("_step") else (GOALS, OUTPUTS)
    return len(names) == 2 and names[0] in first and names[1] in second


def _hints(thing: Any) -> dict[str, Any]:
    """Annotations, evaluated where they can be."""
    target = vars(thing).get("__init__", thing) if isinstance(thing, type) else _innermost(thing)
    try:
        return typing.get_type_hints(target)
    except Exception:  # an annotation may name what is not there when it runs
        return dict(getattr(target, "__annotations__", {}))


def convert(value: Scalar, hint: Any, default: Any, part: Part, name: str) -> tuple[bool, Any]:
    """Whether `value` is to be given at all, and as what. Raises TaskError where it does not fit.

    None for what cannot be None means: as the code has it.
    """
    kinds = _kinds(hint)
    if value is None:
        return (type(None) in kinds and default is not None), None
    if isinstance(default, enum.Enum):
        kinds = [type(default)]
    several = next((kind for kind in kinds if isinstance(kind, _Several)), None)
    if isinstance(default, list | tuple) and isinstance(value, str):
        if value == ", ".join(map(str, default)):
            return False, None  # itself, of whatever kind its items are
        if several is not None:
            return True, _several(value, type(default), several.item, part, name)
        items = _several(value, list, _item_of(default), part, name)
        for place, (item, own) in enumerate(zip(items, default, strict=False)):
            if isinstance(own, int) and isinstance(item, float) and item.is_integer():
                items[place] = int(item)  # 128 of (128, 0.5) is a width, and no 128.0
        return True, type(default)(items)
    if several is not None and isinstance(value, str) and str not in kinds:
        return True, _several(value, several.holder, several.item, part, name)
    if not kinds:
        if default is None or not isinstance(default, bool | int | float | str | pathlib.PurePath):
            return True, value
        kinds = [type(default)]
    choices = [choice for choice in kinds if isinstance(choice, _Choice)]
    choices += [_Choice(one, key) for kind in kinds if _is_enum(kind) for key, one in kind.__members__.items()]
    for choice in choices:
        if choice.words == str(value):
            return True, choice.value
    for kind in kinds:
        fits, converted = _as(value, kind)
        if fits:
            return True, converted
    if choices:
        listed = ", ".join(choice.words for choice in choices)
        raise part.error(f"{{}}: “{name}” cannot be “{value}”. Choose one of: {listed}.")
    wanted = [_WORDS[kind] for kind in kinds if kind in _WORDS]
    if not wanted:
        return True, value
    raise part.error(f"{{}}: “{name}” cannot be “{value}”. Use {' or '.join(wanted)}.")


@dataclass(frozen=True)
class _Choice:
    value: Any
    words: str
    """How the form has it."""


@dataclass(frozen=True)
class _Several:
    holder: type
    """`list` or `tuple`."""
    item: type


def _several(text: str, holder: type, item: type, part: Part, name: str) -> Any:
    """A list that the form has as a text."""
    kind = {int: "whole", float: "number"}.get(item, "text")
    try:
        items = read_items(text, kind)
    except ValueError:
        raise part.error(f"{{}}: “{name}” cannot be “{text}”. Use a comma-separated list of {ITEMS[kind]}.") from None
    return holder(map(item, items))


def _item_of(items: Sequence[Any]) -> type:
    """What all items of a list are: whole numbers, numbers, or texts."""
    if not items or not all(isinstance(item, int | float) for item in items):
        return str
    return int if all(isinstance(item, int) for item in items) else float


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, enum.Enum)


_WORDS: dict[Any, str] = {bool: "true or false", int: "an integer", float: "a number", str: "a text"}


def _kinds(hint: Any) -> list[Any]:
    """The types that an annotation allows, one after the other."""
    origin = typing.get_origin(hint)
    if origin in (Union, types.UnionType):
        return [kind for part in typing.get_args(hint) for kind in _kinds(part)]
    if origin is Literal:
        return [type(None) if one is None else _Choice(one, str(one)) for one in typing.get_args(hint)]
    if origin is typing.Annotated:
        return _kinds(typing.get_args(hint)[0])
    if origin in (list, tuple, abc.Sequence, abc.Iterable, abc.Collection):
        items = {one for one in typing.get_args(hint) if one is not ...}
        item = items.pop() if len(items) == 1 else None
        known = item in (int, float, str) or (isinstance(item, type) and issubclass(item, pathlib.PurePath))
        return [_Several(tuple if origin is tuple else list, item)] if known and isinstance(item, type) else []
    return [hint] if isinstance(hint, type) else []


def _as(value: Scalar, kind: Any) -> tuple[bool, Any]:
    if kind is bool:
        return isinstance(value, bool), value
    if kind is int:
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return (True, int(value)) if whole and not isinstance(value, bool) else (False, None)  # type: ignore[arg-type]
    if kind is float:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return (True, float(value)) if number else (False, None)  # type: ignore[arg-type]
    if kind is str:
        return isinstance(value, str), value
    if isinstance(kind, type) and issubclass(kind, pathlib.PurePath):
        return (True, kind(value)) if isinstance(value, str) else (False, None)
    return False, None


def named_parts(values: Mapping[str, Any], file: str) -> dict[str, Part]:
    """The parts of a task among `values`; what is None is not there."""
    return {role: Part(role, values[role], file) for role in ROLES if values.get(role) is not None}
