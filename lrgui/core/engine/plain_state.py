"""States of optimizers, schedulers and generators as text and tensors, and back: nothing in them is code.

Unlike pickles, which run whatever they name when they are read, so a file of them can come from anywhere.
"""

from __future__ import annotations

import base64
import json
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

import numpy as np
import torch

from lrgui.core.tensor_file import Contents, Tensor

#: What the format calls torch's types.
_TYPES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
    torch.complex64: "C64",
}
for _name, _word in (("uint16", "U16"), ("uint32", "U32"), ("uint64", "U64")):
    if hasattr(torch, _name):
        _TYPES[getattr(torch, _name)] = _word
for _name, _word in (("float8_e4m3fn", "F8_E4M3"), ("float8_e5m2", "F8_E5M2")):
    if hasattr(torch, _name):
        _TYPES[getattr(torch, _name)] = _word
_TORCH = {word: kind for kind, word in _TYPES.items()}
#: Functions within a state (older schedulers have some) come with the object that is made anew.
_FUNCTIONS = (FunctionType, MethodType, BuiltinFunctionType)
_CHUNK = 1 << 22
_AS_THEY_ARE = frozenset({type(None), bool, int, float, str})

_LISTS: dict[str, Callable[[list[Any]], Any]] = {
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "deque": deque,
}
_DICTS: dict[str, Callable[[list[tuple[Any, Any]]], Any]] = {
    "dict": dict,
    "OrderedDict": OrderedDict,
    "Counter": lambda items: Counter(dict(items)),
}


def stored(tensor: torch.Tensor) -> Tensor:
    """A tensor for a file, with the bytes that it has when they are written. Raises ValueError for one that has no
    plain form: sparse, quantised, of a rare type."""
    word = _TYPES.get(tensor.dtype)
    if word is None or tensor.layout is not torch.strided or tensor.is_quantized or tensor.is_nested:
        raise ValueError(f"a tensor of the kind {tensor.dtype}, {tensor.layout} cannot be kept")
    return Tensor(word, tuple(tensor.shape), partial(_bytes, tensor), tensor.numel() * tensor.element_size())


def loaded(contents: Contents, name: str) -> torch.Tensor:
    """A tensor of a file, in memory of its own. Raises ValueError for a type that this torch does not have."""
    one = contents.tensors[name]
    kind = _TORCH.get(one.dtype)
    if kind is None:
        raise ValueError(f"{contents.path.name} holds {one.dtype} numbers, which this PyTorch does not have.")
    buffer = bytearray(one.size)
    at = 0
    for piece in one.data():
        buffer[at : at + len(piece)] = piece
        at += len(piece)
    if not buffer:
        return torch.empty(one.shape, dtype=kind)
    return torch.frombuffer(buffer, dtype=kind).reshape(one.shape)


class Writer:
    """Takes states apart: texts (JSON) and tensors by name."""

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}

    def text(self, name: str, state: Any) -> str:
        """The state as text; its tensors get names that begin with `name`. Raises ValueError where there is something
        in it that cannot be kept."""
        return json.dumps(self._plain(name, state), separators=(",", ":"))

    def _plain(self, name: str, value: Any) -> Any:
        if value is None or (isinstance(value, bool | int | float | str) and type(value).__module__ == "builtins"):
            return value
        if isinstance(value, torch.Tensor):
            return self._keep(name, "tensor", value.detach())
        if isinstance(value, np.ndarray) and value.dtype.hasobject is False:
            raw = torch.from_numpy(np.frombuffer(value.tobytes(), dtype=np.uint8).copy())
            return {**self._keep(name, "array", raw), "dtype": value.dtype.str, "shape": list(value.shape)}
        if isinstance(value, np.generic):
            return self._plain(name, value.item())
        if isinstance(value, bytes | bytearray):
            return {"": "bytes", "of": base64.b64encode(value).decode()}
        if isinstance(value, torch.dtype):
            return {"": "dtype", "of": str(value).removeprefix("torch.")}
        if isinstance(value, torch.device):
            return {"": "device", "of": str(value)}
        if isinstance(value, list):
            return self._all(name, value)
        if isinstance(value, dict):
            return self._mapping(name, value)
        kind = "tuple" if isinstance(value, tuple) else type(value).__name__
        if kind in _LISTS:
            return {"": kind, "of": self._all(name, value)}
        if isinstance(value, float | int | str):  # of a class of its own, an enumeration
            return self._plain(name, next(base for base in (int, float, str) if isinstance(value, base))(value))
        raise ValueError(f"an object of the kind {type(value).__name__} cannot be kept ({name})")

    def _all(self, name: str, values: Iterable[Any]) -> list[Any]:
        found = list(values)
        if _AS_THEY_ARE.issuperset(map(type, found)):  # such as the hundreds of numbers of a generator's state
            return found
        return [self._plain(f"{name}.{number}", one) for number, one in enumerate(found)]

    def _mapping(self, name: str, value: dict[Any, Any]) -> Any:
        items = [(key, one) for key, one in value.items() if not isinstance(one, _FUNCTIONS)]
        if type(value) is dict and all(isinstance(key, str) and key for key, _ in items):
            return {key: self._plain(f"{name}.{key}", one) for key, one in items}
        kind = type(value).__name__ if type(value).__name__ in _DICTS else "dict"
        pairs = [[self._plain(name, key), self._plain(f"{name}.{key}", one)] for key, one in items]
        return {"": kind if not isinstance(value, defaultdict) else "dict", "of": pairs}

    def _keep(self, name: str, kind: str, tensor: torch.Tensor) -> dict[str, Any]:
        number, free = 1, name
        while free in self.tensors:
            number += 1
            free = f"{name}:{number}"
        self.tensors[free] = stored(tensor)
        return {"": kind, "of": free}


def put_together(contents: Contents, text: str) -> Any:
    """The state that a `Writer` made `text` of; its tensors lie on the CPU. Raises ValueError where it is damaged."""
    try:
        return _state(contents, json.loads(text))
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise ValueError(f"{contents.path.name} is damaged ({error}).") from None


def _state(contents: Contents, value: Any) -> Any:
    if isinstance(value, list):
        return [_state(contents, one) for one in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("")
    if kind is None:
        return {key: _state(contents, one) for key, one in value.items()}
    held = value["of"]
    if kind == "tensor":
        return loaded(contents, held)
    if kind == "array":
        raw = loaded(contents, held).numpy().tobytes()
        return np.frombuffer(raw, dtype=np.dtype(value["dtype"])).reshape(value["shape"]).copy()
    if kind == "bytes":
        return base64.b64decode(held)
    if kind == "dtype":
        return getattr(torch, held)
    if kind == "device":
        return torch.device(held)
    if kind in _LISTS:
        return _LISTS[kind]([_state(contents, one) for one in held])
    return _DICTS[kind]([(_key(_state(contents, key)), _state(contents, one)) for key, one in held])


def _key(key: Any) -> Any:
    return tuple(key) if isinstance(key, list) else key


def _bytes(tensor: torch.Tensor) -> Iterator[memoryview]:
    flat = tensor.detach().contiguous().reshape(-1)
    step = max(1, _CHUNK // max(tensor.element_size(), 1))
    for piece in torch.split(flat, step) if flat.numel() else ():
        # Through memory of our own: a tensor that was shown to numpy could never be resized again.
        copy = torch.empty_like(piece, device="cpu").copy_(piece)
        yield memoryview(copy.view(torch.uint8).numpy().data)
