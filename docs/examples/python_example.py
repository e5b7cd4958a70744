# Needs Python 3.11 or newer, and no package. API is the API's URL, API_KEY its key, INSTANCE a database.
import json
import os
import sys
import time
import uuid
from urllib.error import HTTPError
from urllib.request import Request, urlopen

API, INSTANCE = os.environ["API"], os.environ["INSTANCE"]
HEADERS = {"x-api-key": os.environ["API_KEY"], "Content-Type": "application/json"}


def ask(path, body=None, **headers):
    request = Request(API + path, json.dumps(body).encode() if body else None, {**HEADERS, **headers})
    try:
        with urlopen(request) as answer:
            return json.load(answer)
    except HTTPError as refusal:
        sys.exit(refusal.read().decode())


body = {"operation": "create_snapshot", "instance_id": INSTANCE, "parameters": {"snapshot_id": f"{INSTANCE}-by-python"}}
accepted = ask("/operations", body, **{"Idempotency-Key": str(uuid.uuid4())})
while not (operation := ask(f"/operations/{accepted['operation_id']}"))["finished"]:
    time.sleep(5)
print(f"{operation['operation']}: {operation['status']}, success: {json.dumps(operation['success'])}")
