"""The share of a CPU that Lambda gives a memory size, made with a group of processes (cgroup) where that can be.

One vCPU comes with 1,769 MB, a smaller size has its part of it.
https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WHOLE_CPU_MB = 1769
_PERIOD = 20_000
"""Microseconds. Lambda's own period is that long, as far as is known: it is not documented."""
_CGROUPS = Path("/sys/fs/cgroup")


@contextmanager
def group(megabytes: int) -> Iterator[str]:
    """Make a group, and yield the file that takes its processes; an empty text where this machine lets us make none."""
    folder = (_CGROUPS / "cpu" if (_CGROUPS / "cpu").is_dir() else _CGROUPS) / f"bench-{os.getpid()}-{megabytes}"
    try:
        folder.mkdir()
    except OSError:
        yield ""
        return
    try:
        yield str(folder / "cgroup.procs") if _limit(folder, megabytes) else ""
    finally:
        folder.rmdir()


def modelled(cpu: float, waited: float, megabytes: int) -> float:
    """Return how long work takes at a memory size: its CPU time stretched, its waiting not."""
    return cpu * max(1.0, WHOLE_CPU_MB / megabytes) + max(0.0, waited)


def _limit(folder: Path, megabytes: int) -> bool:
    quota = int(_PERIOD * megabytes / WHOLE_CPU_MB)
    try:
        if (folder / "cpu.max").exists():  # version 2
            (folder / "cpu.max").write_text(f"{quota} {_PERIOD}")
        else:
            (folder / "cpu.cfs_period_us").write_text(str(_PERIOD))
            (folder / "cpu.cfs_quota_us").write_text(str(quota))
    except OSError:
        return False
    return True
