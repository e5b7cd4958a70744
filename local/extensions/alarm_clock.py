"""Extension: alarms are evaluated all the time, and POST {"seconds": 3600} to /_local/clock moves their clock.

Moving it makes all datapoints older, and what waits in queues; the rules and their periods stay as they are deployed.
The answer has the state of each alarm then.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app
from ministack.services import cloudwatch

from local.extensions import metric_alarms, queue_metrics, stream_batches

CLOCK_PATH = "/_local/clock"
_EVERY_SECONDS = 5
"""CloudWatch does so every minute, and for periods under a minute every 10 s."""


def install() -> None:
    app.app = _with_clock(app.app)
    threading.Thread(target=_evaluate_for_ever, daemon=True).start()


def _with_clock(serve: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    async def clock(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] != CLOCK_PATH:
            await serve(scope, receive, send)
            return
        _move(float(json.loads((await receive())["body"])["seconds"]))
        answer = {alarm["AlarmName"]: alarm["StateValue"] for alarm in list(cloudwatch._alarms._data.values())}
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    return clock


def _move(seconds: float) -> None:
    for points in list(cloudwatch._metrics._data.values()):
        for point in list(points):
            point["Timestamp"] -= seconds
    queue_metrics.make_older(seconds)
    stream_batches.make_older(seconds)
    _evaluate()


def _evaluate() -> None:
    queue_metrics.measure()
    metric_alarms.evaluate_all()


def _evaluate_for_ever() -> None:
    while True:
        time.sleep(_EVERY_SECONDS)
        try:
            _evaluate()
        except Exception:
            logging.getLogger(__name__).exception("alarms were not evaluated")
