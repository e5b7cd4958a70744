"""A synthesised template, as it would be in one account and Region: names, policies and state machines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

Document = dict[str, Any]
_KINDS = {
    "AWS::DynamoDB::Table": ("dynamodb", "table/{name}", "TableName"),
    "AWS::Logs::LogGroup": ("logs", "log-group:{name}:*", "LogGroupName"),
    "AWS::Lambda::Function": ("lambda", "function:{name}", "FunctionName"),
    "AWS::StepFunctions::StateMachine": ("states", "stateMachine:{name}", "StateMachineName"),
    "AWS::SQS::Queue": ("sqs", "{name}", "QueueName"),
    "AWS::SNS::Topic": ("sns", "{name}", "TopicName"),
    "AWS::IAM::Role": ("iam", "role/{name}", "RoleName"),
    "AWS::IAM::ManagedPolicy": ("iam", "policy/{name}", "ManagedPolicyName"),
}
"""The service of a resource's ARN, its last part, and the property that names it."""
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9-]")


class Policy(NamedTuple):
    """`resource_type` is empty for an identity policy."""

    name: str
    document: Document
    resource_type: str = ""


class Definition(NamedTuple):
    """`kind` is STANDARD or EXPRESS; `text` is the definition with its substitutions made."""

    name: str
    kind: str
    text: str


@dataclass(frozen=True)
class Template:
    document: Document
    account: str
    region: str
    partition: str

    @classmethod
    def read(cls, path: Path, account: str, region: str, partition: str) -> Template:
        return cls(json.loads(path.read_text()), account, region, partition)

    def named(self, kind: str) -> dict[str, Document]:
        """Return the resources of a kind that have a fixed name, by that name."""
        name_property = _KINDS[kind][2]
        found = {
            self.resolve(item["Properties"][name_property]): item
            for item in self._resources().values()
            if item["Type"] == kind and name_property in item.get("Properties", {})
        }
        return {str(name): item for name, item in found.items()}

    def definitions(self) -> Iterator[Definition]:
        for item in self._resources().values():
            if item["Type"] == "AWS::StepFunctions::StateMachine":
                properties = self.resolve(item["Properties"])
                text = properties["DefinitionString"]
                for name, value in properties.get("DefinitionSubstitutions", {}).items():
                    text = text.replace(f"${{{name}}}", str(value))
                yield Definition(properties["StateMachineName"], properties["StateMachineType"], text)

    def policies(self) -> Iterator[Policy]:
        """Yield every policy: of roles, their trusts, and those of queues."""
        for name, item in self._resources().items():
            properties = self.resolve(item.get("Properties", {}))
            if item["Type"] in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
                yield Policy(name, properties["PolicyDocument"])
            if item["Type"] == "AWS::IAM::Role":
                trust = properties["AssumeRolePolicyDocument"]
                yield Policy(f"{name} (trust)", trust, "AWS::IAM::AssumeRolePolicyDocument")

    def alarm_topic(self) -> tuple[str, bool]:
        """Return the ARN of the topic that the alarms tell, and whether it is given, not the stack's own."""
        alarms = [item for item in self._resources().values() if item["Type"] == "AWS::CloudWatch::Alarm"]
        (topic,) = alarms[0]["Properties"]["AlarmActions"]
        return str(self.resolve(topic)), isinstance(topic, str)

    def resolve(self, value: Any) -> Any:
        """Put in what CloudFormation would; of what it would make up a name, a name that could be one."""
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if not isinstance(value, dict):
            return value
        function = next(iter(value), "")
        if function in _FUNCTIONS:
            return _FUNCTIONS[function](self, value[function])
        return {key: self.resolve(item) for key, item in value.items()}

    def _join(self, argument: list[Any]) -> str:
        return str(argument[0]).join(str(self.resolve(part)) for part in argument[1])

    def _find(self, argument: list[Any]) -> Any:
        mapping, first, second = argument
        return self.document["Mappings"][mapping][self.resolve(first)][second]

    def _ref(self, name: str) -> str:
        pseudo = {
            "AWS::Partition": self.partition,
            "AWS::Region": self.region,
            "AWS::AccountId": self.account,
            "AWS::URLSuffix": "amazonaws.com",
        }
        if name in pseudo:
            return pseudo[name]
        parameter = self.document.get("Parameters", {}).get(name)
        if parameter:
            return str(parameter.get("Default") or self.account)
        return self._arn(name) if self._resources()[name]["Type"] in _REFS_ARE_ARNS else self._name(name)

    def _attribute(self, argument: list[str]) -> str:
        name, attribute = argument
        return self._arn(name) if attribute == "Arn" else self._name(name)

    def _arn(self, name: str) -> str:
        service, resource, _property = _KINDS.get(self._resources()[name]["Type"], ("execute-api", "{name}", ""))
        region = "" if service == "iam" else self.region
        return f"arn:{self.partition}:{service}:{region}:{self.account}:" + resource.format(name=self._name(name))

    def _name(self, name: str) -> str:
        item = self._resources()[name]
        given = item.get("Properties", {}).get(_KINDS.get(item["Type"], ("", "", ""))[2])
        return str(self.resolve(given)) if given else _NOT_IN_NAMES.sub("-", name)

    def _resources(self) -> dict[str, Document]:
        found: dict[str, Document] = self.document["Resources"]
        return found


_REFS_ARE_ARNS = ("AWS::IAM::ManagedPolicy", "AWS::SNS::Topic", "AWS::StepFunctions::StateMachine")
_FUNCTIONS: dict[str, Callable[[Template, Any], Any]] = {
    "Ref": Template._ref,
    "Fn::GetAtt": Template._attribute,
    "Fn::Join": Template._join,
    "Fn::FindInMap": Template._find,
}
