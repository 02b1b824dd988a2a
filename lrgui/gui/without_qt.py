"""What the window needs that does without Qt, to be imported before Qt is.

From the moment that PySide6 is there it reads the source of every further module, to see whether that speaks of
PySide6: about a tenth of what an import costs, which these are spared.
"""

# ruff: noqa: F401

from __future__ import annotations

import lrgui.core.budget
import lrgui.core.curve.words
import lrgui.core.phrases
import lrgui.export.trackers.following
import lrgui.gui.default_sweep
import lrgui.gui.launcher_entry
import lrgui.gui.notice
import lrgui.gui.old_layout
import lrgui.gui.open_folds
import lrgui.gui.run_jobs
import lrgui.gui.style
import lrgui.plot.handles
import lrgui.plot.live_average
import lrgui.plot.ranges
import lrgui.plot.ticks
import lrgui.resources
import lrgui.runs.event_source
import lrgui.runs.library
import lrgui.runs.queue
import lrgui.runs.records
import lrgui.runs.spare_pool
import lrgui.tasks.user.task_outline
