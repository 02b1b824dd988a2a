"""Names that a library does not have, and those that cannot be swept."""

from __future__ import annotations

import pytest

from lrgui.tasks.library_names import EXCLUDED, must_know


def test_a_name_that_is_there_is_no_trouble_and_another_gets_the_closest() -> None:
    must_know("lib", "model", "alpha", ["alpha", "beta"])
    with pytest.raises(ValueError, match=r"^lib has no model “alpah”\. Closest are alpha\.$"):
        must_know("lib", "model", "alpah", ["alpha", "beta"])
    with pytest.raises(ValueError, match=r"Closest are vit_tiny_16, vit_tiny_32, gvit_tiny\.$"):
        must_know("lib", "model", "ViT-tiny", ["gvit_tiny", "other", "vit_tiny_16", "vit_tiny_32"])
    with pytest.raises(ValueError, match=r"^lib has no model “”\. It has alpha, beta and others\.$"):
        must_know("lib", "model", "", ["alpha", "beta"])


def test_an_optimizer_that_cannot_be_swept_is_told_why() -> None:
    for library, names in EXCLUDED.items():
        for name, why in names.items():
            assert why.endswith(".")
            with pytest.raises(ValueError) as caught:
                must_know(library, "optimizer", name, ["adam"])
            assert str(caught.value) == f"{library}'s {name} cannot be swept: {why} Choose another one."
