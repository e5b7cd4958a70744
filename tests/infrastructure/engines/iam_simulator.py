"""Decides as IAM would, with npm's `@cloud-copilot/iam-simulate` in its own process.

The library has AWS's service authorization data: actions, their resources and their condition keys.

Each question is one action on one resource. An action that needs several (`rds:CreateDBSnapshot`: the database and the
snapshot) takes one question for each, with that resource's context, and all must be allowed.

The library evaluates a session policy: it and the identity policies must both allow, and a Deny of either holds.

Case: neither AWS nor the library distinguishes it in a condition key's name, so `aws:ResourceTag/environment` in a
policy is `aws:ResourceTag/Environment` in a request. AWS does distinguish it in the tag name of `rds:db-tag/ENV`
(*Custom tag identifiers are case-sensitive*, RDS User Guide, "Specifying conditions: Using custom tags"), but the
library does not. So this module marks capitals in the keys of RDS's tag families, in policies and context, before the
library sees them. It refuses a context with two keys that differ only in case, because AWS does not say which counts.

`SimulationRefused` is raised, with the library's words where it refuses, for:
- an unknown action or service, a resource type that the action does not take, a context key that it does not have
- a policy that does not parse, or has an unknown condition operator (the library: a condition never met)
- a resource with a wildcard, unless the action takes only `*` (the library: allowed if any part of it is)
- a list for a key that has one value (the library: its first)
- assuming a role without its trust policy (the library: allowed within the account)
- a principal that is no ARN and no service, a resource of another account than `account` (the library: denied)

`sts:AssumeRole`: `resource` is the role, `account` the role's, `resource_policy` its trust policy, `principal` the
caller with its `policies`. Within the account, a trust policy that names the caller is enough. If it names the account,
or the caller is in another one, the caller's policies must also allow it. A service needs only the trust policy.

It cannot:
- fill in the context: `aws:PrincipalArn`, `aws:SourceAccount`, `aws:PrincipalTag` are absent unless given
- know which global keys an action cannot have, except `aws:ResourceTag` and `aws:RequestTag`
- know the keys of an OIDC provider (`token.actions.githubusercontent.com:sub`): it refuses requests with them
- ask for `sts:TagSession` and `sts:SetSourceIdentity` where AssumeRole implies them: they are separate questions
- model a session's duration or chaining, or the caller's unique id that AWS keeps in a trust policy for its ARN
- let a resource policy that names a session ARN override its session policy, as AWS does (here: denied)
- tell that a policy names an unknown action or condition key: as on AWS, it matches nothing
- evaluate service control, resource control and endpoint policies: the library could, but nothing here needs it
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from tests.infrastructure.engines.harness import Harness

Document = Mapping[str, Any]
Context = Mapping[str, str | list[str]]

HARNESS = Path(__file__).parent / "simulate.mjs"
MODULE = Path(__file__).parents[3] / "node_modules" / "@cloud-copilot" / "iam-simulate"
_TAKES_ON_A_ROLE = re.compile(r"sts:(AssumeRole|TagSession|SetSourceIdentity)", re.IGNORECASE)
_PRINCIPAL = re.compile(r"arn:[^:]+:(iam|sts)::\d{12}:.+|[a-z0-9.-]+\.amazonaws\.com")
_RDS_TAG = re.compile(r"((?:^|\$\{)rds:[a-z-]+-tag/)([^}]*)", re.IGNORECASE)
_OPERATOR = re.compile(
    r"(ForAnyValue:|ForAllValues:)?"
    r"(String(Not)?(Equals(IgnoreCase)?|Like)|(Numeric|Date)((Not)?Equals|(Less|Greater)Than(Equals)?)"
    r"|Bool|BinaryEquals|(Not)?IpAddress|Arn(Not)?(Equals|Like))(IfExists)?|Null",
    re.IGNORECASE,
)


class SimulationRefused(Exception):
    """Report a request or policy that cannot exist."""


@dataclass(frozen=True)
class Decision:
    result: str
    """`Allowed`, `ImplicitlyDenied` or `ExplicitlyDenied`."""
    question: str
    analyses: Sequence[Document]
    """What the library says on each kind of policy and its statements, in marked keys."""

    @property
    def allowed(self) -> bool:
        return self.result == "Allowed"

    @property
    def explicit_deny(self) -> bool:
        return self.result == "ExplicitlyDenied"

    @property
    def explanation(self) -> str:
        """Return the message for `assert decision.allowed, decision.explanation`."""
        return "\n".join([f"{self.result}: {self.question}", *_explained(_unmarked(self.analyses))])


class Simulator(Harness):
    """Run one Node process for all decisions, until `close`."""

    def __init__(self) -> None:
        # `make setup` may have put Node into the virtual environment.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
        node = shutil.which("node", path=path)
        if node is None or not MODULE.exists():
            raise RuntimeError(f"{'Node.js' if node is None else MODULE} is missing: run make setup")
        super().__init__([node, str(HARNESS)])

    def decide(
        self,
        *,
        policies: Sequence[Document],
        principal: str,
        action: str,
        resource: str,
        account: str,
        context: Context | None = None,
        session_policy: Document | None = None,
        boundary: Document | None = None,
        resource_policy: Document | None = None,
    ) -> Decision:
        """Return IAM's decision. `account` is the resource's; a key absent from `context` is an absent tag."""
        context = context or {}
        _refuse(principal, action, resource, account, context, resource_policy)
        question = {
            "request": {
                "principal": principal,
                "action": action,
                "resource": {"resource": resource, "accountId": account},
                "contextVariables": _marked(context),
            },
            "identityPolicies": _named("policies", list(map(_marked_policy, policies))),
            "serviceControlPolicies": [],
            "resourceControlPolicies": [],
            "sessionPolicy": _marked(session_policy),
            "permissionBoundaryPolicies": _named("boundary", [] if boundary is None else [_marked(boundary)]),
            "resourcePolicy": _marked(resource_policy),
        }
        answer = self._ask(question)
        if "refusal" in answer:
            raise SimulationRefused(f"{action} on {resource}: {json.dumps(_unmarked(answer['refusal']))}")
        for condition in _conditions(answer["analyses"]):
            if not _OPERATOR.fullmatch(condition["operator"]):
                raise SimulationRefused(f"No condition operator: {condition['operator']}")
        return Decision(
            answer["result"], f"{action} on {resource} by {principal}, {json.dumps(context)}", answer["analyses"]
        )


def _named(name: str, policies: Sequence[Document]) -> list[Document]:
    return [{"name": f"{name}[{number}]", "policy": policy} for number, policy in enumerate(policies)]


def _refuse(
    principal: str,
    action: str,
    resource: str,
    account: str,
    context: Context,
    resource_policy: Document | None,
) -> None:
    """Raise SimulationRefused where the library's decision would mislead."""
    if not _PRINCIPAL.fullmatch(principal):
        raise SimulationRefused(f"Neither an ARN nor a service: {principal}")
    owner = (resource.split(":") + [""] * 5)[4]
    if owner not in ("", "*", account):
        raise SimulationRefused(f"Not a resource of {account}: {resource}")
    if _TAKES_ON_A_ROLE.match(action) and resource_policy is None:
        raise SimulationRefused(f"{action} is decided with the role's trust policy: give it as resource_policy")
    names = [_marked(key).lower() for key in context]
    if twice := sorted(key for key in context if names.count(_marked(key).lower()) > 1):
        raise SimulationRefused(f"Keys that differ in case alone: {', '.join(twice)}")


