# SPDX-License-Identifier: Apache-2.0
"""Closes the emulator's own paths to everyone without the admin token.

ministack serves `/_ministack/*` without credentials, also under AUTH: `POST /_ministack/reset` wipes everything.
Health and readiness stay open; `cfn-*` carries CloudFormation's signals and is open too. Every other path under
the prefix answers 404 without the header, as if it did not exist.
"""

import hmac

from gateway.settings import Settings

REQUIRES = ("ministack.app:app", "ministack.app:_handle_admin_reset")

PREFIXES = ("/_ministack", "/_localstack")
OPEN = ("/_ministack/health", "/_ministack/ready")
OPEN_PREFIX = "/_ministack/cfn-"


def is_open(path: str) -> bool:
    """Whether anyone may call this path."""
    guarded = any(path == prefix or path.startswith(f"{prefix}/") for prefix in PREFIXES)
    return not guarded or path in OPEN or path.startswith(OPEN_PREFIX)


def apply(settings: Settings) -> None:
    import ministack.app

    original, token = ministack.app.app, settings.admin_token.encode()

    async def guarded(scope, receive, send):
        if scope["type"] == "http" and not is_open(scope["path"]):
            offered = dict(scope["headers"]).get(b"x-admin-token", b"")
            if not hmac.compare_digest(offered, token):
                await send({"type": "http.response.start", "status": 404, "headers": []})
                await send({"type": "http.response.body", "body": b""})
                return
        await original(scope, receive, send)

    ministack.app.app = guarded
