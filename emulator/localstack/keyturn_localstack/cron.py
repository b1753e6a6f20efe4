# SPDX-License-Identifier: Apache-2.0
"""When a schedule expression of EventBridge Scheduler is due: `at`, `rate` and `cron`, in the schedule's time zone.

@see EventBridge Scheduler user guide, "Schedule types in EventBridge Scheduler"
"""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from crontab import CronTab

EXPRESSION = re.compile(r"^(at|rate|cron)\((.*)\)$")
UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
NTH_WEEKDAY = re.compile(r"^(\w+)#([1-5])$")
# Days of the week are 1 to 7 from Sunday here, 0 to 6 in the library.
WEEKDAY_NUMBER = re.compile(r"(?<![\w#])[1-7](?!\w)")


def is_once(expression: str) -> bool:
    """Whether the schedule fires once only."""
    return expression.startswith("at(")


def next_due(expression: str, zone: str, since: float, has_fired: bool) -> float | None:
    """Epoch seconds of the first firing after `since`, which is the last firing or the schedule's last change.

    None when there is none. Raises ValueError for what is no expression.
    """
    match = EXPRESSION.match(expression.strip())
    if match is None:
        raise ValueError(f"{expression} is neither at, rate nor cron")
    kind, text = match.groups()
    if kind == "at":
        return None if has_fired else datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()
    if kind == "rate":
        count, unit = text.split()
        return since + (int(count) * UNITS[unit.rstrip("s")]).total_seconds()
    start = datetime.fromtimestamp(since, ZoneInfo(zone)).replace(tzinfo=None)
    following = CronTab(" ".join(_fields(text))).next(now=start, return_datetime=True, default_utc=False)
    return None if following is None else following.replace(tzinfo=ZoneInfo(zone)).timestamp()


def _fields(text: str) -> list[str]:
    """The six fields as the library reads them: minute, hour, day of month, month, day of week, year."""
    minute, hour, day, month, weekday, year = text.split()
    nth = NTH_WEEKDAY.match(weekday)
    if nth is not None:
        # The second Tuesday is the Tuesday among the days 8 to 14.
        weekday, week = nth[1], int(nth[2])
        day = f"{7 * week - 6}-{min(7 * week, 31)}"
    weekday = WEEKDAY_NUMBER.sub(lambda number: str(int(number[0]) - 1), weekday)
    return [minute, hour, "*" if day == "?" else day, month, "*" if weekday == "?" else weekday, year]
