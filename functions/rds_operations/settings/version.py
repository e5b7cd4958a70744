"""The version of the service: in the stack's description, in every log line and in docs/openapi.json."""

VERSION = "0.1.0"
