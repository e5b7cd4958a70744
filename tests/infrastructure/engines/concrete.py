"""A template's policies as IAM would have them, with references resolved for one account and Region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.infrastructure.conftest import Document, Template


@dataclass(frozen=True)
class Deployed:
    template: Template
    account: str
    region: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    partition: str = "aws"

    def role(self, start: str) -> str:
        found = [
            name
            for name, item in self.template.resources.items()
            if item["Type"] == "AWS::IAM::Role" and name.startswith(start)
        ]
        assert len(found) == 1, found
        return found[0]

    def arn(self, role: str) -> str:
        name = self.template.resources[role]["Properties"].get("RoleName", role)
        return f"arn:{self.partition}:iam::{self.account}:role/{self.resolve(name)}"

    def trust(self, role: str) -> Document:
        found: Document = self.resolve(self.template.resources[role]["Properties"]["AssumeRolePolicyDocument"])
        return found

    def inline(self, role: str) -> list[Document]:
        return self._policies("AWS::IAM::Policy", role)

    def managed(self, role: str) -> list[Document]:
        """Return the policies that the CDK made because they do not fit inline."""
        return self._policies("AWS::IAM::ManagedPolicy", role)

    def policies(self, role: str) -> list[Document]:
        properties = self.template.resources[role]["Properties"]
        assert not properties.get("ManagedPolicyArns")
        assert not properties.get("Policies")
        return [*self.inline(role), *self.managed(role)]

    def resolve(self, value: Any) -> Any:
        """Return the value that CloudFormation would use. Raises KeyError for unknown references."""
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if not isinstance(value, dict):
            return value
        function = next(iter(value), "")
        if function.startswith(("Ref", "Fn::")):
            return self._resolved(function, value[function])
        return {key: self.resolve(item) for key, item in value.items()}

    def _resolved(self, function: str, argument: Any) -> Any:
        match function:
            case "Ref":
                return self._other(argument) if argument in self.template.resources else self._known[argument]
            case "Fn::Join":
                return argument[0].join(self.resolve(part) for part in argument[1])
            case "Fn::FindInMap":
                mapping, first, second = self.resolve(argument)
                return self.template.section("Mappings")[mapping][first][second]
            case "Fn::GetAtt":
                name, attribute = argument
                assert attribute in ("Arn", "StreamArn")
                is_role = self.template.resources[name]["Type"] == "AWS::IAM::Role"
                return self.arn(name) if is_role else self._other(name)
        raise KeyError(function)

    def _other(self, name: str) -> str:
        return f"arn:{self.partition}:other:{self.region}:{self.account}:{name}"

    def _policies(self, kind: str, role: str) -> list[Document]:
        attached = [policy for policy in self.template.of_type(kind) if {"Ref": role} in policy["Roles"]]
        return [self.resolve(policy["PolicyDocument"]) for policy in attached]

    @property
    def _known(self) -> dict[str, str]:
        own = {"AWS::Partition": self.partition, "AWS::AccountId": self.account, "AWS::Region": self.region}
        return {**own, **self.parameters}
