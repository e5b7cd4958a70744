"""The logic of the service, in eight rooms: see docs/how-it-works.md."""

import gc
import os

# Nothing that an import makes is garbage: collecting during a cold start costs 7 % of it. `lambda_handler` turns it on.
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    gc.disable()
