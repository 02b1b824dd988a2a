"""The weights that a training kept, as a file of their own, and the code that loads them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lrgui.core.formats import format_bytes, format_loss
from lrgui.core.tensor_file import File
from lrgui.export import write_atomically
from lrgui.export.errors import ExportError
from lrgui.export.program import task_lines
from lrgui.export.snippets.code import literal
from lrgui.runs.checkpoints import BEST, LAST, folder_of, newest, weights_in
from lrgui.runs.epochs import judged_loss
from lrgui.runs.job import Job
from lrgui.runs.opened import OpenedRun
from lrgui.runs.remote.whereabouts import address_there

#: The usual name of the file.
NAME = "model.safetensors"


@dataclass(frozen=True)
class Weights:
    """Weights on their way into a file."""

    file: File
    words: str
    """Which they are: "weights of the best epoch (3), 12 tensors, 1.2 MB"."""

    def write(self, path: Path) -> None:
        """Write them in the safetensors format. Raises ExportError."""
        write_atomically(path, self.file)


def weights_file(log: Path, opened: OpenedRun, last: bool = False) -> Weights:
    """The weights of the best epoch of a training, or of its last checkpoint: of that one, too, before there is a best.

    Raises ExportError, with a sentence, where none were kept.
    """
    folder = folder_of(log)
    best = None if last else newest(folder, BEST)
    found = best or newest(folder, LAST)
    if found is None:
        address = address_there(log)
        if address is not None:
            raise ExportError(
                f"The weights of {log.name} are on {address.host.name or 'this computer'}, where it was computed: "
                f"“lrgui weights {log.stem}” brings them here."
            )
        raise ExportError(
            f"{log.name} has no weights: only trainings keep them, with checkpoints on. Train again to get them."
        )
    try:
        file, epoch = weights_in(found), found.about().get("epoch")
    except (OSError, ValueError) as error:
        raise ExportError(f"The weights could not be read: {error}") from error
    said = f"after {found.step:,} steps"
    if best is not None and isinstance(epoch, int):
        losses = {one.epoch: judged_loss(one) for one in opened.record.epochs}
        of = f", loss {format_loss(losses[epoch])}" if epoch in losses else ""
        said = f"of the best epoch ({epoch}{of})"
    size = format_bytes(sum(one.size for one in file.tensors.values()))
    return Weights(file, f"weights {said}: {len(file.tensors):,} tensors, {size}")


def loading_code(job: Job, path: Path) -> str:
    """Python that loads the file into the task's model, or into the person's own."""
    lines = [
        "from lrgui.tasks.build import build_task",
        "from lrgui.tasks.spec import TaskSpec",
        "from safetensors.torch import load_file  # pip install safetensors",
        "",
        task_lines(job.task),
        "model = task.model  # or your own, built as it was for the training",
        f"model.load_state_dict(load_file({literal(str(path.absolute()))}))",
        "model.eval()",
    ]
    return "\n".join(lines)
