# SPDX-License-Identifier: Apache-2.0
"""Lets a grant of `events:PutEvents` be bound to what the events say: `events:source` and `events:detail-type`.

AWS fills both keys from the entries of the request. ministack knows neither, so such a grant would never allow an
event, and who tells of failures on the side, as the data plane does, would be silent. Entries that differ give more
than one value, which no condition of one value allows.
"""

import json

from gateway.settings import Settings

REQUIRES = ("ministack.core.iam_actions:request_tag_context",)

PUT = "events:PutEvents"


def apply(settings: Settings) -> None:
    from ministack.core import iam_actions

    context = iam_actions.request_tag_context

    def request_tag_context(service, iam_action, body, params):
        found = context(service, iam_action, body, params)
        return {**found, **said_of(body)} if iam_action == PUT else found

    iam_actions.request_tag_context = request_tag_context


def said_of(body: bytes) -> dict:
    """The condition keys of a PutEvents request; none for one that cannot be read, which is refused anyway."""
    try:
        entries = json.loads(body)["Entries"]
        values = {
            "events:source": {str(entry["Source"]) for entry in entries},
            "events:detail-type": {str(entry["DetailType"]) for entry in entries},
        }
    except (ValueError, KeyError, TypeError):
        return {}
    return {key: found.pop() if len(found) == 1 else sorted(found) for key, found in values.items()}
