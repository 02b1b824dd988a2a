"""From a file to columns of numbers and words."""

from __future__ import annotations

import gzip
import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from lrgui.tasks.data import limits
from lrgui.tasks.data.tables import reading as table_reading
from lrgui.tasks.data.tables.reading import Column, read_table


def written(folder: Path, text: str, name: str = "table.csv") -> Path:
    file = folder / name
    file.write_bytes(text.encode())
    return file


def words(column: Column) -> list[str]:
    assert column.codes is not None
    return ["" if code == 0 else column.words[code - 1] for code in column.codes]


def test_numbers_words_and_nothing(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, 'a,b,c\n1,red,NA\n2.5," blue ",7\n,red,x\n'))
    a, b, c = table.columns
    assert table.rows == 3
    np.testing.assert_equal(a.values, [1, 2.5, np.nan])
    assert a.codes is None
    assert words(b) == ["red", "blue", "red"]
    np.testing.assert_equal(c.values, [np.nan, 7, np.nan])
    assert words(c) == ["", "", "x"]
    assert table.notes == ()


def test_decimal_commas(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, "a;b;c\n1,5;1.000,5;x\n2,5;;y\n-3;2,0;z\n"))
    np.testing.assert_equal(table.columns[0].values, [1.5, 2.5, -3])
    np.testing.assert_equal(table.columns[1].values, [1000.5, np.nan, 2])


def test_rows_with_too_many_cells_are_skipped_and_told(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, "a,b\n1,2\n3\n\n4,5,,\n6,7,8\n,\n9,10\n"))
    a, b = table.columns
    np.testing.assert_equal(a.values, [1, 3, 9])
    np.testing.assert_equal(b.values, [2, np.nan, 10])  # what a short row lacks is missing
    assert table.notes == ("2 rows have more than 2 cells and were skipped: lines 5, 6.",)


def test_one_and_many_skipped_rows(tmp_path: Path) -> None:
    one = read_table(written(tmp_path, "a,b\n1,2\n3,3,3\n4,5\n"))
    assert one.notes == ("Line 3 has more than 2 cells and was skipped.",)
    many = read_table(written(tmp_path, "a,b\n" + "1,2\n" * 20 + "3,3,3\n" * 8))
    assert many.notes[0].endswith("lines 22, 23, 24, 25, 26 and 3 more.")


@pytest.mark.parametrize(("above", "note"), [("sep=,\n", "The first line"), ("# x\n# y\n\n", "The first 2 lines")])
def test_what_stands_above_a_table_is_left_out_and_told(tmp_path: Path, above: str, note: str) -> None:
    table = read_table(written(tmp_path, above + "a,b,c\n1,2,3\n4,5,6,6\n7,8,9\n"))
    np.testing.assert_equal(table.columns[0].values, [1, 7])
    assert note in table.notes[0]
    line = above.count("\n") + 3
    assert table.notes[1].startswith(f"Line {line} has more than")


def test_quoted_cells_with_line_breaks(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, 'a,b\n"x\ny",1\n"p, q",2\n'))
    assert words(table.columns[0]) == ["x\ny", "p, q"]
    assert table.notes == ()


def test_words_among_numbers(tmp_path: Path) -> None:
    rows = [(str(i) if i % 5 else "", "late" if i > 6 else str(i), "ab"[i % 2]) for i in range(10)]
    table = read_table(written(tmp_path, "n,mixed,w\n" + "\n".join(map(",".join, rows))))
    n, mixed, w = table.columns
    np.testing.assert_equal(n.values, [np.nan, 1, 2, 3, 4, np.nan, 6, 7, 8, 9])
    assert n.codes is None
    assert words(mixed) == [""] * 7 + ["late"] * 3
    np.testing.assert_equal(mixed.values, [*range(7), *[np.nan] * 3])
    assert words(w) == list("ababababab")


def test_too_many_words_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_reading, "MOST_WORDS", 5)
    table = read_table(written(tmp_path, "a,b\n" + "\n".join(f"word {i},x" for i in range(9))))
    assert not table.columns[0].readable
    assert len(table.columns[0].words) == 5
    assert table.columns[1].readable


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty: choose a file with rows"),
        (b"\n \n", "has no rows: choose"),
        (b"a,b\n", "has no row below the names"),
        (b"PK\3\4\0\0", "is not a text file: .*save it as CSV"),
        (b'a,b\n1,2\n"3,4\n5,6\n', "a quote near line 3 is never closed"),
        (b'a,b\n"' + b"x,1\n" * 60_000, "a quote near line 2 is never closed"),
    ],
)
def test_what_is_no_table(tmp_path: Path, content: bytes, sentence: str) -> None:
    file = tmp_path / "table.csv"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=sentence):
        read_table(file)


def test_parquet_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ValueError, match=r"^A Parquet file needs pyarrow: install with .*pip install pyarrow"):
        read_table(written(tmp_path, "", "table.parquet"))


