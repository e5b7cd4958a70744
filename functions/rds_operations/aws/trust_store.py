"""One trust store for all clients of a function.

botocore makes an SSL context for each client, and each reads the whole bundle of certificates when it first connects:
36 ms of CPU, four times in a cold Execute.
"""

from __future__ import annotations

import functools
import ssl
from typing import Any

from botocore import httpsession


class TrustStore(ssl.SSLContext):
    """An SSL context that reads each bundle once, however often a connection asks for it."""

    def load_verify_locations(self, cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:
        wanted = (cafile, capath, cadata)
        loaded: set[Any] = self.__dict__.setdefault("_loaded", set())
        if wanted not in loaded:
            super().load_verify_locations(cafile, capath, cadata)
            loaded.add(wanted)


def share_trust_store() -> None:
    """Give all clients that are made from now on the same SSL context.

    The names are botocore's own, not its interface: where a version lacks them, each client has its context as before.
    """
    make = getattr(httpsession, "create_urllib3_context", None)
    if make is None or not hasattr(httpsession, "SSLContext") or hasattr(make, "cache_info"):
        return
    httpsession.SSLContext = TrustStore
    httpsession.create_urllib3_context = functools.cache(make)
