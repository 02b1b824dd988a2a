"""Studies on Ray: every run is a task with its own resources; a lost one is started again, by the driver."""

from __future__ import annotations

from lrgui.runs.remote.ray_tasks import RayTasks
from lrgui.studies.execution import ExecutionSettings

#: Runs that wait in Ray's own queue, beside those that there is room for: a cluster that grows by demand must see some.
AHEAD = 2


class RayExecutor(RayTasks):
    """An `Executor` on a Ray cluster: the one at an address, the one that runs here, or one that is started here."""

    def __init__(self, how: ExecutionSettings, folder: str = "") -> None:
        """Connect. Raises RayProblem, with a sentence, where there is none. `folder` is that of code on nodes."""
        super().__init__(how.on, how, folder=folder, many=True)
        self._workers = how.workers
        nodes = self.nodes
        self.words = f"Ray ({nodes} {'node' if nodes == 1 else 'nodes'}, room for {self.fits} runs at once)"

    def room(self) -> int:
        """See `Executor`."""
        if self._workers is not None:
            return self._workers - self.running
        return max(1, self.fits + AHEAD) - self.running
