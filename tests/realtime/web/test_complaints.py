"""What strangers do wrong is said once a kind, and counted."""

from __future__ import annotations

import logging

from realtime.web.complaints import ComplaintHandler, Complaints


def test_each_kind_is_said_once_and_summed_up_at_the_end() -> None:
    said: list[str] = []
    complaints = Complaints(said.append)
    for _ in range(1000):
        complaints.add("no token", "a browser had no token")
    complaints.add("garbage", "somebody sent garbage")
    assert said == [
        "web: a browser had no token (said once)",
        "web: somebody sent garbage (said once)",
    ]
    complaints.summarise()
    assert said[2:] == ["web: no token: 1000 times"]


def test_what_a_library_logs_is_one_complaint_a_kind_of_error() -> None:
    said: list[str] = []
    logger = logging.Logger("a library")
    logger.addHandler(ComplaintHandler(Complaints(said.append)))
    for number in range(3):
        try:
            raise ValueError(f"wrong {number}")
        except ValueError:
            logger.exception("Error handling %s", "request")
    logger.debug("nothing")
    assert said == ["web: Error handling request: ValueError('wrong 0') (said once)"]
