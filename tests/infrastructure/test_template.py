"""The template's properties that users and auditors count on."""

import json
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from rds_operations.model.place import LONGEST_REGION
from rds_operations.settings.version import VERSION
from rds_ops.loopback import PATH, PORTS
from stacks import package
from stacks.service_stack import ServiceStack
from stacks.settings import Settings
from tests.infrastructure.conftest import ROOT, WEB_ACL, Document, Template, new_app
from tests.simulation import dynamodb as simulated_tables
from tests.simulation import queues as simulated_queues


def test_tables_keep_what_they_hold(template: Template) -> None:
    for table in template.whole("AWS::DynamoDB::Table"):
        properties = table["Properties"]
        assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
        assert properties["DeletionProtectionEnabled"] is True
        assert properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
        assert properties["BillingMode"] == "PAY_PER_REQUEST"
        assert properties["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}


def test_table_keys(template: Template) -> None:
    def keys(name: str) -> list[str]:
        schema = template.one("AWS::DynamoDB::Table", TableName=name)["KeySchema"]
        return [key["AttributeName"] for key in schema]

    assert keys("rds_audit_log") == ["instance_id", "audit_id"]
    assert keys("rds_operations") == ["operation_id"]
    assert keys("rds_inventory") == ["instance_id", "place"]


def test_functions_are_alike(template: Template) -> None:
    functions = template.of_type("AWS::Lambda::Function")
    assert sorted(function["FunctionName"] for function in functions) == [
        f"rds-operations-{name}"
        for name in (
            "admit",
            "audit",
            "classify",
            "console",
            "digest",
            "execute",
            "instances",
            "inventory",
            "lists",
            "poll",
            "publish",
            "status",
            "sweep",
            "validate",
        )
    ]
    roles = [str(function["Role"]) for function in functions]
    assert len(set(roles)) == len(roles)
    for function in functions:
        assert function["Runtime"] == "python3.13"
        assert function["Architectures"] == ["arm64"]
        assert function["TracingConfig"] == {"Mode": "Active"}
        assert function["LoggingConfig"]["LogFormat"] == "JSON"
        assert "LogGroup" in function["LoggingConfig"]
        assert function["Timeout"] >= 3
        state = function["FunctionName"].removeprefix("rds-operations-")
        assert function["Handler"] == f"{state}.handler.handler"
        assert (ROOT / "functions" / state / "handler.py").exists()


def test_function_roles_have_names_that_other_accounts_can_trust(template: Template) -> None:
    """Role names belong to the account, so they have the Region."""
    for function in template.of_type("AWS::Lambda::Function"):
        role = template.resources[function["Role"]["Fn::GetAtt"][0]]["Properties"]
        assert role["RoleName"] == {"Fn::Join": ["", [f"{function['FunctionName']}-", {"Ref": "AWS::Region"}]]}


def test_functions_know_their_place_and_their_acting_role(template: Template) -> None:
    for function in template.of_type("AWS::Lambda::Function"):
        variables = function["Environment"]["Variables"]
        if function["FunctionName"] == "rds-operations-console":
            assert sorted(variables) == ["ALLOWED_ORIGIN", "CLOUDOPS_URL", "CONSOLE_TITLE"]
            continue
        if function["FunctionName"] in ("rds-operations-publish", "rds-operations-digest"):
            assert sorted(variables) == ["ARCHIVE_BUCKET", "AUDIT_TABLE", "CONSOLE_URL", "DIGEST_SECONDS"]
            continue
        assert variables["HOME_ACCOUNT"] == {"Ref": "AWS::AccountId"}
        assert variables["ACTING_ROLE"]["Fn::GetAtt"][0].startswith("ActingRole")
        assert variables["INVENTORY_TABLE"]["Ref"].startswith("TablesInventory")


def test_log_groups_have_names_and_retention(template: Template) -> None:
    groups = {group["LogGroupName"]: group["RetentionInDays"] for group in template.of_type("AWS::Logs::LogGroup")}
    assert groups == {
        "/aws/lambda/rds-operations-service": 90,
        "/aws/apigateway/rds-operations": 90,
        "/aws/vendedlogs/states/rds-operations-admission": 90,
        "/aws/vendedlogs/states/rds-operations-late-watch": 90,
        "/aws/vendedlogs/states/rds-operations-operation": 90,
    }


def test_an_express_machine_logs_all_a_standard_one_errors_and_none_payloads(template: Template) -> None:
    machines = template.of_type("AWS::StepFunctions::StateMachine")
    assert {machine["StateMachineName"]: machine["StateMachineType"] for machine in machines} == {
        "rds-operations-admission": "EXPRESS",
        "rds-operations-operation": "STANDARD",
        "rds-operations-late-watch": "STANDARD",
    }
    for machine in machines:
        is_express = machine["StateMachineType"] == "EXPRESS"
        assert machine["LoggingConfiguration"]["Level"] == ("ALL" if is_express else "ERROR")
        assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False
        assert machine["TracingConfiguration"] == {"Enabled": True}


APIS = {"IamApi": "iam", "ApiKeyApi": "api_key", "CognitoApi": "cognito"}
each_api = pytest.mark.parametrize("api", APIS)


def of_api(template: Template, api: str, kind: str) -> list[Document]:
    found = template.resources.items()
    return [item["Properties"] for name, item in found if name.startswith(api) and item["Type"] == kind]


def method(template: Template, api: str, verb: str) -> Document:
    (found,) = [item for item in of_api(template, api, "AWS::ApiGateway::Method") if item["HttpMethod"] == verb]
    return found


def test_the_default_deployment_takes_signed_requests_only(template: Template) -> None:
    (api,) = template.of_type("AWS::ApiGateway::RestApi")
    assert api["Name"] == "rds-operations-iam"
    assert not template.of_type("AWS::ApiGateway::ApiKey")
    assert not template.of_type("AWS::Cognito::UserPool")
    assert not template.of_type("AWS::WAFv2::WebACLAssociation")


@each_api
def test_each_way_to_authenticate_has_an_api_of_its_own(all_modes_template: Template, api: str) -> None:
    (rest,) = of_api(all_modes_template, api, "AWS::ApiGateway::RestApi")
    assert rest["Name"] == f"rds-operations-{APIS[api].replace('_', '-')}"
    assert rest["EndpointConfiguration"] == {"Types": ["REGIONAL"]}
    (stage,) = of_api(all_modes_template, api, "AWS::ApiGateway::Stage")
    told = {"sign_in_client", "sign_in_pool", "sign_in_url", "cli_client"} if api == "CognitoApi" else set()
    assert stage["Variables"]["authentication"] == APIS[api]
    assert stage["Variables"].keys() == {"authentication", *told}
    assert stage["StageName"] == "v1"
    template = method(all_modes_template, api, "POST")["Integration"]["RequestTemplates"]["application/json"]
    text = "".join(part for part in template["Fn::Join"][1] if isinstance(part, str))
    assert text.count(rf"\"authentication\":\"{APIS[api]}\"") == 1
    assert not re.search("@[A-Za-z]+@", text)


@pytest.mark.parametrize(
    ("api", "authorization", "needs_key"),
    [("IamApi", "AWS_IAM", False), ("ApiKeyApi", "NONE", True), ("CognitoApi", "COGNITO_USER_POOLS", False)],
)
def test_every_method_asks_for_its_apis_credentials(
    all_modes_template: Template, api: str, authorization: str, needs_key: bool
) -> None:
    asking = [
        item
        for item in of_api(all_modes_template, api, "AWS::ApiGateway::Method")
        if item["HttpMethod"] in ("POST", "GET")
    ]
    pages = [item for item in asking if "FunctionsConsole" in json.dumps(item["Integration"])]
    assert len(pages) == 3
    assert all((item["AuthorizationType"], item.get("ApiKeyRequired", False)) == ("NONE", False) for item in pages)
    protected = [item for item in asking if item not in pages]
    assert len(protected) == 7
    for found in protected:
        assert found["AuthorizationType"] == authorization
        assert found.get("ApiKeyRequired", False) is needs_key
        assert ("AuthorizerId" in found) is (api == "CognitoApi")


@each_api
def test_preflight_asks_for_none(all_modes_template: Template, api: str) -> None:
    """Browsers send no credentials with it, and API Gateway answers it itself."""
    methods = of_api(all_modes_template, api, "AWS::ApiGateway::Method")
    options = [item for item in methods if item["HttpMethod"] == "OPTIONS"]
    assert len(options) == 10
    assert {item["HttpMethod"] for item in methods} == {"OPTIONS", "POST", "GET"}
    for item in options:
        assert item["AuthorizationType"] == "NONE"
        assert not item.get("ApiKeyRequired")
        assert item["Integration"]["Type"] == "MOCK"


@each_api
def test_post_takes_json_only(all_modes_template: Template, api: str) -> None:
    post = method(all_modes_template, api, "POST")
    assert post["Integration"]["PassthroughBehavior"] == "NEVER"
    assert list(post["Integration"]["RequestTemplates"]) == ["application/json"]
    assert post["Integration"]["TimeoutInMillis"] == 29_000
    patterns = {r["StatusCode"]: r.get("SelectionPattern") for r in post["Integration"]["IntegrationResponses"]}
    assert patterns == {"200": None, "500": r"[45]\d{2}"}


@each_api
def test_every_integration_and_gateway_response_has_cors(all_modes_template: Template, api: str) -> None:
    post = method(all_modes_template, api, "POST")
    for response in post["Integration"]["IntegrationResponses"]:
        assert response["ResponseParameters"]["method.response.header.Access-Control-Allow-Origin"] == "'*'"
    gateway = of_api(all_modes_template, api, "AWS::ApiGateway::GatewayResponse")
    assert {"DEFAULT_4XX", "DEFAULT_5XX"} <= {response["ResponseType"] for response in gateway}
    for response in gateway:
        assert response["ResponseParameters"]["gatewayresponse.header.Access-Control-Allow-Origin"] == "'*'"
        assert response["ResponseTemplates"]["application/json"].startswith('{"error":')


@each_api
def test_each_method_has_a_throttle_of_its_own(all_modes_template: Template, api: str) -> None:
    (stage,) = of_api(all_modes_template, api, "AWS::ApiGateway::Stage")
    shown = {
        (item["ResourcePath"], item["HttpMethod"]): (item.get("ThrottlingRateLimit"), item.get("ThrottlingBurstLimit"))
        for item in stage["MethodSettings"]
    }
    assert shown["/~1operations", "POST"] == (5, 10)
    for path in ("/~1operations~1{operation_id}", "/~1operations", "/~1records", "/~1me", "/~1instances"):
        assert shown[path, "GET"] == (40, 80)
    assert shown["/~1instances~1{instance_id}", "GET"] == (5, 10)  # reads RDS
    for path in ("/~1console", "/~1console~1{proxy+}", "/~1openapi.json"):
        assert shown[path, "GET"] == (10, 20)  # anybody may ask
    assert shown["/*", "*"] == (45, 90)  # the preflights
    assert len(shown) == 11
    assert not any(item.get("DataTraceEnabled") for item in stage["MethodSettings"])
    assert stage["TracingEnabled"] is True


def test_a_key_has_a_plan_with_a_throttle(all_modes_template: Template) -> None:
    plan = all_modes_template.one("AWS::ApiGateway::UsagePlan")
    assert plan["Throttle"] == {"RateLimit": 45, "BurstLimit": 90}
    assert "Quota" not in plan  # a page that polls would use it up
    ((stage,),) = ([item["Stage"]["Ref"] for item in plan["ApiStages"]],)
    assert stage.startswith("ApiKeyApi")
    key = all_modes_template.one("AWS::ApiGateway::ApiKey")
    assert key["Enabled"] is True
    assert "Value" not in key  # a key in a template is in every copy of it


@each_api
def test_the_web_acl_of_the_settings_protects_every_stage(all_modes_template: Template, api: str) -> None:
    (association,) = of_api(all_modes_template, api, "AWS::WAFv2::WebACLAssociation")
    assert association["WebACLArn"] == WEB_ACL
    assert f"{{'Ref': '{api}RestApiDeploymentStagev1" in str(association["ResourceArn"])


def test_a_limit_for_each_address_makes_one_web_acl_for_all_apis(tmp_path: Path) -> None:
    app = new_app(tmp_path)
    limited = {"requests_per_address_in_five_minutes": 600, "authentication": ["iam", "api_key"]}
    ServiceStack(app, "Limited", Settings.from_document(limited))
    app.synth()
    template = Template(tmp_path / "Limited.template.json")
    (acl,) = template.of_type("AWS::WAFv2::WebACL")
    (rule,) = acl["Rules"]
    assert rule["Statement"] == {"RateBasedStatement": {"AggregateKeyType": "IP", "Limit": 600}}
    assert rule["Action"] == {"Block": {}}
    associations = template.of_type("AWS::WAFv2::WebACLAssociation")
    assert [one["WebACLArn"] for one in associations] == [{"Fn::GetAtt": ["WebAcl", "Arn"]}] * 2


def test_one_request_in_twenty_is_traced(template: Template) -> None:
    rule = template.one("AWS::XRay::SamplingRule")["SamplingRule"]
    assert (rule["FixedRate"], rule["ReservoirSize"]) == (0.05, 0)
    assert fnmatch("rds-operations-iam/v1", rule["ServiceName"])
    for kind, name in (("Lambda::Function", "FunctionName"), ("StepFunctions::StateMachine", "StateMachineName")):
        assert all(fnmatch(one[name], rule["ServiceName"]) for one in template.of_type(f"AWS::{kind}"))


def test_nobody_signs_up_to_the_user_pool_and_a_password_alone_opens_nothing(all_modes_template: Template) -> None:
    (pool,) = all_modes_template.whole("AWS::Cognito::UserPool")
    assert pool["DeletionPolicy"] == "Retain"
    properties = pool["Properties"]
    assert properties["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert properties["DeletionProtection"] == "ACTIVE"
    assert properties["MfaConfiguration"] == "ON"
    assert properties["EnabledMfas"] == ["SOFTWARE_TOKEN_MFA"]
    assert properties["UsernameConfiguration"] == {"CaseSensitive": False}
    assert properties["AccountRecoverySetting"] == {"RecoveryMechanisms": [{"Name": "admin_only", "Priority": 1}]}
    assert properties["Policies"]["PasswordPolicy"] == {
        "MinimumLength": 14,
        "RequireLowercase": True,
        "RequireNumbers": True,
        "RequireSymbols": True,
        "RequireUppercase": True,
        "TemporaryPasswordValidityDays": 1,
    }


def test_the_pools_client_takes_no_password_in_plain_text(all_modes_template: Template) -> None:
    client, *_ = all_modes_template.of_type("AWS::Cognito::UserPoolClient")
    assert client["ExplicitAuthFlows"] == ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    assert client["PreventUserExistenceErrors"] == "ENABLED"
    assert client["IdTokenValidity"] == 60
    assert client["TokenValidityUnits"] == {"IdToken": "minutes"}
    assert client["AllowedOAuthFlowsUserPoolClient"] is False
    assert not client.get("GenerateSecret")


def test_the_client_of_the_command_line_signs_in_by_a_code_to_this_machine_alone(all_modes_template: Template) -> None:
    _, client, _ = all_modes_template.of_type("AWS::Cognito::UserPoolClient")
    assert client["AllowedOAuthFlows"] == ["code"]
    assert client["AllowedOAuthScopes"] == ["openid", "profile"]
    assert client["CallbackURLs"] == [f"http://127.0.0.1:{port}{PATH}" for port in PORTS]
    assert client["SupportedIdentityProviders"] == ["COGNITO"]
    assert (client["IdTokenValidity"], client["RefreshTokenValidity"]) == (60, 12 * 60)
    assert client["GenerateSecret"] is False
    assert client.get("ExplicitAuthFlows", ["ALLOW_REFRESH_TOKEN_AUTH"]) == ["ALLOW_REFRESH_TOKEN_AUTH"]


def test_the_consoles_client_signs_in_by_a_code_to_its_own_page_alone(all_modes_template: Template) -> None:
    *_, client = all_modes_template.of_type("AWS::Cognito::UserPoolClient")
    assert client["AllowedOAuthFlows"] == ["code"]
    assert client["AllowedOAuthScopes"] == ["openid", "profile"]
    (callback,) = client["CallbackURLs"]
    parts = callback["Fn::Join"][1]
    assert (parts[0], parts[-1].rpartition("/v1")[1:]) == ("https://", ("/v1", "/console/"))
    assert client["LogoutURLs"] == [callback]
    assert client["GenerateSecret"] is False
    assert client.get("ExplicitAuthFlows", ["ALLOW_REFRESH_TOKEN_AUTH"]) == ["ALLOW_REFRESH_TOKEN_AUTH"]


def test_a_pool_has_sign_in_pages_where_the_settings_name_them(tmp_path: Path) -> None:
    app = new_app(tmp_path)
    ServiceStack(
        app,
        "RdsOperations",
        Settings.from_document({"authentication": ["cognito"], "console": {"domain_prefix": "dbas"}}),
    )
    app.synth()
    template = Template(tmp_path / "RdsOperations.template.json")
    assert template.one("AWS::Cognito::UserPoolDomain")["Domain"] == "dbas"
    assert "amazoncognito.com" in json.dumps(template.one("AWS::ApiGateway::Stage")["Variables"]["sign_in_url"])
    assert "LoginUrl" in json.loads(template.path.read_text())["Outputs"]


def test_the_authorizer_reads_the_pool_and_the_usual_header(all_modes_template: Template) -> None:
    authorizer = all_modes_template.one("AWS::ApiGateway::Authorizer")
    assert authorizer["Type"] == "COGNITO_USER_POOLS"
    assert authorizer["IdentitySource"] == "method.request.header.Authorization"
    (pool,) = authorizer["ProviderARNs"]
    assert pool["Fn::GetAtt"][0].startswith("UserPool")


def test_a_user_pool_of_the_settings_is_used_as_it_is(tmp_path: Path) -> None:
    arn = "arn:aws:cognito-idp:eu-west-1:111122223333:userpool/eu-west-1_AbCdEf123"
    app = new_app(tmp_path)
    settings = Settings.from_document(
        {"authentication": ["cognito"], "user_pool_arn": arn, "user_pool_client_ids": ["1h57kf5cpq17m0eml12"]}
    )
    ServiceStack(app, "RdsOperations", settings)
    app.synth()
    template = Template(tmp_path / "RdsOperations.template.json")
    assert template.one("AWS::ApiGateway::Authorizer")["ProviderARNs"] == [arn]
    assert not template.of_type("AWS::Cognito::UserPool")
    assert not template.of_type("AWS::Cognito::UserPoolClient")


def test_the_page_and_the_command_line_sign_in_to_a_given_pool_by_clients_of_their_own(tmp_path: Path) -> None:
    arn = "arn:aws:cognito-idp:eu-west-1:111122223333:userpool/eu-west-1_AbCdEf123"
    console = {"pool_domain": "https://login.example.com", "identity_providers": ["Okta", "COGNITO"]}
    app = new_app(tmp_path)
    document = {"authentication": ["cognito"], "user_pool_arn": arn, "console": console}
    ServiceStack(app, "RdsOperations", Settings.from_document(document))
    app.synth()
    template = Template(tmp_path / "RdsOperations.template.json")
    clients = template.of_type("AWS::Cognito::UserPoolClient")
    assert [client["UserPoolId"] for client in clients] == ["eu-west-1_AbCdEf123"] * 2
    assert [client["SupportedIdentityProviders"] for client in clients] == [["Okta", "COGNITO"]] * 2
    assert all(client["AllowedOAuthFlows"] == ["code"] and not client["GenerateSecret"] for client in clients)
    variables = template.one("AWS::ApiGateway::Stage")["Variables"]
    assert (variables["sign_in_pool"], variables["sign_in_url"]) == ("eu-west-1_AbCdEf123", "https://login.example.com")
    assert len({json.dumps(variables[name]) for name in ("sign_in_client", "cli_client")}) == 2
    outputs = json.loads(template.path.read_text())["Outputs"]
    assert outputs["LoginUrl"]["Value"] == "https://login.example.com"
    assert {"CliClientId", "PageClientId"} <= set(outputs)
    packaged = json.loads(package.packaged(Settings.from_document(document)))
    assert packaged["callers"]["user_pool_client_ids"] == [], "tokens of other clients are refused"


def test_without_the_console_there_is_no_page_and_no_app_client_for_it(tmp_path: Path) -> None:
    app = new_app(tmp_path)
    settings = {"authentication": ["cognito"], "console": {"enabled": False, "domain_prefix": "dbas"}}
    ServiceStack(app, "RdsOperations", Settings.from_document(settings))
    app.synth()
    template = Template(tmp_path / "RdsOperations.template.json")
    paths = [resource["PathPart"] for resource in template.of_type("AWS::ApiGateway::Resource")]
    assert "openapi.json" in paths
    assert "console" not in paths
    assert "PageClientId" not in json.loads(template.path.read_text())["Outputs"]
    methods = template.one("AWS::ApiGateway::Stage")["MethodSettings"]
    assert not [method for method in methods if "console" in method["ResourcePath"]]


@each_api
def test_access_log_names_no_body_header_or_key(all_modes_template: Template, api: str) -> None:
    (stage,) = of_api(all_modes_template, api, "AWS::ApiGateway::Stage")
    given = stage["AccessLogSetting"]["Format"]
    for who in ("$context.identity.userArn", "$context.identity.apiKeyId", "$context.authorizer.claims.sub"):
        assert who in given
    assert '$context.identity.apiKey"' not in given
    assert "$input" not in given
    assert list(json.loads(given))[:2] == ["extendedRequestId", "requestId"]
    assert json.loads(given)["extendedRequestId"] == "$context.extendedRequestId"


def test_outputs(template: Template, all_modes_template: Template, target_template: Template) -> None:
    def outputs(of: Template) -> Document:
        found: Document = json.loads(of.path.read_text())["Outputs"]
        return found

    always = {"ApiUrl", "OperationStateMachineArn", "AdmissionStateMachineArn", "OperationsTable", "AuditTable"}
    assert {*always, "InventoryTable", "IamApiUrl"} <= set(outputs(template))
    assert "ApiKeyId" not in outputs(template)
    every = outputs(all_modes_template)
    assert {*always, "IamApiUrl", "ApiKeyApiUrl", "CognitoApiUrl", "ApiKeyId", "UserPoolId", "UserPoolClientId"} <= set(
        every
    )
    assert every["ApiUrl"] == every["IamApiUrl"]
    assert {"ReadingRoleArn", "ActingRoleArn"} == set(outputs(target_template))


def test_the_target_template_takes_what_sts_takes(target_template: Template) -> None:
    """One template serves all accounts, bootstrapped or not. It has their Regions, but no external id."""
    text = target_template.path.read_text()
    parameters = json.loads(text)["Parameters"]
    assert {name: item["AllowedPattern"] for name, item in parameters.items()} == {
        "ServiceAccount": "[0-9]{12}",
        "ServiceRegion": r"[a-z0-9\-]+",
        "ExternalId": r"[A-Za-z0-9_+=,.@:/\-]{2,1224}",
    }
    assert all("Default" not in item for item in parameters.values())
    assert {name: item["MaxLength"] for name, item in parameters.items()} == {
        "ServiceAccount": 12,
        "ServiceRegion": LONGEST_REGION,
        "ExternalId": len("billing-02c9"),
    }
    for word in ("orders-7d1f", "billing-02c9"):
        assert word not in text
    assert json.loads(text)["Mappings"] == {
        "Accounts": {
            "222233334444": {"Regions": ["eu-west-1", "eu-central-1"]},
            "333344445555": {"Regions": ["us-east-1"]},
        }
    }


def test_backstop_watches_the_three_bad_ends(template: Template) -> None:
    rule = template.one("AWS::Events::Rule")
    assert rule["EventPattern"]["detail"]["status"] == ["FAILED", "TIMED_OUT", "ABORTED"]
    assert rule["Targets"][0]["DeadLetterConfig"]
    failing = template.one("AWS::Lambda::EventInvokeConfig", MaximumRetryAttempts=2)
    assert failing["DestinationConfig"]["OnFailure"]["Destination"]


@pytest.mark.parametrize(("function", "minutes"), [("Sweep", 5), ("Inventory", 15)])
def test_schedules(template: Template, function: str, minutes: int) -> None:
    (schedule,) = [
        item
        for item in template.of_type("AWS::Scheduler::Schedule")
        if item["Target"]["Arn"]["Fn::GetAtt"][0].startswith(f"Functions{function}")
    ]
    assert schedule["ScheduleExpression"] == f"rate({minutes} minutes)"
    assert schedule["Target"]["RetryPolicy"] == {"MaximumRetryAttempts": 0}
    assert "State" not in schedule  # enabled by default
    (run,) = [f for f in template.of_type("AWS::Lambda::Function") if f["Handler"].startswith(function.lower())]
    assert run["Timeout"] < minutes * 60
    (name,) = [name for name, item in template.resources.items() if item.get("Properties") == run]
    invoke = template.one("AWS::Lambda::EventInvokeConfig", FunctionName={"Ref": name})
    assert (invoke["MaximumRetryAttempts"], invoke["MaximumEventAgeInSeconds"]) == (0, minutes * 60)


def test_log_groups_of_a_failed_first_deployment_are_not_in_the_way_of_the_next(template: Template) -> None:
    groups = template.whole("AWS::Logs::LogGroup")
    assert len(groups) == 5
    for group in groups:
        assert (group["DeletionPolicy"], group["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


def test_a_refusal_waits_in_its_queue_for_longer_than_a_sweep_takes(template: Template) -> None:
    (queue,) = [queue for queue in template.of_type("AWS::SQS::Queue") if "RedrivePolicy" in queue]
    (sweep,) = [f for f in template.of_type("AWS::Lambda::Function") if f["Handler"].startswith("sweep.")]
    assert queue["VisibilityTimeout"] > sweep["Timeout"]
    assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_unfinished_operations_have_an_index(template: Template) -> None:
    (index,) = template.one("AWS::DynamoDB::Table", TableName="rds_operations")["GlobalSecondaryIndexes"]
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["unfinished", "due_at"]


def test_the_inventory_has_an_index_by_place(template: Template) -> None:
    (index,) = template.one("AWS::DynamoDB::Table", TableName="rds_inventory")["GlobalSecondaryIndexes"]
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["place", "instance_id"]
    assert index["Projection"] == {"ProjectionType": "ALL"}


def test_the_simulation_has_the_tables_and_the_queue_of_the_stack(template: Template) -> None:
    tables = template.of_type("AWS::DynamoDB::Table")
    keys = {table["TableName"]: tuple(_names(table["KeySchema"])) for table in tables}
    assert keys == simulated_tables.KEYS
    indexes = {
        index["IndexName"]: (table, index) for table in tables for index in table.get("GlobalSecondaryIndexes", ())
    }
    assert indexes.keys() >= simulated_tables.SHOWN.keys()
    for name, (table, index) in indexes.items():
        of_index = _names(index["KeySchema"])
        assert simulated_tables.ORDERS[table["TableName"], name] == of_index[1]
        keys_only = (
            {*keys[table["TableName"]], *of_index} if index["Projection"]["ProjectionType"] == "KEYS_ONLY" else set()
        )
        assert set(simulated_tables.SHOWN.get(name, ())) == keys_only
    assert simulated_tables.ORDERS["rds_inventory", ""] == keys["rds_inventory"][1]
    (queue,) = [queue for queue in template.of_type("AWS::SQS::Queue") if "RedrivePolicy" in queue]
    assert queue["VisibilityTimeout"] == simulated_queues.HIDDEN_SECONDS


def _names(schema: list[Document]) -> list[str]:
    return [key["AttributeName"] for key in schema]


def test_python_app_py_works_without_credentials(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "app.py")],
        cwd=tmp_path,
        env={
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": str(tmp_path),
            # The CDK is unpacked once, not again for this test.
            "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(Path.home() / ".cache" / "aws" / "jsii" / "package-cache"),
            "CDK_OUTDIR": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    template = json.loads((tmp_path / "RdsOperations.template.json").read_text())
    assert template["Description"] == f"RDS operations, self-service, version {VERSION}"


def test_cfn_lint_reports_nothing(all_modes_template: Template, target_template: Template, tmp_path: Path) -> None:
    """With the partition put in: its rule for state machines takes a literal `arn:aws:` alone."""
    linter = str(Path(sys.executable).parent / "cfn-lint")
    for path in (all_modes_template.path, target_template.path):
        (tmp_path / path.name).write_text(path.read_text().replace("arn:${Partition}:", "arn:aws:"))
    done = subprocess.run(
        [linter, *map(str, tmp_path.iterdir())],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "")


def test_package_is_small_and_byte_compiled(template: Template) -> None:
    folders = [folder for folder in template.path.parent.iterdir() if folder.name.startswith("asset.")]
    (asset,) = [folder for folder in folders if (folder / "rds_operations").exists()]
    assert len(folders) == 2, "the functions' package and the console's"
    archive = shutil.make_archive(str(template.path.parent / "package"), "zip", asset)
    assert Path(archive).stat().st_size < 2_500_000
    compiled = next((asset / "rds_operations" / "model" / "__pycache__").glob("request.*.pyc"))
    unchecked_hash = b"\x01\x00\x00\x00"  # PEP 552: the bit field after the magic number
    assert compiled.read_bytes()[4:8] == unchecked_hash
    for not_needed in ("boto3", "botocore", "pydantic", "aws_xray_sdk"):
        assert not (asset / not_needed).exists()


@pytest.mark.parametrize("word", ["111122223333", "eu-west-1"])
def test_template_is_environment_agnostic(template: Template, word: str) -> None:
    assert word not in template.path.read_text()
