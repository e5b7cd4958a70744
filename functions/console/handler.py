"""Console: GET /console/{proxy+} and GET /openapi.json. Anybody may read them: they hold no data and no secret."""

import os
from pathlib import Path
from typing import Any

from console.responses import Responses
from console.web_files import read_files

responses = Responses(
    read_files(Path(__file__).parent / "files"), region=os.environ["AWS_REGION"], origin=os.environ["ALLOWED_ORIGIN"]
)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take an API Gateway proxy event, and return a proxy response."""
    return responses.response(event)
