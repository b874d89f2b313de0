"""Becomes another Python program whose life is tied to the process that asked for it (Linux).

`python -m unirain_assets.launcher PARENT_PID -m dvc repro` is `python -m dvc repro`, except that the kernel ends
it when process PARENT_PID ends, also by kill -9. A program of its own, and free of imports, because code between
fork and exec is unsafe in a parent with threads. The parent's thread that starts it must live as long as it does.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: int, arguments: list[str]) -> None:
    """Tie this process to its parent, take back the default signals, and become the program; never returns."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(128 + signal.SIGTERM)
    # a shell's `&` hands down an ignored SIGINT, and Dagster then makes SIGTERM the same; the program must end by both
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.execv(sys.executable, [sys.executable, *arguments])


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
