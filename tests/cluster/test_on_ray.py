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
from held_runs import Held
from processes import alive, within
from ray_marks import RAY

from lrgui.runs.opened import open_run
from lrgui.runs.remote import ray_node
from lrgui.runs.remote.ray_node import Mailbox
from lrgui.studies.driver import Driver, Progress, Watch
from lrgui.studies.execution import ExecutionSettings
from lrgui.studies.folder import JOURNAL, StudyFolder
from lrgui.studies.on_ray import RayExecutor
from lrgui.studies.plan import planned
from lrgui.studies.spec import StudySpec

ray = pytest.importorskip("ray")

pytestmark = RAY


@pytest.fixture
def held(tmp_path: Path) -> Held:
    folder = tmp_path / "held"
    folder.mkdir()
    return Held(folder)


def run(folder: Path, spec: StudySpec, watch: Watch | None = None, **how: Any) -> Any:
    settings = ExecutionSettings(on="ray", **how)
    executor = RayExecutor(settings)
    driver = Driver(planned(spec), StudyFolder(folder), executor, settings.retries, watch=watch or Watch())
    folder.mkdir(exist_ok=True)
    return driver.run()


def whole(found: Any) -> bool:
    """Every run has a result, and none an error."""
    why = [stage.detail for row in found.failed for stage in row.stages.values()]
    assert not found.failed, why
    return not found.missing


def counts(folder: Path, event: str) -> Counter[str]:
    whole = [line for line in (folder / JOURNAL).read_text().splitlines() if line.endswith("}")]
    return Counter(each["key"] for each in map(json.loads, whole) if each["event"] == event)


def test_a_node_dies_in_the_middle(cluster: Any, held: Held, tmp_path: Path) -> None:
    """Every run is there once, whole, also the one that the dead node had."""
    nodes = [cluster.add_node(num_cpus=1), cluster.add_node(num_cpus=1)]
    cluster.wait_for_nodes()
    spec = StudySpec(held.task, fixed={"sweep.steps": 100}, grid={"batch_size": (4, 8, 12, 16, 20, 24)})
    said: list[str] = []
    killed = False
    held.hold(8, 12, 16, 20, 24)

    def show(progress: Progress) -> None:
        nonlocal killed
        assert killed or len(held.waited) <= 2, "a node computes one at a time"
        if not killed and progress.done == 1 and len(held.waited) == 2:  # one on each node
            killed = True
            cluster.remove_node(nodes[1], allow_graceful=False)  # SIGKILL
            # What computed there sees that its node is gone, and goes: until then it could still say that it is done.
            assert within(60, lambda: not all(map(alive, held.waited.values())))
            held.release()

    found = run(tmp_path / "a.study", spec, Watch(show, said=said.append))
    assert killed and whole(found) and len(found.rows) == 6
    assert set(counts(tmp_path / "a.study", "ended").values()) == {1}
    lost = counts(tmp_path / "a.study", "lost")
    assert lost and len(said) == lost.total() and "Starting it again." in said[0]
    again = {key for key, times in counts(tmp_path / "a.study", "started").items() if times > 1}
    assert again == set(lost), "what the other node had is not computed twice"
    for row in found.rows:
        opened = open_run(row.log)
        assert opened.record.end is not None and len(opened.record) == row.stages["sweep"].points
        steps = opened.record.steps.tolist()
        assert steps == sorted(set(steps)), "no point of the lost attempt is among them"
    cluster.remove_node(nodes[0])


def test_the_driver_dies_and_another_goes_on(cluster: Any, held: Held, tmp_path: Path) -> None:
    node = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    held.hold(8, 16, 32)
    folder = tmp_path / "c.study"
    words = ["study", held.task, "--set", "sweep.steps=100", "--batch-sizes", "8,16,32", "--on", "ray"]
    driver = subprocess.Popen(
        [sys.executable, "-m", "lrgui", *words, "--folder", str(folder)],
        env={**os.environ, "RAY_ADDRESS": cluster.address},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    try:
        assert within(300, lambda: bool(held.waited))
        held.release(*held.waited)  # whichever it is
        assert within(300, lambda: len(held.waited) == 2 and bool(counts(folder, "ended")))
    finally:
        driver.kill()
        driver.wait()
    before = set(counts(folder, "ended"))
    assert len(before) == 1, "it was killed in the middle"
    held.release()
    found = run(folder, StudySpec(held.task, fixed={"sweep.steps": 100}, grid={"batch_size": (8, 16, 32)}))
    assert whole(found)
    assert set(counts(folder, "ended").values()) == {1} and len(counts(folder, "ended")) == 3
    assert all(counts(folder, "started")[key] == 1 for key in before), "what was measured is not measured again"
    for row in found.rows:
        assert len(open_run(row.log).record) == row.stages["sweep"].points
    cluster.remove_node(node)


def test_a_run_gets_the_resources_that_it_asks_for(cluster: Any, held: Held, tmp_path: Path) -> None:
    node = cluster.add_node(num_cpus=2, num_gpus=1)
    cluster.wait_for_nodes()
    held.hold(8, 16)
    used = 0.0

    def show(progress: Progress) -> None:
        nonlocal used
        if len(held.waited) < 2 or used == 1:  # Ray's own count follows a moment later
            return
        used = ray.cluster_resources().get("GPU", 0) - ray.available_resources().get("GPU", 0)
        if used == 1:
            held.release()

    found = run(
        tmp_path / "b.study",
        StudySpec(held.task, fixed={"sweep.steps": 20, "device": "cpu"}, grid={"batch_size": (8, 16)}),
        Watch(show),
        gpus=0.5,
        cpus=0.5,
    )
    assert whole(found) and used == 1, "two halves"
    cluster.remove_node(node)


class SlowMailbox(Mailbox):
    """One that lets the tasks wait, as a busy driver's does, and counts them in a file."""

    seen = ""

    def put(self, ticket: str, number: int, lines: list[str]) -> list[str]:
        time.sleep(1)
        with open(self.seen, "a", encoding="utf-8") as file:
            file.write(".")
        return super().put(ticket, number, lines)


def test_a_node_computes_no_more_runs_than_it_has_room_for(
    cluster: Any, held: Held, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a run waits for an answer, Ray would lend its CPU to the next one."""
    node = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    held.hold(8, 16)
    seen = tmp_path / "seen"
    seen.touch()
    monkeypatch.setattr(SlowMailbox, "seen", str(seen))
    monkeypatch.setattr(ray_node, "Mailbox", SlowMailbox)
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    at_once = 0

    def show(progress: Progress) -> None:
        nonlocal at_once
        if held.waited and seen.stat().st_size >= 8:  # long enough for another one to begin
            at_once = at_once or len(held.waited)
            held.release()

    spec = StudySpec(held.task, fixed={"sweep.steps": 20}, grid={"batch_size": (8, 16)})
    found = run(tmp_path / "d.study", spec, Watch(show))
    assert whole(found) and at_once == 1
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
