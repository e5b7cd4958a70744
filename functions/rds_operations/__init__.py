"""The rules of the service: what may be asked, of which database, and what is kept on record."""

import gc
import os

# Nothing that an import makes is garbage: collecting during a cold start costs 7 % of it. `step` turns it on again.
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    gc.disable()
