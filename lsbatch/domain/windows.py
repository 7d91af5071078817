"""own_period: the window of time that an event states for itself."""

from datetime import UTC, datetime

from lsbatch.domain.event import Event, Period
from lsbatch.errors import CatalogError


def own_period(event: Event, name: str) -> Period | None:
    """The period ``pre`` or ``post`` that an event states for itself; None where it states none.

    An event of several triggers needs it: before an earthquake that follows a typhoon by a day, the
    images must be from before the typhoon; after a swarm, from after its last shock.

    Raises
    ------
    CatalogError
        Where the property is not FROM/TO, two ISO dates or times in UTC, the earlier first.
    """
    stated = event.facts.get(name)
    if stated in (None, ""):
        return None
    try:
        start, end = (_moment(part) for part in str(stated).split("/"))
    except ValueError as error:
        raise CatalogError(
            f"The property {name!r} of event {event.id!r} must be FROM/TO with ISO dates, such as "
            f"2018-05-01/2018-09-03; received {stated!r}."
        ) from error
    return Period(start, end)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
