import os
from datetime import UTC, datetime, timedelta

import pytest
import shapely
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lsbatch.domain import Event
from lsbatch.errors import LsbatchError, RecipeError
from lsbatch.recipe import Recipe, read_recipe

LEAST = {"event": "a", "source": "b", "detector": {"name": "ndvi-change"}}
EVENT = Event(
    id="quake",
    time=datetime(2018, 9, 5, 18, 7, 59, tzinfo=UTC),
    aoi=shapely.box(142.2, 42.3, 142.3, 42.4),
)

text = st.text(max_size=20)
named = text.filter(lambda value: value.strip())
number = st.floats(allow_nan=False, allow_infinity=False)
plain = st.one_of(st.none(), st.booleans(), st.integers(-(2**60), 2**60), number, text)
recipes = st.builds(
    Recipe,
    event=named,
    source=named,
    detector=st.fixed_dictionaries(
        {"name": text}, optional={"parameters": st.dictionaries(text, plain, max_size=3)}
    ),
    catalog=st.none() | text,
    aoi=st.none() | text,
    aoi_level=st.none() | text,
    aoi_radius=st.none() | st.just("marc") | st.floats(1e-3, 1000),
    aoi_side=st.sampled_from([None, "east", "west"]),
    aoi_land=st.booleans(),
    yes=st.booleans(),
    inventory=st.none() | text,
    pre=st.none() | text,
    post=st.none() | text,
    sensor=st.none() | text,
    looks=st.integers(1, 20),
    crs=st.none() | text,
    resolution=st.none() | st.floats(1e-3, 1e5),
    threshold=st.floats(1e-6, 1 - 1e-6),
    slope_limit_deg=st.floats(0, 89.9),
    min_area_m2=st.floats(0, 1e12),
    block_px=st.integers(1, 32).map(lambda n: 256 * n),
    loader=st.sampled_from(["direct", "stackstac"]),
    cluster=st.fixed_dictionaries(
        {}, optional={"name": text, "workers": st.none() | st.integers(1, 64)}
    ),
)


