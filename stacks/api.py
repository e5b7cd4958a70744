"""A REST API: POST calls ADMISSION without a function in between; GET calls a function."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

from aws_cdk import Duration, Size, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from rds_operations.rules.identity import Authentication
from stacks import throttles
from stacks.gateway_responses import add_gateway_responses
from stacks.settings import Settings
from stacks.user_pool import Pool

TEMPLATES = Path(__file__).parent / "mapping_templates"
ALLOWED_HEADERS = [
    "Content-Type",
    "Authorization",
    "X-Api-Key",
    "X-Amz-Date",
    "X-Amz-Security-Token",
    "Idempotency-Key",
    "Prefer",
]
EXPOSED_HEADERS = ["Location", "Retry-After", "Preference-Applied"]
_ORIGIN = "method.response.header.Access-Control-Allow-Origin"
_EXPOSE = "method.response.header.Access-Control-Expose-Headers"
_INTEGRATION_TIMEOUT = Duration.seconds(29)
_COMPRESSED_FROM = Size.bytes(1024)


@dataclass(frozen=True)
class Backend:
    admission: sfn.StateMachine
    status: lambda_.IFunction
    lists: lambda_.IFunction
    instances: lambda_.IFunction
    console: lambda_.IFunction
    log: logs.ILogGroup
    web_acl_arn: str


class Api(Construct):
    """Serve one way to authenticate. A method cannot offer the choice of a signature or a key, so each way has its own
    API. https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-to-api.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        settings: Settings,
        authentication: Authentication,
        behind: Backend,
        user_pool: Pool | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self._authentication = authentication
        self.rest_api = self._rest_api(behind.log)
        add_gateway_responses(self.rest_api, settings)
        operations = self.rest_api.root.add_resource("operations")
        operation = operations.add_resource("{operation_id}")
        access = self._access(user_pool)
        self._post(operations, behind.admission, access)
        self._get(operation, behind.status, access)
        for resource in (operations, self.rest_api.root.add_resource("records"), self.rest_api.root.add_resource("me")):
            self._get(resource, behind.lists, access)
        instances = self.rest_api.root.add_resource("instances")
        for resource in (instances, instances.add_resource("{instance_id}")):
            self._get(resource, behind.instances, access)
        self._pages(behind.console)
        self.key = self._usage_plan() if authentication is Authentication.API_KEY else None
        if user_pool:
            self._let_in(user_pool)
        if behind.web_acl_arn:
            self._attach(behind.web_acl_arn)

    def _access(self, user_pool: Pool | None) -> dict[str, Any]:
        if self._authentication is Authentication.IAM:
            return {"authorization_type": apigateway.AuthorizationType.IAM}
        if user_pool:
            authorizer = apigateway.CognitoUserPoolsAuthorizer(self, "Authorizer", cognito_user_pools=[user_pool.pool])
            return {"authorization_type": apigateway.AuthorizationType.COGNITO, "authorizer": authorizer}
        return {"api_key_required": True}

    def _pages(self, console: lambda_.IFunction) -> None:
        """Let anybody read the pages and the API document."""
        paths = [self.rest_api.root.add_resource("openapi.json")]
        if self._settings.console.enabled:
            pages = self.rest_api.root.add_resource("console")
            paths += [pages, pages.add_resource("{proxy+}")]
        for resource in paths:
            self._get(resource, console, {"authorization_type": apigateway.AuthorizationType.NONE})

    def _let_in(self, pool: Pool) -> None:
        """Name the stack's own app clients in stage variables: their tokens count, whatever the settings list.

        The page's client names this API in its callback, so only the stage can name the client.
        """
        variables: dict[str, str] = {}
        if pool.cli_client:
            variables["cli_client"] = pool.cli_client.user_pool_client_id
        if pool.login_url or self._settings.is_local:
            variables |= self._sign_in(pool)
        stage = self.rest_api.deployment_stage.node.default_child
        if isinstance(stage, apigateway.CfnStage):
            for name, value in variables.items():
                stage.add_property_override(f"Variables.{name}", value)

    def _sign_in(self, pool: Pool) -> dict[str, str]:
        """Give the console its app client, and return what it must know to sign in."""
        if not self._settings.console.enabled:
            return {}
        stack = Stack.of(self)
        host = f"{self.rest_api.rest_api_id}.execute-api.{stack.region}.{stack.url_suffix}"
        client = pool.page_client(f"https://{host}/{self._settings.stage}/console/")
        known = {"sign_in_client": client.user_pool_client_id, "sign_in_pool": pool.pool.user_pool_id}
        return known | ({"sign_in_url": pool.login_url} if pool.login_url else {})

    def _rest_api(self, log: logs.ILogGroup) -> apigateway.RestApi:
        of_all = throttles.of_all(self._settings)  # for the preflights, at most one for each request
        return apigateway.RestApi(
            self,
            "RestApi",
            rest_api_name=f"rds-operations-{self._authentication.replace('_', '-')}",
            description=f"Self-service operations for non-production RDS instances ({self._authentication})",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            cloud_watch_role=False,
            min_compression_size=_COMPRESSED_FROM,
            default_cors_preflight_options=apigateway.CorsOptions(
                allow_origins=[self._settings.allowed_origin],
                allow_methods=["GET", "POST", "OPTIONS"],
                allow_headers=ALLOWED_HEADERS,
                expose_headers=EXPOSED_HEADERS,
            ),
            deploy_options=apigateway.StageOptions(
                stage_name=self._settings.stage,
                # Tells Status and Lists which parts of an event they can trust.
                variables={"authentication": self._authentication.value},
                tracing_enabled=True,
                throttling_rate_limit=of_all.rate_limit,
                throttling_burst_limit=of_all.burst_limit,
                method_options=throttles.by_method(self._settings),
                access_log_destination=apigateway.LogGroupLogDestination(log),
                access_log_format=_access_log_format(),
            ),
        )

    def _get(self, resource: apigateway.Resource, function: lambda_.IFunction, access: dict[str, Any]) -> None:
        integration = apigateway.LambdaIntegration(function, timeout=_INTEGRATION_TIMEOUT)
        resource.add_method("GET", integration, **access)

    def _post(self, resource: apigateway.Resource, admission: sfn.StateMachine, access: dict[str, Any]) -> None:
        """Add POST without a model or validator: Validate records the bad requests that it refuses."""
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
                # Otherwise a body of an unmapped content type would reach Step Functions as the call itself.
                passthrough_behavior=apigateway.PassthroughBehavior.NEVER,
                request_templates={"application/json": self._request_template(admission)},
                integration_responses=self._integration_responses(),
                timeout=_INTEGRATION_TIMEOUT,
            ),
        )
        responses = [_method_response(code) for code in ("200", "500")]
        resource.add_method("POST", integration, method_responses=responses, **access)

    def _request_template(self, admission: sfn.StateMachine) -> str:
        template = (TEMPLATES / "post_operations.request.vtl").read_text()
        values = {"StateMachineArn": admission.state_machine_arn, "Authentication": self._authentication.value}
        return reduce(lambda text, name: text.replace(f"@{name}@", values[name]), values, template)

    def _integration_responses(self) -> list[apigateway.IntegrationResponse]:
        """Return the default, which reads ADMISSION's reply, and one for errors of Step Functions."""
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
        """Limit each key, as best effort; the stage's throttles count all callers together.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html
        """
        key = self.rest_api.add_api_key("Key", api_key_name="rds-operations")
        plan = self.rest_api.add_usage_plan(
            "UsagePlan", name="rds-operations", throttle=throttles.of_all(self._settings)
        )
        plan.add_api_key(key)
        plan.add_api_stage(stage=self.rest_api.deployment_stage)
        return key

    def _attach(self, web_acl_arn: str) -> None:
        wafv2.CfnWebACLAssociation(
            self,
            "WebAcl",
            resource_arn=self.rest_api.deployment_stage.stage_arn,
            web_acl_arn=web_acl_arn,
        )


def _method_response(code: str) -> apigateway.MethodResponse:
    return apigateway.MethodResponse(
        status_code=code,
        response_parameters={_ORIGIN: True, _EXPOSE: True},
        response_models={"application/json": apigateway.Model.EMPTY_MODEL},
    )


def _access_log_format() -> apigateway.AccessLogFormat:
    """Log no body, header value or key.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
    """
    variables = {
        "extendedRequestId": "$context.extendedRequestId",  # a client can choose the next one, but not this
        "requestId": "$context.requestId",
        "requestTime": "$context.requestTime",
        "httpMethod": "$context.httpMethod",
        "resourcePath": "$context.resourcePath",
        "status": "$context.status",
        "sourceIp": "$context.identity.sourceIp",
        "apiKeyId": "$context.identity.apiKeyId",
        "userArn": "$context.identity.userArn",
        "cognitoSub": "$context.authorizer.claims.sub",
        "errorType": "$context.error.responseType",
        "integrationStatus": "$context.integration.status",
        "integrationError": "$context.integration.error",
        "responseLatency": "$context.responseLatency",
    }
    return apigateway.AccessLogFormat.custom(json.dumps(variables))
