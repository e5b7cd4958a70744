"""The service at a terminal: `rds-ops`. It knows the service by its HTTP API alone."""

__version__ = "0.1.0"
