"""Console: GET /console/{proxy+} and GET /openapi.json. Anybody may read them: they hold no data and no secret."""

import os
from pathlib import Path
from typing import Any

from console.responses import Responses
from console.web_files import read_files

responses = Responses(
    read_files(Path(__file__).parent / "files"),
    origin=os.environ["ALLOWED_ORIGIN"],
    settings={
        "region": os.environ["AWS_REGION"],
        "title": os.environ["CONSOLE_TITLE"],
        "cloudops_url": os.environ["CLOUDOPS_URL"],
    },
)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take an API Gateway proxy event, and return a proxy response."""
    return responses.response(event)