def _conditions(analyses: Sequence[Document]) -> Iterator[Document]:
    for analysis in analyses:
        for statement in analysis["statements"]:
            yield from statement.get("conditions", [])


def _marked_policy(policy: Document) -> Any:
    return _marked_text(json.dumps(policy))


@lru_cache(maxsize=256)
def _marked_text(policy: str) -> Any:
    """Return the marked policy, cached because many questions share it."""
    return _marked(json.loads(policy))


def _marked(value: Any) -> Any:
    """Put `^`, which no tag has, before each capital of an RDS tag's name: the library ignores case."""
    if isinstance(value, str):
        return _RDS_TAG.sub(lambda key: key[1] + "".join(f"^{c}" if c.lower() != c else c for c in key[2]), value)
    return _everywhere(_marked, value)


def _unmarked(value: Any) -> Any:
    if isinstance(value, str):
        return _RDS_TAG.sub(lambda key: key[1] + key[2].replace("^", ""), value)
    return _everywhere(_unmarked, value)


def _everywhere(change: Callable[[Any], Any], value: Any) -> Any:
    if isinstance(value, Mapping):
        return {change(key): change(item) for key, item in value.items()}
    return [change(item) for item in value] if isinstance(value, list | tuple) else value


def _explained(analyses: Sequence[Document]) -> Iterator[str]:
    for analysis in analyses:
        yield f"  {analysis['kind']}: {analysis['result']}"
        for statement in analysis["statements"]:
            checks = ("action", "resource", "principal", "condition")
            # A principal's match has several values, one of which means none.
            failed = [check for check in checks if statement[f"{check}Match"] in (False, "NoMatch")]
            verdict = f"not its {', '.join(failed)}" if failed else "applies"
            name = f"{statement.get('policyId', '')} {statement['effect']} {statement['identifier']}".strip()
            yield f"    {name}: {verdict}"
            yield from (f"      {_condition(condition)}" for condition in statement.get("conditions", []))


def _condition(condition: Document) -> str:
    values = condition["values"] if isinstance(condition["values"], list) else [condition["values"]]
    absent = condition.get("failedBecauseMissing") or condition.get("matchedBecauseMissing")
    found = "absent" if absent else condition.get("resolvedConditionKeyValue", "present")
    return (
        f"{'met' if condition['matches'] else 'not met'}: {condition['operator']} {condition['conditionKeyValue']}"
        f" {[value['value'] for value in values]}, which is {found}"
    )
