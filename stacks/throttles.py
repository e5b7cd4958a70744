"""The rate limits of an API: of each method, for all callers together."""

from __future__ import annotations

from aws_cdk import aws_apigateway as apigateway

from stacks.settings import Settings

_READS = ("/operations/{operation_id}/GET", "/operations/GET", "/records/GET", "/me/GET", "/instances/GET")
_PAGES = ("/console/GET", "/console/{proxy+}/GET")


def by_method(settings: Settings) -> dict[str, apigateway.MethodDeploymentOptions]:
    """Return the limit of each method by its path."""
    page_rate = settings.page_throttle_rate_per_second
    rates = {
        "/operations/POST": settings.throttle_rate_per_second,
        **dict.fromkeys(_READS, settings.read_throttle_rate_per_second),
        # Each of these reads RDS, whose rate the polls need.
        "/instances/{instance_id}/GET": settings.live_throttle_rate_per_second,
        # Anybody may ask for these.
        "/openapi.json/GET": page_rate,
        **(dict.fromkeys(_PAGES, page_rate) if settings.console.enabled else {}),
    }
    return {
        path: apigateway.MethodDeploymentOptions(throttling_rate_limit=rate, throttling_burst_limit=_burst(rate))
        for path, rate in rates.items()
    }


def of_all(settings: Settings) -> apigateway.ThrottleSettings:
    """Return the limit of a stage or a key: its requests and reads together."""
    rate = settings.throttle_rate_per_second + settings.read_throttle_rate_per_second
    return apigateway.ThrottleSettings(rate_limit=rate, burst_limit=_burst(rate))


def _burst(rate: int) -> int:
    """Return the requests of two seconds."""
    return 2 * rate
