# SPDX-License-Identifier: Apache-2.0
"""Puts every KMS and CloudHSM call onto the account's default bus, as CloudTrail does.

LocalStack has no CloudTrail in its open edition. The key endpoint writes an event for each call and holds it back for
as long as its delivery delay says; a thread asks for what is due. LocalStack gives every rule every event: on AWS,
read-only ones go to rules in the state ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS only, which ours are.
"""

import json
import logging
import threading
from datetime import datetime

from forwarding import trail

from keyturn_localstack.settings import Settings

REQUIRES = ("localstack.aws.connect:connect_to",)

logger = logging.getLogger("keyturn.localstack")


def apply(settings: Settings) -> None:
    def follow() -> None:
        trail.follow(settings.key_endpoint, settings.admin_token, lambda event: deliver(settings, event))

    threading.Thread(target=follow, name="cloudtrail-events", daemon=True).start()


def deliver(settings: Settings, event: dict) -> None:
    """One event onto the default bus of its account."""
    from localstack.aws.connect import connect_to

    entry = {
        "Source": trail.source(event),
        "DetailType": trail.detail_type(event),
        "Detail": json.dumps(event),
        "Time": datetime.fromisoformat(event["eventTime"].replace("Z", "+00:00")),
    }
    try:
        clients = connect_to(region_name=settings.region, aws_access_key_id=settings.account)
        clients.events.put_events(Entries=[entry])
    except Exception:
        logger.exception("the event of %s could not be delivered", event.get("eventName"))
