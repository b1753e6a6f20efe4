# SPDX-License-Identifier: Apache-2.0
"""Authorizes methods of REST APIs: by a function for a token, or by the caller's IAM identity.

LocalStack's open edition lets every request through to its function. Here a TOKEN authorizer is invoked, its answer
kept for as long as it says and its policy evaluated; under AWS_IAM the caller is found by its access key and put into
the request's context, and whoever has none is refused. Signatures are not verified, IAM policies not asked.
@see localstack/services/apigateway/next_gen/execute_api/gateway.py, RestApiGateway
"""

import fnmatch
import json
import re
import threading
import time

from keyturn_localstack.settings import Settings

REQUIRES = (
    "localstack.services.apigateway.next_gen.execute_api.gateway:RestApiGateway",
    "localstack.services.apigateway.next_gen.execute_api.handlers:method_request_handler",
    "localstack.services.apigateway.next_gen.execute_api.gateway_response:UnauthorizedError",
    "localstack.services.apigateway.next_gen.execute_api.gateway_response:AccessDeniedError",
    "localstack.services.apigateway.next_gen.execute_api.gateway_response:AuthorizerConfigurationError",
    "localstack.services.apigateway.next_gen.execute_api.gateway_response:MissingAuthTokenError",
    "localstack.aws.connect:connect_to",
)

# API Gateway's own default where an authorizer names no time.
CACHE_SECONDS = 300
FUNCTION = re.compile(r"functions/(arn:[^/]+)/invocations$")


def apply(settings: Settings) -> None:
    from localstack.services.apigateway.next_gen.execute_api import gateway, handlers

    authorizers = Authorizers(settings)
    initialize = gateway.RestApiGateway.__init__

    def initialized(api):
        initialize(api)
        place = api.request_handlers.index(handlers.method_request_handler)
        api.request_handlers.insert(place, authorizers)

    gateway.RestApiGateway.__init__ = initialized


class Authorizers:
    """A handler of requests to REST APIs: sets `authorizer` or `identity` of the context, or refuses."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, str], tuple[float, dict]] = {}

    def __call__(self, chain, context, response) -> None:
        match context.resource_method.get("authorizationType"):
            case "CUSTOM":
                self._by_token(context)
            case "AWS_IAM":
                self._by_identity(context)

    def _by_token(self, context) -> None:
        from localstack.services.apigateway.next_gen.execute_api import gateway_response as refusals

        identifier = context.resource_method["authorizerId"]
        authorizer = context.deployment.rest_api.authorizers[identifier]
        header = authorizer["identitySource"].removeprefix("method.request.header.")
        token = context.invocation_request["headers"].get(header) or ""
        if not re.fullmatch(authorizer.get("identityValidationExpression") or ".+", token):
            raise refusals.UnauthorizedError("Unauthorized")
        method = method_arn(context)
        answer = self._answer(authorizer, token, method)
        if answer is None:
            raise refusals.UnauthorizedError("Unauthorized")
        if not allows(answer["policyDocument"], method):
            raise refusals.AccessDeniedError("User is not authorized to access this resource with an explicit deny")
        own = {name: str(value) for name, value in (answer.get("context") or {}).items()}
        context.context_variables["authorizer"] = {"principalId": answer["principalId"], **own}

    def _answer(self, authorizer: dict, token: str, method: str) -> dict | None:
        """What the authorizer says, kept for its time to live; None when it says that this is nobody."""
        from localstack.services.apigateway.next_gen.execute_api import gateway_response as refusals

        key, now = (authorizer["id"], token), time.monotonic()
        with self._lock:
            self._kept = {one: kept for one, kept in self._kept.items() if kept[0] > now}
            if key in self._kept:
                return self._kept[key][1]
        answer = self._invoke(authorizer, {"type": "TOKEN", "authorizationToken": token, "methodArn": method})
        if answer.get("errorMessage") == "Unauthorized":
            return None
        if "policyDocument" not in answer:
            raise refusals.AuthorizerConfigurationError
        seconds = authorizer.get("authorizerResultTtlInSeconds")
        with self._lock:
            self._kept[key] = (now + (CACHE_SECONDS if seconds is None else seconds), answer)
        return answer

    def _invoke(self, authorizer: dict, event: dict) -> dict:
        from localstack.aws.connect import connect_to

        function = FUNCTION.search(authorizer["authorizerUri"])[1]
        clients = connect_to(region_name=self._settings.region, aws_access_key_id=self._settings.account)
        answer = clients.lambda_.invoke(FunctionName=function, Payload=json.dumps(event))
        return json.load(answer["Payload"])

    def _by_identity(self, context) -> None:
        from localstack.services.apigateway.next_gen.execute_api import gateway_response as refusals

        from keyturn_localstack import principals

        headers = context.invocation_request["headers"]
        if "authorization" not in {name.lower() for name, _ in headers.items()}:
            raise refusals.MissingAuthTokenError("Missing Authentication Token")
        try:
            caller = principals.of_request(headers, self._settings.account)
        except principals.UnknownCaller:
            raise refusals.AccessDeniedError("The security token included in the request is invalid.") from None
        context.context_variables["identity"].update(
            accountId=caller.account, caller=caller.principal_arn, user=caller.principal_arn, userArn=caller.principal_arn
        )


def method_arn(context) -> str:
    """ARN of the method that a request calls."""
    request = context.invocation_request
    method, path = request["http_method"], request["path"].lstrip("/")
    return f"arn:aws:execute-api:{context.region}:{context.account_id}:{context.api_id}/{context.stage}/{method}/{path}"


def allows(policy: dict, resource: str) -> bool:
    """Whether a policy of an authorizer allows a method: one Allow and no Deny."""
    statements = policy["Statement"]
    effects = [one["Effect"] for one in _listed(statements) if _covers(one, resource)]
    return "Allow" in effects and "Deny" not in effects


def _covers(statement: dict, resource: str) -> bool:
    actions = (action.lower() for action in _listed(statement["Action"]))
    invokes = any(fnmatch.fnmatchcase("execute-api:invoke", action) for action in actions)
    return invokes and any(fnmatch.fnmatchcase(resource, one) for one in _listed(statement["Resource"]))


def _listed(value):
    return value if isinstance(value, list) else [value]
