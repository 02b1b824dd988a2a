"""Tables of results that stay readable in a narrow terminal: heads and cells break where a person would break them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Column, Table
from rich.text import Text

from lrgui.cli.app import results
from lrgui.cli.wrapping import broken

#: A cell that is longer is a sentence, and breaks at any space; a shorter one only before a "±" and behind a "·". What
#: has no space, such as the name of a file, stays whole: people copy it.
SENTENCE = 24
#: A sentence is not squeezed below this width.
NARROWEST = 20
#: Stands for a space at which nothing breaks.
_FIRM = "\N{NO-BREAK SPACE}"


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]], spare: Collection[int] = ()) -> None:
    """Print a table; `spare` are the columns that may be left out where there is no room for all."""
    out = results()
    for part in laid_out(heads, rows, out.width, spare):
        out.print(part)


def laid_out(
    heads: Sequence[str], rows: Sequence[Sequence[str]], width: int, spare: Collection[int] = ()
) -> Iterator[RenderableType]:
    """The table in `width` columns: as it is, with broken cells, without lines, or as a last resort in several tables
    that all begin with the first column."""
    every = list(range(len(heads)))
    needed = [number for number in every if number not in spare]
    columns = [_Column(heads[number], [row[number] for row in rows]) for number in every]
    for numbers in (every, needed):
        if _fits([columns[number].full for number in numbers], width, lines=True):
            yield _table([columns[number] for number in numbers], width, lines=True)
            return
        if len(spare) == 0:
            break
    for numbers, lines in ((every, True), (needed, True), (needed, False)):
        if _fits([columns[number].least for number in numbers], width, lines):
            yield _table([columns[number] for number in numbers], width, lines)
            return
    first, *others = needed
    while others:
        count = 1
        while count < len(others) and _fits(
            [columns[number].least for number in (first, *others[: count + 1])], width, lines=True
        ):
            count += 1
        yield _table([columns[number] for number in (first, *others[:count])], width, lines=True)
        others = others[count:]


class _Column:
    """A head and its cells, with the widths that they take."""

    def __init__(self, head: str, cells: Sequence[str]) -> None:
        self.head = head
        self.cells = [_firm(cell) for cell in cells]
        self.full = max(cell_len(text) for text in (head, *self.cells))
        # A sentence has room to breathe; other words are never cut.
        pieces = [piece for text in (head, *self.cells) for piece in text.split(" ")]
        sentence = any(_is_sentence(cell) for cell in cells)
        self.least = max(map(cell_len, head.split(" "))) if sentence else max(map(cell_len, pieces))
        if sentence:
            self.least = max(self.least, min(NARROWEST, self.full))


def _firm(cell: str) -> str:
    """A cell that only breaks where it may."""
    if _is_sentence(cell):
        return cell
    text = cell.replace(" ", _FIRM)
    return text.replace(f"{_FIRM}±", " ±").replace(f"·{_FIRM}", "· ")


def _is_sentence(cell: str) -> bool:
    return cell_len(cell) > SENTENCE and " " in cell and " · " not in cell


def _fits(widths: Sequence[int], width: int, lines: bool) -> bool:
    return sum(widths) + _between(len(widths), lines) <= width


def _between(count: int, lines: bool) -> int:
    """The columns of the screen that stand around and between so many."""
    return 3 * count + 1 if lines else 2 * (count - 1)


def _table(columns: Sequence[_Column], width: int, lines: bool) -> Table:
    room = width - _between(len(columns), lines) - sum(column.least for column in columns)
    widths = []
    for column in columns:
        more = max(0, min(room, column.full - column.least))
        room -= more
        widths.append(column.least + more)
    while room < 0 and (widest := max(widths)) > NARROWEST // 2:  # one word is longer than the terminal is wide
        widths[widths.index(widest)] -= 1
        room += 1
    made = [Column(_text(column.head, size), width=size) for column, size in zip(columns, widths, strict=True)]
    table = (
        Table(*made)
        if lines
        else Table(*made, box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    )
    for cells in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*(_text(cell, size) for cell, size in zip(cells, widths, strict=True)))
    return table


def _text(cell: str, size: int) -> Text:
    return Text(broken(cell, size).replace(_FIRM, " "), overflow="fold")
