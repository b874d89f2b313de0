"""A process that ends others when the one that started it is gone: `python watch.py PID ...`, with a pipe from the starter.

It stands by itself, so that it starts quickly. A process is known by its pid and by its time of start: the pid of one that
ended long ago may be a stranger's by then.
"""

import contextlib
import sys
from collections.abc import Sequence

import psutil


def main() -> None:
    """Wait for the end of the pipe, and kill the processes that were named."""
    watched: list[psutil.Process] = []
    for pid in sys.argv[1:]:
        with contextlib.suppress(psutil.NoSuchProcess):
            watched.append(psutil.Process(int(pid)))
    sys.stdin.read()
    end(watched)


def end(processes: Sequence[psutil.Process]) -> None:
    """Kill processes, but none that has only the pid of one of them."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()  # refuses where another process bears the pid by now


if __name__ == "__main__":
    main()
