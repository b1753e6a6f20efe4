# SPDX-License-Identifier: Apache-2.0
"""Lets a grant on a sender's identity cover what SES sends for it, under the condition `ses:FromAddress`.

AWS checks SendEmail on the identity of the address in `Source`, the address itself where it is verified, else its
domain, and fills `ses:FromAddress` with it. ministack checks it on `*` and does not know the key, so such a grant
would never allow a mail.
"""

from email.utils import parseaddr

from gateway.settings import Settings

REQUIRES = (
    "ministack.core.iam_actions:extract_resource_arn",
    "ministack.core.iam_actions:request_tag_context",
    "ministack.core.iam_actions:_query_param",
    "ministack.services.ses:_notification_identity",
)

SEND = "SendEmail"


def apply(settings: Settings) -> None:
    from ministack.core import iam_actions
    from ministack.services import ses

    extract, context = iam_actions.extract_resource_arn, iam_actions.request_tag_context

    def extract_resource_arn(service, method, path, headers, body, params, region, account):
        sender = sender_of(service, params, iam_actions._query_param)
        if sender is None:
            return extract(service, method, path, headers, body, params, region, account)
        known = ses._notification_identity(sender)
        return identity_arn(sender, known and known[0], region, account)

    def request_tag_context(service, iam_action, body, params):
        found = context(service, iam_action, body, params)
        sender = sender_of(service, params, iam_actions._query_param)
        return found if sender is None else {**found, "ses:FromAddress": sender}

    iam_actions.extract_resource_arn = extract_resource_arn
    iam_actions.request_tag_context = request_tag_context


def sender_of(service: str, params: dict, read) -> str | None:
    """The plain address that a SendEmail of SES v1 names as its sender; None for every other request."""
    if service != "ses" or read(params, "Action") != SEND:
        return None
    return parseaddr(read(params, "Source"))[1]


def identity_arn(sender: str, known: str | None, region: str, account: str) -> str:
    """The identity that is asked for permission; one that is not verified is asked for as the address."""
    return f"arn:aws:ses:{region}:{account}:identity/{known or sender}"
