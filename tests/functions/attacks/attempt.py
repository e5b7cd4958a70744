"""One attempt against the service: what was set up, sent and changed meanwhile, and the result.

A row of `table.json` is an attempt. It uses the real check of settings, package, mapping template and handlers, with
moto's RDS and DynamoDB. A step is an object with one of these keys:

  post      a body (an object, or text as it is), with `headers`, `as` (an API key's id, or parts of a context) and
            `unrecorded`: its refusal stays in the queue, unrecorded, with these parts changed
  look      GET of the last operation, also with `as`
  start     the input of an OPERATION started without the API; `name` is the execution's
  begin     OPERATION of the last 202, up to Execute      execute   Execute, repeated for each time it is given;
                                                                    "lost": its answer is lost
  finish    one Poll if it is not finished, then Audit    sweep     the sweep
  ended     EventBridge's event of the last execution; an object as its `cause` changes parts of the work
  overdue   the operation has used up its time
  stock     the inventory
  settings  another deployment                            retag     {instance: {tag: value, or null to remove it}}
  delete, stop      an instance                           change    {instance: attributes in moto}
  create    an instance, as in `instances`                region    with retag, delete and change: not at home
  refuse    {function, action, code, times}: AWS refuses  queue     a message, text or object, to the queue of refusals
  forge     {function, work, request, ...}: an event from anyone who may invoke the function, made from the last work
"""

from __future__ import annotations

import json
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from local.extensions.mapping_templates import render_request
from rds_operations.model import clock
from rds_operations.model.place import Place
from rds_operations.settings.callers import CallerSettings
from rds_operations.settings.gate import GateSettings
from rds_operations.settings.targets import Targets
from stacks.package import packaged
from stacks.setting_checks import SettingsError
from stacks.settings import Settings
from tests.builders import HOME, an_admission, an_execution
from tests.functions.calls import Answer, Call, error
from tests.functions.fake_aws import REFUSAL_QUEUE, Document, FakeAws

_ROOT = Path(__file__).parents[3]
_TEMPLATE = (_ROOT / "stacks" / "mapping_templates" / "post_operations.request.vtl").read_text()


