"""Extension: a rule invokes a function asynchronously, with retries and a destination for failures, as on AWS.

MiniStack invokes it once, and drops what failed.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

import json

from ministack.services import eventbridge, lambda_svc


def install() -> None:
    otherwise = eventbridge._dispatch_to_lambda

    def dispatch(arn: str, payload: str) -> None:
        function, config, _name = lambda_svc._get_func_record_for_ref(arn)
        if not function or not config:
            otherwise(arn, payload)  # reports that the function is missing
            return
        record = lambda_svc._execution_record_for_config(function, config)
        lambda_svc.invoke_async_with_retry(record, json.loads(payload))

    eventbridge._dispatch_to_lambda = dispatch
