"""Extension: the state of the cloud, written to disk every moment, so that it survives a kill -9.

MiniStack writes its state when it is stopped in order. Only where the server was started with PERSIST_STATE=1.
"""

from __future__ import annotations

import threading
import time

from ministack import app
from ministack.core import persistence

_EVERY_SECONDS = 0.5


def install() -> None:
    if not persistence.PERSIST_STATE:
        return
    load = app._load_persisted_state

    def load_then_save() -> None:
        load()
        threading.Thread(target=_save_for_ever, daemon=True).start()

    app._load_persisted_state = load_then_save


def _save_for_ever() -> None:
    while True:
        time.sleep(_EVERY_SECONDS)
        persistence.save_all(app._build_persistence_save_dict())
