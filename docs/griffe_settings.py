"""Tells the site's API reference what `lrgui.api.keywords.takes` adds to a function when it is imported.

An extension of griffe, which reads sources and does not run them: arguments and docstring are taken from the function
itself.
"""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

import griffe

_KINDS = {
    inspect.Parameter.POSITIONAL_OR_KEYWORD: griffe.ParameterKind.positional_or_keyword,
    inspect.Parameter.KEYWORD_ONLY: griffe.ParameterKind.keyword_only,
}


class Settings(griffe.Extension):
    """Replaces what stands in the source by what the decorator makes of it."""

    def on_function(self, *, func: griffe.Function, **_: Any) -> None:
        """A function that was read."""
        if not any(str(decorator.value).startswith("takes(") for decorator in func.decorators):
            return
        real = getattr(import_module(func.module.canonical_path), func.name)
        func.parameters = griffe.Parameters(
            *(
                griffe.Parameter(
                    place.name,
                    annotation=str(place.annotation),
                    kind=_KINDS[place.kind],
                    default=None if place.default is place.empty else repr(place.default),
                )
                for place in inspect.signature(real).parameters.values()
            )
        )
        if func.docstring is not None:
            func.docstring.value = inspect.getdoc(real) or ""
