import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirain_core.tracking.events import Event, event_of, fingerprint, line_of

EVENTS = [
    Event(kind="metrics", step=5, time=1000, metrics={"loss/drs": 0.5, "af": 1e-9}),
    Event(kind="picture", step=5, time=1001, name="drs", file="pictures/drs-0000005.png"),
    Event(kind="failed", step=0, time=1002, name="the loss is not finite"),
    Event(kind="current", step=0, time=1003),
]


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_is_read_as_it_was_written(event):
    assert event_of(line_of(event).encode()) == event


@given(st.sampled_from(EVENTS), st.data())
def test_a_line_with_a_flipped_bit_is_left_out_or_says_the_same(event, data):
    line = bytearray(line_of(event).rstrip("\n").encode())
    at = data.draw(st.integers(0, len(line) - 1))
    line[at] ^= 1 << data.draw(st.integers(0, 7))

    assert event_of(bytes(line)) in (None, event)


@given(st.binary())
def test_garbage_is_no_event(content):
    assert event_of(content) is None


@pytest.mark.parametrize(
    "facts",
    [
        {"kind": "metrics", "step": "5", "time": 1, "metrics": {}},
        {"kind": "metrics", "step": 5, "time": 1, "metrics": {"a": "b"}},
        {"kind": "metrics", "step": 5, "time": 1, "metrics": {"a": float("nan")}},
        {"kind": "picture", "step": 5, "time": 1, "name": "a", "file": "../../x"},
        {"kind": "start", "step": 0, "time": 1, "content": {"key": "../x", "variant": "v"}},
        {"kind": "finish", "step": 0, "time": 1, "content": {"psnr": 1}},
        {"kind": "odd", "step": 0, "time": 1},
        [1],
        None,
    ],
)
def test_a_line_of_other_types_is_left_out(facts):
    assert event_of(json.dumps(facts).encode()) is None


def test_fields_of_a_newer_program_are_passed_over():
    facts = {"kind": "metrics", "step": 5, "time": 1, "metrics": {"a": 1.0}, "colour": "blue"}

    assert event_of(json.dumps(facts).encode()) == Event(kind="metrics", step=5, time=1, metrics={"a": 1.0})


def test_a_fingerprint_tells_events_and_their_order():
    assert (
        len({fingerprint(EVENTS), fingerprint(EVENTS[:3]), fingerprint(EVENTS[::-1]), fingerprint([])}) == 4
    )
