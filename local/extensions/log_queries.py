"""Extension: StartQuery runs queries of CloudWatch Logs Insights. MiniStack ignores `stats` and most filters.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartQuery.html
"""

from __future__ import annotations

import json
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import cloudwatch_logs

from local.extensions.insights import event, parsed
from local.extensions.insights_language import QueryError

Document = dict[str, Any]


def install() -> None:
    start = cloudwatch_logs._start_query

    def start_query(request: Document) -> Any:
        try:
            query = parsed(request["queryString"])
        except QueryError as error:
            return error_response_json("MalformedQueryException", str(error), 400)
        answer = start(request)
        if answer[0] == 200:
            groups = cloudwatch_logs._resolve_query_log_groups(request)
            records = cloudwatch_logs._collect_query_records(groups, request["startTime"], request["endTime"])
            rows = [
                event(record["@message"], record["_timestamp_ms"], record["@log"], record["@logStream"])
                for record in records
            ]
            found = query.run(rows)[: request.get("limit")]
            known = cloudwatch_logs._queries[json.loads(answer[2])["queryId"]]
            known["results"] = [[{"field": name, "value": value} for name, value in row.items()] for row in found]
        return answer

    cloudwatch_logs._start_query = start_query
