# SPDX-License-Identifier: Apache-2.0
"""Deploys AWS::ApiGateway::Authorizer.

LocalStack's open edition has the API of authorizers and no CloudFormation resource for them: it skips the resource, and
then refuses every method that names it. @see localstack/services/cloudformation/resource_provider.py
"""

from keyturn_localstack.settings import Settings

REQUIRES = (
    "localstack.services.cloudformation.resource_provider:ResourceProvider",
    "localstack.services.cloudformation.resource_provider:ResourceProviderExecutor.try_load_resource_provider",
    "localstack.services.cloudformation.resource_provider:ProgressEvent",
    "localstack.services.cloudformation.resource_provider:OperationStatus",
)

TYPE = "AWS::ApiGateway::Authorizer"
# Property of the resource -> member of the API. @see AWS::ApiGateway::Authorizer
MEMBERS = {
    "RestApiId": "restApiId",
    "Name": "name",
    "Type": "type",
    "AuthType": "authType",
    "AuthorizerUri": "authorizerUri",
    "AuthorizerCredentials": "authorizerCredentials",
    "IdentitySource": "identitySource",
    "IdentityValidationExpression": "identityValidationExpression",
    "AuthorizerResultTtlInSeconds": "authorizerResultTtlInSeconds",
}
SCHEMA = {
    "typeName": TYPE,
    "properties": {name: {} for name in (*MEMBERS, "AuthorizerId")},
    "primaryIdentifier": ["/properties/AuthorizerId"],
    "readOnlyProperties": ["/properties/AuthorizerId"],
}


def apply(settings: Settings) -> None:
    from localstack.services.cloudformation import resource_provider

    executor = resource_provider.ResourceProviderExecutor
    load, provider = executor.try_load_resource_provider, _provider(resource_provider)
    executor.try_load_resource_provider = staticmethod(
        lambda resource_type: provider if resource_type == TYPE else load(resource_type)
    )


def _provider(base):
    """The provider of the resource, over LocalStack's module of them."""

    def done(request, model):
        return base.ProgressEvent(base.OperationStatus.SUCCESS, resource_model=model, custom_context=request.custom_context)

    class AuthorizerProvider(base.ResourceProvider):
        def create(self, request):
            model = request.desired_state
            answer = request.aws_client_factory.apigateway.create_authorizer(**members(model))
            return done(request, {**model, "AuthorizerId": answer["id"]})

        def delete(self, request):
            model = request.desired_state
            request.aws_client_factory.apigateway.delete_authorizer(
                restApiId=model["RestApiId"], authorizerId=model["AuthorizerId"]
            )
            return done(request, model)

    AuthorizerProvider.TYPE, AuthorizerProvider.SCHEMA = TYPE, SCHEMA
    return AuthorizerProvider()


def members(model: dict) -> dict:
    """The members of CreateAuthorizer; a number may arrive as text."""
    found = {member: model[name] for name, member in MEMBERS.items() if name in model}
    if "authorizerResultTtlInSeconds" in found:
        found["authorizerResultTtlInSeconds"] = int(found["authorizerResultTtlInSeconds"])
    return found
