"""A place where databases are: an account and a Region."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Place:
    account_id: str
    region: str

    @classmethod
    def of_arn(cls, arn: str) -> Place:
        """arn:<partition>:rds:<region>:<account>:<kind>:<name>"""
        _arn, _partition, _service, region, account_id, *_resource = arn.split(":")
        return cls(account_id, region)

    def __str__(self) -> str:
        return f"account {self.account_id}, Region {self.region}"
