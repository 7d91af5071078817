"""`lsbatch scenes`: what was weighed, as a table and as JSON."""

import json

import pytest
from rich.console import Console

from lsbatch.cli.weighed import LEGEND, weighed_table
from lsbatch.domain import WEIGHTS


def row(name, period, *, is_chosen, **parts):
    merit = {"covered": 0.8, "open": 0.5, "near": 0.9, "season": 0.25, "sun": None, "track": 1.0}
    return {
        "scene_id": name,
        "start": "2018-08-01T01:00:00+00:00",
        "end": "2018-08-01T01:01:00+00:00",
        "period": period,
        "delay_days": 35,
        "merit": {**merit, "snow": 0.1, **parts},
        "score": 0.625,
        "is_chosen": is_chosen,
    }


def lines(*rows):
    model = {"scene": "model", "start": "2006-01-24T00:00:00", "end": "2011-05-12T00:00:00"}
    console = Console(width=100)
    with console.capture() as said:
        console.print(weighed_table({"considered": rows, "terrain": [model]}))
    return [line.split() for line in said.get().splitlines()]


def test_each_look_shows_its_score_and_what_makes_it():
    head, chosen, left, model = lines(
        row("a", "pre", is_chosen=True), row("b", "post", is_chosen=False, open=None, snow=None)
    )
    assert head == ["use", "scene", "date", "days", "score", "seen", "snow", "near", "season",
                    "sun", "track"]  # fmt: skip
    assert chosen == ["pre", "a", "2018-08-01", "35", "0.62", "40%", "10%", "0.90", "0.25", "-",
                      "1.00"]  # fmt: skip
    assert left[:3] == ["not", "post", "b"] and left[6:8] == ["40%?", "-"]
    assert model == ["terrain", "model", "2006-01-24", "2011-05-12"]


def test_of_looks_left_the_best_ten_are_shown():
    rows = [row(f"x{n}", "pre", is_chosen=False) for n in range(30)]
    assert sum(line[:2] == ["not", "pre"] for line in lines(*rows)) == 10


def test_the_legend_names_every_weight():
    assert all(f"{weight:g} {name}" in LEGEND for name, weight in WEIGHTS.items())


@pytest.mark.real
def test_the_real_pair_is_chosen_and_its_reasons_are_told(lsbatch, shared_data):
    source = shared_data / "hokkaido-2018" / "catalog.json"
    words = "scenes", "hokkaido-2018", "--source", source, "--detector", "brightness-change"
    code, out, err = lsbatch(*words, "--json")
    assert code == 0, err
    told = json.loads(out)
    assert [(look["period"], look["delay_days"]) for look in told["looks"]] == [
        ("pre", 188),
        ("post", 101),
    ]
    assert [one["reason"].split(",")[0] for one in told["considered"]] == ["place 1 of 1"] * 2
    assert all(one["merit"]["season"] is None for one in told["considered"])
    assert told["offsets"] == []
    code, out, _ = lsbatch(*words)
    assert code == 0 and LEGEND in out
