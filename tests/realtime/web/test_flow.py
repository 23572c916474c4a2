"""What one browser is sent: never more than two on the way, never an older picture."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from realtime.web.flow import LIMIT, Flow


def test_two_are_sent_at_once_and_then_the_newest_for_each_acknowledged() -> None:
    flow: Flow[int] = Flow()
    sent = []
    for number in range(5):
        flow.offer(number)
        sent.append(flow.take())
    assert sent == [0, 1, None, None, None]
    assert flow.acknowledge()
    assert (flow.take(), flow.take()) == (4, None)
    assert flow.dropped == 2


def test_what_was_not_sent_cannot_be_acknowledged() -> None:
    flow: Flow[int] = Flow()
    assert not flow.acknowledge()
    flow.offer(1)
    assert not flow.acknowledge()
    flow.take()
    assert flow.acknowledge()
    assert not flow.acknowledge()


@given(st.lists(st.sampled_from(["offer", "take", "acknowledge"]), max_size=60))
def test_whatever_happens(steps: list[str]) -> None:
    flow: Flow[int] = Flow()
    offered, sent, acknowledged = 0, [], 0
    for step in steps:
        if step == "offer":
            offered += 1
            flow.offer(offered)
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