@pytest.fixture(autouse=True)
def _no_settings_of_the_developer(monkeypatch):
    for name in [name for name in os.environ if name.startswith("LSBATCH_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def written(tmp_path):
    """Writes a recipe file, of a mapping or as it stands."""

    def write(content):
        path = tmp_path / "recipe.yaml"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
        return path

    return write


def refusal(path=None, **given_options):
    with pytest.raises(RecipeError) as caught:
        read_recipe(path, **given_options)
    return str(caught.value)


@given(recipe=recipes)
def test_yaml_there_and_back_is_equal(recipe, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "round-trip.yaml"
    path.write_text(recipe.to_yaml(), encoding="utf-8")
    assert read_recipe(path) == recipe


def test_what_is_left_out_has_its_default(written):
    recipe = read_recipe(written(LEAST))
    assert recipe == Recipe(**LEAST)
    assert yaml.safe_load(recipe.to_yaml()) == LEAST


def test_an_option_beats_the_environment_and_that_beats_the_file(written, monkeypatch):
    path = written(LEAST | {"looks": 4, "threshold": 0.4, "cluster": {"workers": 3}})
    assert read_recipe(path).looks == 4
    monkeypatch.setenv("LSBATCH_LOOKS", "5")
    monkeypatch.setenv("LSBATCH_CLUSTER__WORKERS", "7")
    recipe = read_recipe(path, threshold=0.6)
    assert (recipe.looks, recipe.threshold, recipe.cluster.workers) == (5, 0.6, 7)
    assert read_recipe(path, looks=6).looks == 6
    assert read_recipe(path, cluster={"workers": 2}).cluster.workers == 2


def test_an_option_not_given_leaves_the_file_s_value(written):
    assert read_recipe(written(LEAST | {"looks": 4}), looks=None).looks == 4


def test_a_nested_option_leaves_the_rest_of_its_branch(written):
    path = written(LEAST | {"cluster": {"name": "tcp://127.0.0.1:1"}})
    cluster = read_recipe(path, cluster={"workers": 2}).cluster
    assert (cluster.name, cluster.workers) == ("tcp://127.0.0.1:1", 2)


def test_options_alone_are_enough():
    assert read_recipe(**LEAST) == Recipe(**LEAST)


def test_what_is_missing_is_named():
    told = refusal()
    assert (
        all(f"{name} is missing: name it with --{name}" in told for name in LEAST)
        and "3 rules" in told
    )


def test_unknown_keys_are_named_at_every_depth(written):
    path = written(
        LEAST
        | {"treshold": 0.5, "cluster": {"worker": 2}, "detector": {"name": "x", "parameter": {}}}
    )
    told = refusal(path)
    assert str(path) in told and "3 rules" in told
    for key in ("treshold", "cluster.worker", "detector.parameter"):
        assert f"{key} is unknown" in told
    assert "colour is unknown (known: event," in refusal(written(LEAST), colour="red")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("event", 7),
        ("event", "  "),
        ("source", ""),
        ("source", ["a"]),
        ("looks", "many"),
        ("looks", 0),
        ("looks", 2.5),
        ("threshold", 0),
        ("threshold", 1),
        ("threshold", float("nan")),
        ("threshold", "half"),
        ("resolution", -10),
        ("resolution", float("inf")),
        ("min_area_m2", float("inf")),
        ("min_area_m2", float("nan")),
        ("slope_limit_deg", 90),
        ("block_px", 300),
        ("block_px", 128),
        ("cluster", {"workers": 0}),
        ("pre", 2018),
    ],
)
def test_a_value_that_breaks_a_rule_is_named_with_its_field(written, key, value):
    told = refusal(written(LEAST | {key: value}))
    deepest = value["workers"] if isinstance(value, dict) else value
    assert f"{key}" in told and f"received {deepest!r}" in told


def test_a_choice_may_be_its_name_alone(written):
    recipe = read_recipe(written(LEAST | {"detector": "ndvi-change", "cluster": "local"}))
    assert (recipe.detector.name, recipe.cluster.name) == ("ndvi-change", "local")


@pytest.mark.parametrize(("name", "value"), [("LOOKS", "many"), ("THRESHOLD", "1.5")])
def test_a_bad_value_of_the_environment_is_named(written, monkeypatch, name, value):
    monkeypatch.setenv(f"LSBATCH_{name}", value)
    told = refusal(written(LEAST))
    assert name.lower() in told and value in told


def test_a_branch_of_the_environment_that_is_not_json_is_said(written, monkeypatch):
    monkeypatch.setenv("LSBATCH_DETECTOR", "brightness-change")
    told = refusal(written(LEAST))
    assert '"detector"' in told and "LSBATCH_DETECTOR__NAME" in told
    monkeypatch.setenv("LSBATCH_DETECTOR", '{"name": "brightness-change"}')
    assert read_recipe(written(LEAST)).detector.name == "brightness-change"


@pytest.mark.parametrize(
    "content",
    [
        "event: !!python/object/apply:os.system ['touch {marker}']",
        "!!python/object:lsbatch.recipe.Recipe {{}}",
        "event: !!python/name:os.system ''",
        "event: [",
        "[" * 5000,
        b"\xff\xfe\x00",
        b"event: \x00",
    ],
)
def test_a_file_that_is_not_plain_yaml_is_refused(written, tmp_path, content):
    marker = tmp_path / "marker"
    path = written(content.format(marker=marker) if isinstance(content, str) else content)
    assert f"{path} cannot be read" in refusal(path)
    assert not marker.exists()


@pytest.mark.parametrize("content", ["", "- a", "text", "7"])
def test_a_file_that_is_no_mapping_is_refused(written, content):
    assert "must be a YAML mapping" in refusal(written(content))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert "nothing.yaml cannot be read" in refusal(tmp_path / "nothing.yaml")
    assert "cannot be read" in refusal(tmp_path)


def test_a_recipe_stays_as_it_is():
    recipe = read_recipe(**LEAST)
    for noun, field in ((recipe, "looks"), (recipe.detector, "name"), (recipe.cluster, "name")):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(noun, field, getattr(noun, field))


def periods(**given_periods):
    return Recipe(**LEAST, **given_periods).periods(EVENT)


def test_periods_are_a_year_on_each_side_if_left_out():
    pre, post = periods()
    year = timedelta(days=365)
    assert (pre.start, pre.end) == (EVENT.time - year, EVENT.time)
    assert (post.start, post.end) == (EVENT.time, EVENT.time + year)


def test_periods_are_read_in_utc():
    pre, post = periods(
        pre="2018-05-01/2018-09-01T06:30", post="2018-09-07T00:00+09:00/2018-10-01T00:00:00Z"
    )
    assert pre.start == datetime(2018, 5, 1, tzinfo=UTC)
    assert pre.end == datetime(2018, 9, 1, 6, 30, tzinfo=UTC)
    assert post.start == datetime(2018, 9, 6, 15, tzinfo=UTC)
    assert post.end == datetime(2018, 10, 1, tzinfo=UTC)


@pytest.mark.parametrize("side", ["pre", "post"])
@pytest.mark.parametrize(
    "value",
    [
        "",
        "/",
        "2018-05-01",
        "2018-05-01/",
        "a/b",
        "2018-05-01/2018-06-01/2018-07-01",
        "2018-13-01/x",
    ],
)
def test_a_period_that_is_not_from_to_is_refused(side, value):
    with pytest.raises(RecipeError, match=f"The {side} period must be FROM/TO") as caught:
        periods(**{side: value})
    assert repr(value) in str(caught.value)


def test_a_period_on_the_wrong_side_is_refused():
    with pytest.raises(RecipeError, match="The pre period starts on 2018-09-06, not before event"):
        periods(pre="2018-09-06/2018-10-01")
    with pytest.raises(RecipeError, match="The post period ends on 2018-09-01, not after event"):
        periods(post="2018-08-01/2018-09-01")


@pytest.mark.parametrize("value", ["2018-08-01/2018-07-01", "2018-08-01/2018-08-01"])
def test_a_period_that_ends_before_it_starts_is_refused(value):
    with pytest.raises(LsbatchError, match="must end after it starts"):
        periods(pre=value)


# ---- areas


@pytest.mark.parametrize(("given_radius", "kept"), [("30", 30.0), (12.5, 12.5), ("marc", "marc")])
def test_a_radius_is_a_length_or_marc(given_radius, kept):
    assert read_recipe(None, **LEAST, aoi_radius=given_radius).aoi_radius == kept


@pytest.mark.parametrize("radius", ["far", 0, -3, "1001", float("nan"), True, [1]])
def test_a_radius_that_is_no_length_is_refused(radius):
    assert "must be kilometres up to 1000, or marc" in refusal(**LEAST, aoi_radius=radius)


def test_a_side_is_east_or_west():
    assert "aoi_side" in refusal(**LEAST, aoi_side="north")


# ---- preparation


def test_a_composite_is_one_name_for_both_sides_or_one_for_each():
    both = read_recipe(None, **LEAST, composite="best").preparation
    assert (both.pre, both.post) == ("best", "best")
    each = read_recipe(None, **LEAST, composite={"pre": "greenest"}).preparation
    assert (each.pre, each.post) == ("greenest", "median")


@pytest.mark.parametrize("composite", ["greenest", {"post": "greenest"}])
def test_the_greenest_look_after_the_event_is_refused_with_the_reason(composite):
    told = refusal(**LEAST, composite=composite)
    assert "composite" in told and "hides its scars" in told


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("composite", "mean"),
        ("composite", {"pre": "mean"}),
        ("composite", {"before": "best"}),
        ("cloud_margin_m", -1),
        ("snow_margin_m", -1),
        ("shadow_reach_m", -1),
        ("harmonise", "perhaps"),
        ("steady_is_ground", "perhaps"),
    ],
)
def test_a_choice_of_preparation_that_breaks_a_rule_is_named(key, value):
    assert key in refusal(**LEAST, **{key: value})


def test_preparation_holds_the_recipe_s_choices():
    chosen = read_recipe(
        None, **LEAST, cloud_margin_m=35, steady_is_ground=False, shadow_reach_m=500
    ).preparation
    assert chosen.record() == {
        "cloud_margin_m": 35.0,
        "snow_margin_m": 30.0,
        "steady_is_ground": False,
        "shadow_reach_m": 500.0,
        "pre": "median",
        "post": "median",
    }
