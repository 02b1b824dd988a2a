"""Studies on a real Ray cluster of two nodes on this machine, one of which is killed in the middle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from ray_marks import RAY

from lrgui.runs.opened import open_run
from lrgui.studies.driver import Driver, Progress, Watch
from lrgui.studies.execution import ExecutionSettings
from lrgui.studies.folder import JOURNAL, StudyFolder
from lrgui.studies.on_ray import RayExecutor
from lrgui.studies.plan import planned
from lrgui.studies.spec import StudySpec

ray = pytest.importorskip("ray")

pytestmark = RAY
SMALL = {"model": "mlp", "sweep.steps": 20, "subset": 256}


def run(folder: Path, spec: StudySpec, watch: Watch | None = None, **how: Any) -> Any:
    settings = ExecutionSettings(on="ray", **how)
    executor = RayExecutor(settings)
    driver = Driver(planned(spec), StudyFolder(folder), executor, settings.retries, watch=watch or Watch())
    folder.mkdir(exist_ok=True)
    return driver.run()


def counts(folder: Path, event: str) -> Counter[str]:
    lines = map(json.loads, (folder / JOURNAL).read_text().splitlines())
    return Counter(each["key"] for each in lines if each["event"] == event)


def test_a_node_dies_in_the_middle(cluster: Any, tmp_path: Path) -> None:
    """Every run is there once, whole, also those that the dead node had."""
    nodes = [cluster.add_node(num_cpus=1), cluster.add_node(num_cpus=1)]
    cluster.wait_for_nodes()
    spec = StudySpec("digits", fixed={**SMALL, "sweep.steps": 400}, grid={"batch_size": (16, 32, 64)}, seeds=(0, 1))
    said: list[str] = []
    both = False

    def show(progress: Progress) -> None:
        nonlocal both
        busy = ray.cluster_resources()["CPU"] == 2 and ray.available_resources().get("CPU", 0) == 0
        if not both and progress.done >= 1 and busy:  # both nodes compute
            both = True
            cluster.remove_node(nodes[1], allow_graceful=False)  # SIGKILL

    found = run(tmp_path / "a.study", spec, Watch(show, said=said.append))
    assert both and not found.missing and not found.failed and len(found.rows) == 6
    assert set(counts(tmp_path / "a.study", "ended").values()) == {1}
    lost = counts(tmp_path / "a.study", "lost").total()
    assert lost >= 1 and len(said) == lost, "the node had a run"
    for row in found.rows:
        opened = open_run(row.log)
        assert opened.record.end is not None and len(opened.record) == row.stages["sweep"].points
        steps = opened.record.steps.tolist()
        assert steps == sorted(set(steps)), "no point of the lost attempt is among them"
    cluster.remove_node(nodes[0])


def test_the_driver_dies_and_another_goes_on(cluster: Any, tmp_path: Path) -> None:
    node = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    folder = tmp_path / "c.study"
    fixed = {**SMALL, "sweep.steps": 200}
    given = [word for name, value in fixed.items() for word in ("--set", f"{name}={value}")]
    words = ["study", "digits", *given, "--batch-sizes", "16,32,64", "--on", "ray", "--folder", str(folder)]
    driver = subprocess.Popen(
        [sys.executable, "-m", "lrgui", *words],
        env={**os.environ, "RAY_ADDRESS": cluster.address},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 200
        while time.monotonic() < until and not ((folder / JOURNAL).exists() and counts(folder, "ended")):
            time.sleep(0.05)
    finally:
        driver.kill()
        driver.wait()
    before = set(counts(folder, "ended"))
    assert 1 <= len(before) < 3, "it was killed in the middle"
    found = run(folder, StudySpec("digits", fixed=fixed, grid={"batch_size": (16, 32, 64)}))
    assert not found.missing and not found.failed
    assert set(counts(folder, "ended").values()) == {1} and len(counts(folder, "ended")) == 3
    assert all(counts(folder, "started")[key] == 1 for key in before), "what was measured is not measured again"
    for row in found.rows:
        assert len(open_run(row.log).record) == row.stages["sweep"].points
    cluster.remove_node(node)


def test_a_run_gets_the_resources_that_it_asks_for(cluster: Any, tmp_path: Path) -> None:
    node = cluster.add_node(num_cpus=2, num_gpus=1)
    cluster.wait_for_nodes()
    most = 0

    def show(progress: Progress) -> None:
        nonlocal most
        used = ray.cluster_resources().get("GPU", 0) - ray.available_resources().get("GPU", 0)
        most = max(most, used)

    grid = {"batch_size": (32, 64)}
    found = run(
        tmp_path / "b.study",
        StudySpec("digits", fixed={**SMALL, "device": "cpu"}, grid=grid),
        Watch(show),
        gpus=0.5,
        cpus=0.5,
    )
    assert not found.missing and 0.5 <= most <= 1.0
    cluster.remove_node(node)


def test_where_no_cluster_is_there_it_is_said() -> None:
    program = """
from lrgui.studies.execution import ExecutionSettings
from lrgui.runs.remote.ray_tasks import RayProblem
from lrgui.studies.on_ray import RayExecutor
try:
    RayExecutor(ExecutionSettings(on="ray://127.0.0.1:1"))
except RayProblem as problem:
    print(problem)
"""  # in a process of its own: after a client's failure Ray cannot begin again in the same one
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert "cannot be reached" in done.stdout, done.stderr
