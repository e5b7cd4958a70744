"""A place where databases are: an account and a Region."""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST_REGION = 25
"""Characters; AWS has none of more than 14."""
_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]", re.ASCII)


def is_account(text: str) -> bool:
    """Tell whether it is an account id."""
    return bool(_ACCOUNT.fullmatch(text))


def is_region(text: str) -> bool:
    """Tell whether a Region could be named so."""
    return len(text) <= LONGEST_REGION and bool(_REGION.fullmatch(text))


@dataclass(frozen=True, order=True)
class Place:
    account_id: str
    region: str

    @classmethod
    def of_arn(cls, arn: str) -> Place:
        """Read it from `arn:<partition>:rds:<region>:<account>:<kind>:<name>`."""
        _arn, _partition, _service, region, account_id, *_resource = arn.split(":")
        return cls(account_id, region)

    def __str__(self) -> str:
        return f"account {self.account_id}, Region {self.region}"
