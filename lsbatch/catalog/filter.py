"""choose_events: those of a catalogue that a filter keeps; a small grammar, nothing is evaluated.

::

    either     = both {"or" both}
    both       = single {"and" single}
    single     = "not" single | "(" either ")" | comparison
    comparison = name ("<" | "<=" | "=" | "==" | "!=" | ">=" | ">") value
    value      = number | date | 'text' | word
"""

import operator
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from lsbatch.domain import Event
from lsbatch.errors import RecipeError

Test = Callable[[Event], bool]

_FIELDS: dict[str, Callable[[Event], Any]] = {
    "id": lambda event: event.id,
    "name": lambda event: event.name,
    "place": lambda event: event.place,
    "magnitude": lambda event: event.magnitude,
    "start": lambda event: event.time,
    "time": lambda event: event.time,
    "longitude": lambda event: event.epicentre and event.epicentre[0],
    "latitude": lambda event: event.epicentre and event.epicentre[1],
}
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}
_TOKEN = re.compile(
    r"""\s*(?:(?P<date>\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?)(?![\w-])
    |(?P<number>[+-]?\d+(?:\.\d*)?(?![\w-]))
    |(?P<sign><=|>=|==|!=|<|>|=|\(|\))
    |'(?P<single>[^']*)'|"(?P<double>[^"]*)"
    |(?P<word>[^\W\d][\w-]*))""",
    re.VERBOSE,
)
_JOINTS = ("and", "or", "not")
_DEEPEST = 50
"""Nested brackets; nobody writes more, and Python's own stack is finite."""


def choose_events(events: Iterable[Event], text: str) -> tuple[Event, ...]:
    """The events that a filter keeps, in their order.

    Parameters
    ----------
    events : iterable of Event
    text : str
        Such as ``magnitude >= 6.5 and start > 2015-06-23``. Names are id, name, place, magnitude,
        start (or time, UTC), longitude and latitude, and every plain fact of the events; what an
        event does not have makes its comparison false.

    Raises
    ------
    RecipeError
        For a text that is no filter, a name that no event knows, or a comparison that makes no
        sense.
    """
    events = tuple(events)
    test = _Reader(text, _fields_of(events)).read()
    return tuple(event for event in events if test(event))


def _fields_of(events: Iterable[Event]) -> dict[str, Callable[[Event], Any]]:
    """What can be asked of these events: their fields, and facts that are numbers or words."""
    facts = {
        name
        for event in events
        for name, value in event.facts.items()
        if isinstance(value, str | int | float)
    }
    return {**{name: _fact(name) for name in sorted(facts)}, **_FIELDS}


def _fact(name: str) -> Callable[[Event], Any]:
    return lambda event: event.facts.get(name)


class _Reader:
    """Reads a filter from left to right."""

    def __init__(self, text: str, fields: dict[str, Callable[[Event], Any]]) -> None:
        self._text = text
        self._fields = fields
        self._tokens = list(_tokens_of(text))
        self._at = 0
        self._depth = 0

    def read(self) -> Test:
        test = self._either()
        if self._at < len(self._tokens):
            raise self._refusal(f"nothing can follow before {self._tokens[self._at][1]!r}")
        return test

    def _either(self) -> Test:
        tests = [self._both()]
        while self._take("or"):
            tests.append(self._both())
        return lambda event: any(test(event) for test in tests)

    def _both(self) -> Test:
        tests = [self._single()]
        while self._take("and"):
            tests.append(self._single())
        return lambda event: all(test(event) for test in tests)

    def _single(self) -> Test:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._refusal("it is nested too deep")
        if self._take("not"):
            inner = self._single()
            test: Test = lambda event: not inner(event)  # noqa: E731
        elif self._take("("):
            test = self._either()
            if not self._take(")"):
                raise self._refusal("a bracket is not closed")
        else:
            test = self._comparison()
        self._depth -= 1
        return test

    def _comparison(self) -> Test:
        kind, name = self._next("a name")
        if kind != "word" or name in _JOINTS:
            raise self._refusal(f"a name is expected where {name!r} stands")
        if name not in self._fields:
            raise self._refusal(f"no event has {name!r} (known: {', '.join(sorted(self._fields))})")
        _, sign = self._next(f"a comparison of {name}")
        if sign not in _OPERATORS:
            raise self._refusal(f"{name} must be compared ({' '.join(_OPERATORS)}), not {sign!r}")
        kind, value = self._next(f"a value for {name}")
        if kind == "sign":
            raise self._refusal(f"a value for {name} is expected where {value!r} stands")
        return self._compare(name, sign, value)

    def _compare(self, name: str, sign: str, value: Any) -> Test:
        get, holds = self._fields[name], _OPERATORS[sign]

        def test(event: Event) -> bool:
            own = _norm_own(get(event))
            if own is None:
                return False
            if type(own) is not type(value):
                raise self._refusal(f"{name} is {_said(own)} and cannot be compared with {value}")
            if isinstance(own, str) and sign not in ("=", "==", "!="):
                raise self._refusal(f"{name} is a text and has no order")
            return holds(own, value)

        return test

    def _take(self, word: str) -> bool:
        found = self._at < len(self._tokens) and self._tokens[self._at] in (
            ("word", word),
            ("sign", word),
        )
        self._at += found
        return found

    def _next(self, wanted: str) -> tuple[str, Any]:
        if self._at == len(self._tokens):
            raise self._refusal(f"{wanted} is missing at its end")
        self._at += 1
        return self._tokens[self._at - 1]

    def _refusal(self, why: str) -> RecipeError:
        return _refusal(self._text, why)


def _refusal(text: str, why: str) -> RecipeError:
    return RecipeError(
        f"The filter {text!r} cannot be followed: {why}. Write it as in magnitude >= 6.5 and "
        "start > 2015-06-23."
    )


def _tokens_of(text: str) -> Iterator[tuple[str, Any]]:
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            raise _refusal(text, f"{text[at:].strip()[:20]!r} is not understood")
        at = found.end()
        kind = str(found.lastgroup)
        yield _norm_token(kind, found[kind], text)


def _norm_token(kind: str, part: str, text: str) -> tuple[str, Any]:
    if kind == "number":
        return kind, float(part)
    if kind == "date":
        try:
            moment = datetime.fromisoformat(part)
        except ValueError as error:
            raise _refusal(text, f"{part!r} is no date ({error})") from error
        return kind, moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return ("text" if kind in ("single", "double") else kind), part


def _norm_own(value: Any) -> Any:
    """An event's value as a filter writes it: numbers are floats, yes and no are words."""
    if isinstance(value, bool):
        return str(value).lower()
    return float(value) if isinstance(value, int) else value


def _said(value: Any) -> str:
    if isinstance(value, datetime):
        return "a date"
    return "a number" if isinstance(value, float) else "a text"
