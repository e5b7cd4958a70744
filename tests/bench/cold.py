"""One cold start in its own process, `cold.py <job>`, and warm invocations after it. It imports as little as it can.

A job has `package`, `libraries`, `target`, `event`, `warm` (invocations), `pause` (seconds between them), `group`
(where to move to before the first invocation, if anywhere) and `report` (the file that gets the times).
"""

import json
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any  # which takes time to import

job = json.loads(sys.argv[1])
sys.path[:0] = [job["package"], job["libraries"]]  # in Lambda's order


class Context:
    """Stand in for what the functions get and do not use."""

    aws_request_id = "1"
    function_name = "bench"
    memory_limit_in_mb = "256"


def floor(target: str) -> "Any":
    """Make a handler that makes one call with a bare botocore client, to which the budgets are relative."""
    import botocore.session  # noqa: PLC0415 - only for a floor

    client: Any = botocore.session.Session().create_client(target.partition("-")[0])
    if target == "rds-floor":
        return lambda _event, _context: client.describe_db_instances(DBInstanceIdentifier="dev-1")
    item = {"audit_id": {"S": "1"}, "success": {"BOOL": True}}
    return lambda _event, _context: client.put_item(TableName="audit", Item=item)


def peak_kilobytes() -> int:
    """Return the most memory that was resident. `ru_maxrss` would count what the parent had when it forked."""
    try:
        with open("/proc/self/status") as status:
            return int(next(line for line in status if line.startswith("VmHWM")).split()[1])
    except OSError:  # not Linux
        import resource  # noqa: PLC0415

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def invoke() -> "tuple[Any, float, float]":
    """Invoke once, and return the answer with the seconds of the clock and of the CPU."""
    event = json.loads(json.dumps(job["event"]))
    called, cpu = time.perf_counter(), time.process_time()
    answer = handler(event, Context())
    return answer, time.perf_counter() - called, time.process_time() - cpu


begun = time.perf_counter()
if job["target"].endswith("-floor"):
    handler = floor(job["target"])
else:
    handler = __import__(f"{job['target']}.handler", fromlist=["handler"]).handler
imported = time.perf_counter() - begun
if job["group"]:  # Lambda's init has a whole CPU, its invocations the share of their memory size
    with open(job["group"], "w") as group:
        group.write(str(os.getpid()))
answer, first, first_cpu = invoke()
found: "dict[str, Any]" = {
    "cpu": time.process_time(),
    "imported": imported,
    "first": first,
    "first_cpu": first_cpu,
    "megabytes": peak_kilobytes() / 1024,
    "answer": answer,
    "warm": [],
    "warm_cpu": [],
}
sys.stdout.flush()
found["log_bytes"] = os.fstat(1).st_size
for _number in range(job["warm"]):
    time.sleep(job["pause"])
    _answer, seconds, cpu = invoke()
    found["warm"].append(seconds)
    found["warm_cpu"].append(cpu)
with open(job["report"], "w") as report:
    json.dump(found, report, default=str)
sys.stdout.flush()
os._exit(0)  # Lambda freezes a process, it does not take it down