@pytest.mark.skipif(importlib.util.find_spec("pyarrow") is None, reason="pyarrow is not installed")
def test_parquet(tmp_path: Path) -> None:
    import datetime
    import decimal

    import pyarrow
    import pyarrow.parquet

    from lrgui.tasks.data.tables.header import columns

    file = tmp_path / "table.parquet"
    day = datetime.date(1970, 1, 3)
    cells = pyarrow.table(
        {
            "whole": [1, None, 3],
            "float": [1.5, 2.5, None],
            "money": [decimal.Decimal("1.25"), None, decimal.Decimal("2.50")],
            "flag": [True, None, False],
            "word": ["a", None, "b"],
            "kind": pyarrow.array(["x", "y", "x"]).dictionary_encode(),
            "day": [day, None, day],
            "time": [datetime.datetime(1970, 1, 2, 12), None, None],
            "list": [[1], [2], None],
            "nothing": pyarrow.nulls(3),
            "clock": [datetime.time(6), None, datetime.time(18)],
            "lasting": [datetime.timedelta(hours=36), None, datetime.timedelta(0)],
            "view": pyarrow.array(["a", None, "b"], pyarrow.string_view()),
        }
    )
    pyarrow.parquet.write_table(cells, file)
    assert columns(str(file)) == cells.column_names
    found = {column.name: column for column in read_table(file).columns}
    np.testing.assert_equal(found["whole"].values, [1, np.nan, 3])
    np.testing.assert_equal(found["float"].values, [1.5, 2.5, np.nan])
    np.testing.assert_equal(found["money"].values, [1.25, np.nan, 2.5])
    assert words(found["flag"]) == ["true", "", "false"]
    assert words(found["word"]) == ["a", "", "b"]
    assert words(found["kind"]) == ["x", "y", "x"]
    np.testing.assert_equal(found["day"].values, [2, np.nan, 2])
    np.testing.assert_equal(found["time"].values, [1.5, np.nan, np.nan])
    assert not found["list"].readable
    np.testing.assert_equal(found["clock"].values, [0.25, np.nan, 0.75])
    np.testing.assert_equal(found["lasting"].values, [1.5, np.nan, 0])
    assert words(found["view"]) == ["a", "", "b"]
    assert np.isnan(found["nothing"].values).all()
    file.write_bytes(b"PAR1 nothing of the kind")
    said = r"^table.parquet is not a readable Parquet file \([^/]*[^.]\): write it again, or choose another file[.]$"
    with pytest.raises(ValueError, match=said):
        read_table(file)


@pytest.mark.skipif(importlib.util.find_spec("pyarrow") is None, reason="pyarrow is not installed")
def test_the_index_of_a_pandas_table_is_not_its_last_column(tmp_path: Path) -> None:
    import pandas

    from lrgui.tasks.data.tables.header import columns

    file = tmp_path / "table.parquet"

    def write(index: str | None) -> None:
        pandas.DataFrame({"a": [1, 2], "y": [3, 4]}, pandas.Index([5, 6], name=index)).to_parquet(file)

    write(None)
    assert columns(str(file)) == [column.name for column in read_table(file).columns] == ["a", "y"]
    write("day")
    assert columns(str(file)) == [column.name for column in read_table(file).columns] == ["day", "a", "y"]
    np.testing.assert_equal(read_table(file).columns[0].values, [5, 6])


def test_a_packed_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lrgui.tasks.data.tables.header import columns

    file = tmp_path / "table.csv.gz"
    file.write_bytes(gzip.compress("größe,b\n1,x\n2,y\n".encode("utf-16")))
    assert columns(str(file)) == ["größe", "b"]
    np.testing.assert_equal(read_table(file).columns[0].values, [1, 2])
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(ValueError, match=r"cannot be unpacked .*: copy or download it again"):
        read_table(file)
    file.write_bytes(b"no such thing")
    with pytest.raises(ValueError, match=r"cannot be unpacked .*: copy or download it again"):
        read_table(file)
    for mark in ("", "\ufeff"):
        file.write_bytes(gzip.compress((mark + "a,b\n" + "1,2\n" * 1_000_000).encode()))
        monkeypatch.setattr(limits, "free_ram", lambda: 2_000_000)
        with pytest.raises(ValueError, match=r"table.csv.gz unpacks to more than 1 MB, half of .*: keep fewer rows"):
            read_table(file)


def test_a_table_larger_than_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "free_ram", lambda: 1000)
    with pytest.raises(ValueError, match=r"table.csv takes 8 kB of memory, but only 1 kB is free: keep fewer rows"):
        read_table(written(tmp_path, "1,2\n" * 1000))


def test_a_python_without_pandas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    for name in ("table.csv", "table.parquet"):
        with pytest.raises(
            ValueError,
            match=r"^Table .* needs pandas: install with .* -m pip install pandas”, or choose",
        ):
            read_table(written(tmp_path, "a,b\n1,2\n", name))
