"""An outage: MLflow, its server or its database did not do what was asked, in whatever way."""

import threading
from collections.abc import Callable
from typing import TypeVar

from unirain_core.errors import UniRainError, without_password

Result = TypeVar("Result")

_LONGEST = 300
"""Characters of an answer that a message quotes; a server may answer with a whole page."""


class OutageError(UniRainError):
    """MLflow did not do what was asked."""


def guarded(call: Callable[[], Result]) -> Result:
    """The result of a call that speaks to MLflow.

    Raises:
        OutageError: the call failed in any way.
    """
    try:
        return call()
    except OutageError:
        raise
    except Exception as error:
        # A server can answer anything at all, and MLflow's client then raises anything at all: errors of its own, of
        # protobuf, requests and SQLAlchemy, KeyError, AttributeError. None of them may stop a training.
        text = without_password(" ".join(str(error).split()))[:_LONGEST]
        raise OutageError(text or type(error).__name__) from error


def within(seconds: float | None, call: Callable[[], Result]) -> Result:
    """The result of a call, waited for no longer than this.

    Args:
        seconds: None: until it ends. A call that does not end in time goes on in a thread of its own, which ends with
            the process.
        call: speaks to MLflow.

    Raises:
        OutageError: the call failed in any way, or did not end in time; the cause is then a TimeoutError.
    """
    if seconds is None:
        return guarded(call)
    results: list[Result] = []
    failures: list[OutageError] = []

    def run() -> None:
        try:
            results.append(guarded(call))
        except OutageError as error:
            failures.append(error)

    thread = threading.Thread(target=run, daemon=True, name="mlflow")
    thread.start()
    thread.join(seconds)
    if failures:
        raise failures[0]
    if not results:
        raise OutageError(f"no whole answer within {seconds:.0f} s") from TimeoutError()
    return results[0]
