"""A program that is `lrgui study FILE`, but makes its runs up; all but the first wait while there is a certain file."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

from conftest_of_studies import Scripted, events_of

from lrgui.studies.executor import LocalPool
from lrgui.studies.plan import planned
from lrgui.studies.start import described, driver_of


class Held(Scripted):
    """Waits while there is the file, but for the first one."""

    count = 0

    def chunks(self):
        Held.count += 1
        while Held.count > 1 and Path(sys.argv[1]).exists() and not self.stop.is_set():
            time.sleep(0.01)
        yield from super().chunks()


def main() -> None:
    """The arguments are the file, "study", and what is to be run, a file or a folder."""
    spec, how, place = described(sys.argv[3])
    from lrgui.studies.driver import Watch

    driver = driver_of(planned(spec), how, place, LocalPool(1, lambda job: Held(events_of(job))), Watch())
    signal.signal(signal.SIGTERM, lambda *_: driver.cancel())
    try:
        driver.run()
    except ValueError as error:
        sys.exit(f"lrgui: {error}")


if __name__ == "__main__":
    if not Path(sys.argv[3]).exists():
        sys.exit("lrgui: there is no such file")
    main()
