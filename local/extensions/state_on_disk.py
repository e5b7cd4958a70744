"""Extension: writes the cloud's state to disk all the time, so that it survives a kill -9.

MiniStack writes it only when it is stopped normally. This needs PERSIST_STATE=1.
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
