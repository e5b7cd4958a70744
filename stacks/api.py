"""The REST API: POST goes straight to ADMISSION, without a function in between; GET asks Status."""

from __future__ import annotations

import json
from pathlib import Path

from aws_cdk import Duration
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks import names
from stacks.gateway_responses import add_gateway_responses
from stacks.log_groups import log_group
from stacks.settings import Settings

TEMPLATES = Path(__file__).parent / "mapping_templates"
ALLOWED_HEADERS = [
    "Content-Type",
    "Authorization",
    "X-Api-Key",
    "X-Amz-Date",
    "X-Amz-Security-Token",
    "Idempotency-Key",
]
EXPOSED_HEADERS = ["Location", "Retry-After"]
_ORIGIN = "method.response.header.Access-Control-Allow-Origin"
_EXPOSE = "method.response.header.Access-Control-Expose-Headers"
_INTEGRATION_TIMEOUT = Duration.seconds(29)


class Api(Construct):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        settings: Settings,
        admission: sfn.StateMachine,
        status: lambda_.IFunction,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self.rest_api = self._rest_api()
        add_gateway_responses(self.rest_api, settings)
        operations = self.rest_api.root.add_resource("operations")
        operation = operations.add_resource("{operation_id}")
        self._post(operations, admission)
        operation.add_method(
            "GET", apigateway.LambdaIntegration(status, timeout=_INTEGRATION_TIMEOUT), api_key_required=True
        )
        self.key = self._usage_plan()

    def _rest_api(self) -> apigateway.RestApi:
        rate, burst = self._settings.throttle_rate_per_second, self._settings.throttle_burst
        return apigateway.RestApi(
            self,
            "RestApi",
            rest_api_name="rds-operations",
            description="Self-service operations for non-production RDS instances",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            cloud_watch_role=False,
            default_cors_preflight_options=apigateway.CorsOptions(
                allow_origins=[self._settings.allowed_origin],
                allow_methods=["GET", "POST", "OPTIONS"],
                allow_headers=ALLOWED_HEADERS,
                expose_headers=EXPOSED_HEADERS,
            ),
            deploy_options=apigateway.StageOptions(
                stage_name=self._settings.stage,
                tracing_enabled=True,
                throttling_rate_limit=rate,
                throttling_burst_limit=burst,
                access_log_destination=apigateway.LogGroupLogDestination(
                    log_group(self, "AccessLog", names.ACCESS_LOG_GROUP, self._settings)
                ),
                access_log_format=_access_log_format(),
            ),
        )

    def _post(self, resource: apigateway.Resource, admission: sfn.StateMachine) -> None:
        """No model and no validator: Validate refuses what is no request, and leaves a record of it."""
        role = iam.Role(self, "AdmissionRole", assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"))
        role.add_to_policy(
            iam.PolicyStatement(actions=["states:StartSyncExecution"], resources=[admission.state_machine_arn])
        )
        integration = apigateway.AwsIntegration(
            service="states",
            action="StartSyncExecution",
            integration_http_method="POST",
            options=apigateway.IntegrationOptions(
                credentials_role=role,
                # An unmapped content type would pass the body through as the call to Step Functions itself.
                passthrough_behavior=apigateway.PassthroughBehavior.NEVER,
                request_templates={"application/json": self._request_template(admission)},
                integration_responses=self._integration_responses(),
                timeout=_INTEGRATION_TIMEOUT,
            ),
        )
        resource.add_method(
            "POST",
            integration,
            api_key_required=True,
            method_responses=[_method_response(code) for code in ("200", "500")],
        )

    def _request_template(self, admission: sfn.StateMachine) -> str:
        template = (TEMPLATES / "post_operations.request.vtl").read_text()
        return template.replace("@StateMachineArn@", admission.state_machine_arn)

    def _integration_responses(self) -> list[apigateway.IntegrationResponse]:
        """The default one reads ADMISSION's reply; the others are Step Functions' own refusals and failures."""
        answer = (TEMPLATES / "post_operations.response.vtl").read_text()
        failure = (TEMPLATES / "post_operations.failure.vtl").read_text()
        return [
            self._integration_response("200", answer),
            self._integration_response("500", failure, r"[45]\d{2}"),
        ]

    def _integration_response(
        self, code: str, template: str, pattern: str | None = None
    ) -> apigateway.IntegrationResponse:
        return apigateway.IntegrationResponse(
            status_code=code,
            selection_pattern=pattern,
            response_templates={"application/json": template},
            response_parameters={
                _ORIGIN: f"'{self._settings.allowed_origin}'",
                _EXPOSE: f"'{','.join(EXPOSED_HEADERS)}'",
            },
        )

    def _usage_plan(self) -> apigateway.IApiKey:
        """Quotas and throttles per key are best effort; the stage's throttle holds for all."""
        key = self.rest_api.add_api_key("Key", api_key_name="rds-operations")
        plan = self.rest_api.add_usage_plan(
            "UsagePlan",
            name="rds-operations",
            throttle=apigateway.ThrottleSettings(
                rate_limit=self._settings.throttle_rate_per_second, burst_limit=self._settings.throttle_burst
            ),
        )
        plan.add_api_key(key)
        plan.add_api_stage(stage=self.rest_api.deployment_stage)
        return key


def _method_response(code: str) -> apigateway.MethodResponse:
    return apigateway.MethodResponse(
        status_code=code,
        response_parameters={_ORIGIN: True, _EXPOSE: True},
        response_models={"application/json": apigateway.Model.EMPTY_MODEL},
    )


def _access_log_format() -> apigateway.AccessLogFormat:
    """Who, what and how it ended; never a body, a header value or a key.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
    """
    variables = {
        "requestId": "$context.requestId",
        "requestTime": "$context.requestTime",
        "httpMethod": "$context.httpMethod",
        "resourcePath": "$context.resourcePath",
        "status": "$context.status",
        "sourceIp": "$context.identity.sourceIp",
        "apiKeyId": "$context.identity.apiKeyId",
        "userArn": "$context.identity.userArn",
        "errorType": "$context.error.responseType",
        "integrationStatus": "$context.integration.status",
        "integrationError": "$context.integration.error",
        "responseLatency": "$context.responseLatency",
    }
    return apigateway.AccessLogFormat.custom(json.dumps(variables))