class Attempt:
    def __init__(self, aws: FakeAws) -> None:
        self._aws = aws
        self._work: Document = {}
        self._execution: Document = {}
        self._answers: list[str] = []
        self._refusals: list[Document] = []

    def run(self, row: Document) -> Document:
        """Return each step's answer, the acting calls and the records."""
        try:
            self._settings(row.get("settings", {}))
        except SettingsError as refused:
            return {"settings": str(refused)}
        for instance in row.get("instances", []):
            self._create(instance)
        with ExitStack() as stack:
            stack.enter_context(self._aws.calls.answering(self._refused))
            for step in row["steps"]:
                self._take(step)
        return {"answers": self._answers, "acted": self._acted(), "records": self._records()}

    def _take(self, step: Document) -> None:
        name = next(iter(step))
        answer = getattr(self, f"_{name}")(step[name], **{key: value for key, value in step.items() if key != name})
        if answer:
            self._answers.append(answer)

    # Set-up.

    def _settings(self, document: Document) -> None:
        found = json.loads(packaged(Settings.from_document(document)))
        self._aws.deploy(
            Targets.from_document(HOME, found["targets"]),
            CallerSettings.from_document(found["callers"]),
            GateSettings.from_document(found["gate"]),
        )

    def _create(self, instance: Document) -> None:
        given = {**instance}
        place = Place(given.pop("account", HOME.account_id), given.pop("region", HOME.region))
        listed = [{"Key": key, "Value": value} for key, value in given.pop("tags").items()]
        self._aws.create_instance("", given.pop("name"), place, Tags=listed, **given)

    def _retag(self, tags: Document, region: str = HOME.region) -> None:
        place = Place(HOME.account_id, region)
        rds = self._aws.rds_at(place)
        for name, changes in tags.items():
            arn = f"arn:aws:rds:{place.region}:{place.account_id}:db:{name}"
            for key, value in changes.items():
                if value is None:
                    rds.remove_tags_from_resource(ResourceName=arn, TagKeys=[key])
                else:
                    rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": key, "Value": value}])

    def _delete(self, name: str, region: str = HOME.region) -> None:
        self._aws.delete_instance(name, Place(HOME.account_id, region))

    def _stop(self, name: str) -> None:
        self._aws.rds.stop_db_instance(DBInstanceIdentifier=name)

    def _change(self, instances: Document, region: str = HOME.region) -> None:
        for name, fields in instances.items():
            for field, value in fields.items():
                setattr(self._aws.backend_at(Place(HOME.account_id, region)).databases[name], field, value)

    def _refuse(self, refusal: Document) -> None:
        self._refusals.append({"times": 1, **refusal})

    def _refused(self, call: Call) -> Answer | None:
        for refusal in self._refusals:
            if (refusal["function"], refusal["action"]) == (call.state, call.action) and refusal["times"]:
                refusal["times"] -= 1
                return error(refusal["code"], refusal.get("status", 400))
        return None

    # Requests.

    def _post(
        self, body: Any, headers: Document | None = None, unrecorded: Document | None = None, **caller: Any
    ) -> str:
        envelope = self._envelope(body, headers or {}, caller.get("as", "mallory"))
        execution = an_admission(f"request-{len(self._answers) + 1}", StartTime=clock.to_text(clock.now()))
        given: Document = {"machine": "ADMISSION", "envelope": envelope, "execution": execution}
        work = self._through(("classify", "admit"), self._aws.call("validate", given))
        if "refusal" in work and unrecorded is not None:
            self._work = work
            self._queue(_changed({**given, "work": work}, unrecorded))
            return f"queued {work['refusal']['code']}"
        if "refusal" in work:
            reply = self._aws.call("audit", {**given, "work": work})["reply"]
        else:
            reply, self._work, self._execution = work["reply"], work, work.get("start", self._execution)
        said = json.loads(reply["body"])
        words = (reply["statusCode"], said.get("code", said.get("status")), "repeated" if said.get("repeated") else "")
        return " ".join(str(word) for word in words if word)

    def _envelope(self, body: Any, headers: Document, caller: Any) -> Document:
        """Return what API Gateway's template makes of the request and its own data."""
        identity = {"apiKeyId": caller} if isinstance(caller, str) else {k: v for k, v in caller.items() if k != "mode"}
        mode = "api_key" if isinstance(caller, str) else caller.get("mode", "iam")
        template = _TEMPLATE.replace("@Authentication@", mode).replace("@StateMachineArn@", "any")
        text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        context = {
            "identity": {"sourceIp": "203.0.113.42", "userAgent": "curl/8", **identity},
            "requestId": "r",
            "extendedRequestId": "e=",
        }
        call = json.loads(render_request(template, text, headers, context))
        envelope: Document = json.loads(call["input"])["envelope"]
        return envelope

    def _look(self, _yes: Any, **caller: Any) -> str:
        name, who = self._execution["name"], caller.get("as", "mallory")
        known = (
            {"authentication": "api_key", "apiKeyId": who} if isinstance(who, str) else {"authentication": "iam", **who}
        )
        answer = self._aws.status(name, **known)
        said = answer["body"]
        return f"{answer['statusCode']} {said.get('code', said.get('final_status', said.get('status')))}"

    def _start(self, body: Any, name: str = "by-hand") -> str:
        return self._began({"name": name, "input": body})

    def _begin(self, _yes: Any) -> str:
        return self._began(self._execution)

    def _began(self, start: Document) -> str:
        given = {
            "machine": "OPERATION",
            "body": json.dumps(start["input"]),
            "execution": an_execution(start["name"], StartTime=clock.to_text(clock.now())),
        }
        self._execution = start
        self._work = self._through(("classify",), self._aws.call("validate", given))
        return self._said()

    def _through(self, states: tuple[str, ...], work: Document) -> Document:
        for state in states:
            if "refusal" in work or "reply" in work:
                break
            work = work | self._aws.call(state, work)
        return work

    def _execute(self, how: Any) -> str:
        if "refusal" in self._work or "not_ready" in self._work:
            return "not reached"
        before = self._work
        try:
            self._work = {**before, "polls": 0, **self._aws.call("execute", before)}
        except Exception as fault:
            return f"raised {type(fault).__name__}"
        said, self._work = self._said(), before if how == "lost" else self._work
        return said

    def _finish(self, _yes: Any) -> str:
        if not self._work.get("progress", {"finished": True})["finished"]:
            self._work = self._aws.poll(self._work, 1)
        given = {"machine": "OPERATION", "work": self._work, "body": json.dumps(self._execution["input"])}
        outcome = self._aws.call("audit", {**given, "execution": an_execution(self._execution["name"])})
        return f"{outcome['document']['status']} {outcome['error'] or 'Succeeded'}"

    def _said(self) -> str:
        against = self._work.get("refusal") or self._work.get("not_ready")
        progress = self._work.get("progress")
        return str(against["code"]) if against else progress["status"] if progress else "allowed"

    def _queue(self, message: Any) -> None:
        text = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
        self._aws.queues.send_message(QueueUrl=REFUSAL_QUEUE, MessageBody=text)

    def _ended(self, event: Document) -> str:
        given = {"name": self._execution["name"], "given": self._execution["input"], **event}
        if isinstance(given.get("cause"), dict):
            given["cause"] = json.dumps(_changed(self._work, given["cause"]))
        try:
            self._aws.end(**given)
        except Exception as fault:
            return f"raised {type(fault).__name__}"
        return ""

    def _overdue(self, _yes: Any) -> None:
        self._aws.overdue(self._execution["name"])

    def _stock(self, _yes: Any) -> None:
        self._aws.take_inventory()

    def _sweep(self, _yes: Any) -> str:
        return json.dumps(self._aws.sweep(), sort_keys=True)

    def _forge(self, forgery: Document) -> str:
        function, request = forgery["function"], {**self._work.get("request", {}), **forgery.get("request", {})}
        work = {**self._work, "request": request, **forgery.get("work", {})}
        event = {"machine": "OPERATION", "work": work, "execution": an_execution(request["operation_id"])}
        event |= forgery.get("event", {})
        try:
            self._aws.call(function, event if function == "audit" else work)
        except Exception as fault:
            return f"raised {type(fault).__name__}"
        return "taken"

    # Results.

    def _acted(self) -> list[str]:
        calls = [call for call in self._aws.calls.of("execute", "rds") if call.hand == "acting"]
        sent = [call for call in calls if not call.action.startswith("Describe")]
        return [f"{call.action} {call.region} {call.params['DBInstanceIdentifier']}" for call in sent]

    def _records(self) -> list[str]:
        found: Counter[str] = Counter()
        for record in self._aws.records():
            result = json.loads(record["result"])
            words = [record["event"], str(result.get("code", result["status"])), record["environment"]]
            words += ["success" if record["success"] else "no success", json.loads(record["user_identity"])["userId"]]
            found[" · ".join(words)] += 1
        return [f"{words} x {times}" if times > 1 else words for words, times in found.items()]


def _changed(document: Document, changes: Document) -> Document:
    """Return the document with these changes, at any depth."""
    both = {name: value for name, value in changes.items() if isinstance(value, dict) and name in document}
    return {**document, **changes, **{name: _changed(document[name], value) for name, value in both.items()}}
