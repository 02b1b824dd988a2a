"""Names that the libraries of this Python have."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from lrgui.tasks.models import named


@pytest.mark.parametrize(
    ("names", "module", "some", "never"),
    [
        (named.torchvision_models, "torchvision", {"resnet18", "vit_b_16"}, {"fcn_resnet50", "raft_large"}),
        (named.timm_models, "timm", {"resnet18", "vit_tiny_patch16_224"}, set()),
        (named.timm_optimizers, "timm", {"lamb", "sgdw"}, {"adahessian", "bnbadam", "fusedsgd"}),
        (named.pytorch_optimizers, "pytorch_optimizer", {"lion", "came"}, {"lbfgs", "a2grad"}),
    ],
)
def test_names_are_sorted_and_empty_where_the_library_is_absent(
    names: object, module: str, some: set[str], never: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(names)
    found = names()
    if find_spec(module) is None:
        assert found == ()
        return
    assert found == tuple(sorted(found)) and some <= set(found) and not never & set(found)
    monkeypatch.setattr(named, "find_spec", lambda name: None)
    assert names() == ()
