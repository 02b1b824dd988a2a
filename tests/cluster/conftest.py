"""A real Ray cluster on this machine, and how to read a run that is computed there."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head without room for runs, beside which the driver is; the tests add nodes."""
    ray = pytest.importorskip("ray")
    made_of = pytest.importorskip("ray.cluster_utils").Cluster
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Ray's processes give way to all others: beside two that compute, importing torch there takes minutes.
        patch.setenv("RAY_worker_niceness", "0")
        made = made_of(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
        ray.init(address=made.address, log_to_driver=False, logging_level="ERROR")
        yield made
        ray.shutdown()
        made.shutdown()
