"""A program that is `lrgui study FILE`, but makes its runs up: one every so many seconds."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

from conftest_of_studies import Scripted, events_of

from lrgui.studies.executor import LocalPool
from lrgui.studies.plan import planned
from lrgui.studies.start import described, driver_of


class Slow(Scripted):
    """Takes its time."""

    def chunks(self):
        time.sleep(float(sys.argv[1]))
        yield from super().chunks()


def main() -> None:
    """The arguments are the seconds, "study", and the file or the folder."""
    spec, how, place = described(sys.argv[3])
    from lrgui.studies.driver import Watch

    driver = driver_of(planned(spec), how, place, LocalPool(1, lambda job: Slow(events_of(job))), Watch())
    signal.signal(signal.SIGTERM, lambda *_: driver.cancel())
    try:
        driver.run()
    except ValueError as error:
        sys.exit(f"lrgui: {error}")


if __name__ == "__main__":
    if not Path(sys.argv[3]).exists():
        sys.exit("lrgui: there is no such file")
    main()
