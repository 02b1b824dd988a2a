"""What an error of a model, a loss or a loader usually means, and the way out: one row for each.

The patterns are those of PyTorch 2.4 and newer; where the wording changed on the way, a row knows both. The rows stand
in one file for each subject.
"""

from lrgui.errors.causes.batches import BATCHES
from lrgui.errors.causes.cause import Cause
from lrgui.errors.causes.code import CODE
from lrgui.errors.causes.dtypes import DTYPES
from lrgui.errors.causes.files import FILES
from lrgui.errors.causes.layers import LAYERS
from lrgui.errors.causes.loader_workers import LOADER_WORKERS
from lrgui.errors.causes.models import MODELS
from lrgui.errors.causes.targets import TARGETS
from lrgui.errors.causes.training import TRAINING

#: The first row that fits is taken, so the special ones stand before the general ones.
CAUSES: tuple[Cause, ...] = (
    *TARGETS,
    *DTYPES,
    *LAYERS,
    *MODELS,
    *TRAINING,
    *BATCHES,
    *FILES,
    *LOADER_WORKERS,
    *CODE,
)
