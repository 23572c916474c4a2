"""What one browser is sent: never more than two on the way, never an older picture."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from realtime.web.flow import LIMIT, Flow


def test_two_are_sent_at_once_and_then_the_newest_for_each_acknowledged() -> None:
    flow: Flow[int] = Flow()
    sent = []
    for number in range(5):
        flow.offer(number, key=True)
        sent.append(flow.take())
    assert sent == [0, 1, None, None, None]
    assert flow.acknowledge()
    assert (flow.take(), flow.take()) == (4, None)
    assert flow.dropped == 2


def test_what_was_not_sent_cannot_be_acknowledged() -> None:
    flow: Flow[int] = Flow()
    assert not flow.acknowledge()
    flow.offer(1, key=True)
    assert not flow.acknowledge()
    flow.take()
    assert flow.acknowledge()
    assert not flow.acknowledge()


def test_a_picture_that_builds_on_one_that_is_not_sent_is_not_sent_either() -> None:
    flow: Flow[str] = Flow()
    flow.offer("a delta, for one who just came", key=False)
    assert flow.take() is None
    assert flow.wants_key
    flow.offer("key", key=True)
    assert not flow.wants_key
    assert flow.take() == "key"
    flow.offer("delta 1", key=False)
    assert flow.take() == "delta 1"
    flow.offer("delta 2", key=False)  # waits, and is of use
    assert not flow.wants_key
    flow.offer("delta 3", key=False)
    assert flow.wants_key
    flow.acknowledge()
    assert flow.take() == "delta 2"
    flow.acknowledge()
    flow.offer("delta 4", key=False)
    assert flow.take() is None
    flow.offer("key 5", key=True)
    assert flow.take() == "key 5"
    assert flow.dropped == 3


@given(st.lists(st.sampled_from(["key", "delta", "take", "acknowledge"]), max_size=60))
def test_no_gap_before_a_delta_whatever_happens(steps: list[str]) -> None:
    flow: Flow[tuple[int, bool]] = Flow()
    offered, last = 0, None
    for step in steps:
        if step in ("key", "delta"):
            offered += 1
            flow.offer((offered, step == "key"), key=step == "key")
        elif step == "acknowledge":
            flow.acknowledge()
        elif (item := flow.take()) is not None:
            number, is_key = item
            assert is_key or number - 1 == last
            last = number


@given(st.lists(st.sampled_from(["offer", "take", "acknowledge"]), max_size=60))
def test_whatever_happens(steps: list[str]) -> None:
    flow: Flow[int] = Flow()
    offered, sent, acknowledged = 0, [], 0
    for step in steps:
        if step == "offer":
            offered += 1
            flow.offer(offered, key=True)
        elif step == "take":
            item = flow.take()
            if item is not None:
                assert item == offered  # the newest, never an older one
                sent.append(item)
        else:
            acknowledged += flow.acknowledge()
        assert flow.in_flight == len(sent) - acknowledged
        assert 0 <= flow.in_flight <= LIMIT
    assert sent == sorted(set(sent))
    waiting = flow.in_flight < LIMIT and flow.take() is not None
    assert flow.dropped + len(sent) + waiting <= offered
