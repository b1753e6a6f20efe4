# SPDX-License-Identifier: Apache-2.0
"""Sends KMS and CloudHSM v2 to the key endpoint, from SDKs, functions, CloudFormation and `aws-sdk:` states alike.

LocalStack's KMS holds keys in memory and has no custom key stores; CloudHSM v2 it refuses. Its own services call each
other over the same gateway, so one handler before the services sees all of it.
@see localstack/aws/app.py, LocalstackAwsGateway
"""

import json

from keyturn_localstack.settings import Settings

REQUIRES = (
    "localstack.aws.app:LocalstackAwsGateway",
    "localstack.aws.handlers:parse_service_request",
    "moto.sts.models:STSBackend.get_assumed_role_from_access_key",
    "moto.iam.models:IAMBackend.get_role_by_arn",
)

FORWARDED = ("kms", "cloudhsmv2")


def apply(settings: Settings) -> None:
    from forwarding.key_endpoint import KeyEndpoint
    from localstack.aws import app, handlers

    from keyturn_localstack import principals

    endpoint = KeyEndpoint(settings.key_endpoint, settings.gateway_secret)
    initialize = app.LocalstackAwsGateway.__init__

    def forward(chain, context, response):
        if context.service is None or context.service.service_name not in FORWARDED:
            return
        request = context.request
        try:
            caller = principals.of_request(request.headers, settings.account)
        except principals.UnknownCaller:
            refuse(response)
        else:
            target, agent = request.headers.get("x-amz-target", ""), request.headers.get("user-agent", "")
            answer(response, endpoint.send(target, request.get_data(), caller, agent, context.region or ""))
        # The rest of the chain would parse the answer by its own model of the service.
        chain.terminate()

    def initialized(gateway, *rest, **named):
        initialize(gateway, *rest, **named)
        place = gateway.request_handlers.index(handlers.parse_service_request)
        gateway.request_handlers.insert(place, forward)

    app.LocalstackAwsGateway.__init__ = initialized


def answer(response, sent: tuple[int, dict, bytes]) -> None:
    """Puts what the endpoint said into LocalStack's response."""
    response.status_code, headers, content = sent
    response.headers.update(headers)
    response.set_data(content)


def refuse(response) -> None:
    """What AWS says to an access key that nobody has."""
    error = {"__type": "UnrecognizedClientException", "message": "The security token included in the request is invalid."}
    answer(response, (400, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(error).encode()))
