"""The area of interest from the command line, and where its choice stands."""

import json

import pytest
import yaml


@pytest.fixture
def scenes(lsbatch, world):
    """Run `lsbatch scenes` on the simulated event: (code, notes, stderr)."""

    def run(*words):
        code, out, err = lsbatch(
            *("scenes", world / "events.geojson", "--source", world / "catalog.json"),
            *("--detector", "ndvi-change", "--json", *words),
        )
        return code, json.loads(out)["warnings"] if code == 0 else [], " ".join(err.split())

    return run


def test_radius_is_told_among_the_notes(scenes):
    code, notes, _ = scenes("--aoi-radius", "1.2", "--no-aoi-land")
    assert code == 0
    assert notes[0] == "Area of interest: radius of 1.2 km about the epicentre."


def test_radius_of_marc_is_told_with_its_figure(scenes):
    code, notes, _ = scenes("--aoi-radius", "marc", "--no-aoi-land")
    assert code == 0
    assert notes[0].startswith("Area of interest: radius of ")
    assert "scaling of Marc et al. 2016 for M " in notes[0]


def test_box_of_the_event_is_no_news(scenes):
    code, notes, _ = scenes()
    assert code == 0 and not any("Area of interest:" in note for note in notes)


def test_choices_stand_in_a_file_as_well(scenes, tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump({"aoi_radius": 1.5, "aoi_land": False}))
    code, notes, _ = scenes("--config", path)
    assert code == 0 and "radius of 1.5 km" in notes[0]


@pytest.mark.real
def test_shakemap_of_another_earthquake_and_without_a_level(scenes, shared_data):
    grid = shared_data / "shakemap-loma-prieta" / "grid.xml"
    code, _, said = scenes("--aoi", grid)
    assert code == 1 and "choose a contour with --aoi-level, such as mmi=6" in said
    code, _, said = scenes("--aoi", grid, "--aoi-level", "mmi=6")
    assert code == 1 and "ShakeMap of an earthquake of 1989-10-18 00:04 UTC" in said


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--aoi-radius", "far"), "must be kilometres up to 1000, or marc"),
        (("--aoi-level", "mmi=6"), "name its grid.xml with --aoi"),
        (("--aoi-side", "east"), "leave --aoi-side out"),
        (("--aoi-side", "north"), "aoi_side"),
    ],
)
def test_choice_that_cannot_be_is_refused_with_a_sentence(scenes, words, reason):
    code, _, said = scenes(*words)
    assert code != 0 and reason in said and "Traceback" not in said


def test_help_teaches_the_choices(lsbatch):
    for command in ("map", "scenes"):
        code, out, _ = lsbatch(command, "--help")
        said = " ".join(out.replace("│", " ").split())
        assert code == 0
        for word in ("--aoi-level", "--aoi-radius", "--aoi-side", "--no-aoi-land", "mmi=6", "marc"):
            assert word in said, (command, word)
