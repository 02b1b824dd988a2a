"""`lrgui runs`: the runs that were kept."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lrgui.cli.app import Json, command, say, tell
from lrgui.cli.running import progress_bar
from lrgui.cli.tables import print_table
from lrgui.core.formats import format_bytes

if TYPE_CHECKING:
    from lrgui.runs.index import KeptRun

#: So many are listed unless another number is asked for.
USUAL = 20


@command()
def runs(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[WORDS]...", help="Only runs with all of these words, in any part of what is listed."),
    ] = None,
    most: Annotated[int, typer.Option("--limit", min=0, help="List at most so many, the latest; 0 is all.")] = USUAL,
    starred: Annotated[bool, typer.Option("--starred", help="Only runs with a star.")] = False,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Read all logs again instead of the index.")] = False,
    as_json: Json = False,
) -> None:
    """List the runs that were kept, the latest first: task, optimizer, learning rate, how they ended.

    Exit status: 0.
    """
    from lrgui.runs import trash
    from lrgui.runs.checkpoints import RULE, size_of
    from lrgui.runs.index import RunIndex
    from lrgui.runs.listing import LATEST, matching, ordered

    index = RunIndex()
    trash.empty(index.folder)
    if rebuild:
        index.rebuild()
    bar = progress_bar()
    with bar:
        line = bar.add_task("Reading runs", total=100)
        every = index.all(lambda share: bar.update(line, completed=round(100 * share)))
    found = ordered(matching(every, " ".join(words or [])), LATEST)
    found = [run for run in found if run.notes.star or not starred]
    shown = found[: most or None]
    if index.trouble:
        say(index.trouble)
    if as_json:
        listed = [_as_dict(run) for run in shown]
        print(json.dumps({"folder": str(index.folder), "count": len(found), "runs": listed}, ensure_ascii=False))
        return
    if not found:
        tell(f"No runs in {index.folder}." if not every else "No run has all of these words.")
        return
    print_table(("when", "run", "made with", "learning rate", "ended", "weights", "file"), _rows(shown))
    kept = {run.path: size_of(run.path) for run in every}
    if total := sum(kept.values()):
        say(f"Checkpoints: {format_bytes(total)} of {sum(map(bool, kept.values())):,} trainings. {RULE}")
    say(f"{len(shown)} of {len(found)} runs in {index.folder}" if len(shown) < len(found) else str(index.folder))


def _rows(shown: list[KeptRun]) -> list[tuple[str, ...]]:
    from lrgui.runs.checkpoints import size_of

    rows: list[tuple[str, ...]] = []
    for run in shown:
        each = run.summary
        made = [each.kind_words, each.optimizer, f"batch {each.batch_size}" if each.batch_size else ""]
        rows.append(
            (
                f"{datetime.fromtimestamp(each.created):%Y-%m-%d %H:%M}",
                f"★ {run.name}" if run.notes.star else run.name,
                " · ".join(filter(None, made)),
                " · ".join(filter(None, (each.rate, each.sure))),
                run.ended,
                format_bytes(size) if (size := size_of(run.path)) else "",
                each.file,
            )
        )
    return rows


def _as_dict(run: KeptRun) -> dict[str, Any]:
    """A run as what JSON knows: what was measured, without the thumbnail, and what somebody added."""
    from lrgui.runs.checkpoints import size_of

    summary = asdict(run.summary)
    del summary["curve"], summary["changed"]
    created = datetime.fromtimestamp(summary["created"]).astimezone().isoformat(timespec="seconds")
    return {
        **summary,
        "created": created,
        "running": run.running,
        "path": str(run.path),
        "checkpoint_bytes": size_of(run.path),
        **asdict(run.notes),
    }
