# SPDX-License-Identifier: Apache-2.0
"""Saves when each schedule fired, so that an `at()` does not fire again after a restart.

ministack keeps that in memory only; its saved state knows the schedule but not that it has fired.
"""

from gateway.patches import schedule_clock
from gateway.settings import Settings

REQUIRES = (
    "ministack.services.scheduler:get_state",
    "ministack.services.scheduler:load_persisted_state",
)

MEMBER = "keyturn_last_fired"


def apply(settings: Settings) -> None:
    from ministack.services import scheduler

    get, load = scheduler.get_state, scheduler.load_persisted_state

    def get_state():
        fired = [[*key, *value] for key, value in list(schedule_clock.last_fired.items())]
        return {**get(), MEMBER: fired}

    def load_persisted_state(data):
        for account, region, name, expression, moment in data.get(MEMBER, []):
            schedule_clock.last_fired[(account, region, name)] = (expression, moment)
        return load(data)

    scheduler.get_state = get_state
    scheduler.load_persisted_state = load_persisted_state
