"""Rules of params that turn paths into other names, applied within a bounded time."""

import re
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from unirain_core.errors import ConfigError

SECONDS = 5.0
"""CPU time for all paths of a dataset; a sound pattern needs a millionth of a second for a path."""

SECONDS_PER_PATH = 1e-4
"""Further CPU time, so that a million paths are no fault of the pattern."""


def expansions(key: str, rule: tuple[str, str], paths: Sequence[str]) -> dict[str, str]:
    """Path to the name that a rule gives it; paths that the pattern does not match whole are left out.

    Args:
        key: of the rule in params, for the message.
        rule: pattern and replacement.
        paths: relative input paths.

    Raises:
        ConfigError: pattern or replacement cannot be read, or the pattern takes too long.
    """
    pattern, replacement = rule
    path, names = "", {}
    try:
        with _cpu_limit(SECONDS + SECONDS_PER_PATH * len(paths)):
            compiled = re.compile(pattern)
            for path in paths:
                match = compiled.fullmatch(path)
                if match:
                    names[path] = match.expand(replacement)
    except (
        re.error,
        IndexError,
        RecursionError,
        OverflowError,
    ) as error:  # IndexError: no group of that name
        raise ConfigError(f"{key}: {pattern!r} -> {replacement!r} is no rule: {error}") from None
    except _TooSlowError:
        raise ConfigError(
            f"{key}: the pattern {pattern!r} takes too long (it was at {path or 'its own reading'}); "
            "take out repeats within repeats, such as (a+)+"
        ) from None
    return names


class _TooSlowError(Exception):
    """The time is over."""


@contextmanager
def _cpu_limit(seconds: float) -> Iterator[None]:
    """Interrupt the block after some CPU time of this process: Python's `re` looks for signals while it matches.

    Only the main thread receives signals; in another thread there is no limit.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise _TooSlowError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
