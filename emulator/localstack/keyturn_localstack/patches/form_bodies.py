# SPDX-License-Identifier: Apache-2.0
"""Hands functions behind a REST API the body of a form byte for byte.

LocalStack parses a form and writes it anew, so what the sender signed, as Slack does, is not what arrives.
@see localstack/services/apigateway/next_gen/execute_api/handlers/parse.py, restore_payload
"""

from keyturn_localstack.settings import Settings

MODULE = "localstack.services.apigateway.next_gen.execute_api.handlers.parse"
REQUIRES = (f"{MODULE}:restore_payload",)


def apply(settings: Settings) -> None:
    import importlib

    importlib.import_module(MODULE).restore_payload = lambda request: request.get_data()
