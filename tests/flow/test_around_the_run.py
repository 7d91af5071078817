"""What stands around a run: the notebook, the job script, the help's examples."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jupytext
import nbclient
import pytest

from lsbatch.batch import map_event
from lsbatch.recipe import ClusterChoice, DetectorChoice, Recipe

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def demo(world, cluster_address, tmp_path_factory):
    """A folder laid out as `lsbatch demo` leaves it: lsbatch-demo/world and lsbatch-demo/map."""
    place = tmp_path_factory.mktemp("place")
    shutil.copytree(world, place / "lsbatch-demo" / "world")
    recipe = Recipe(
        event=str(place / "lsbatch-demo/world/events.geojson"),
        source=str(place / "lsbatch-demo/world/catalog.json"),
        detector=DetectorChoice(name="ndvi-change"),
        cluster=ClusterChoice(name=cluster_address),
    )
    map_event(recipe, place / "lsbatch-demo" / "map")
    return place


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.py")), ids=lambda p: p.stem)
def test_notebook_runs(path, demo, monkeypatch):
    monkeypatch.setenv("LSBATCH_RUN", str(demo / "lsbatch-demo" / "map"))
    notebook = jupytext.read(path)
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    assert not any(cell.get("outputs") for cell in jupytext.read(path).cells)


def test_slurm_script_runs_the_main_job(demo, tmp_path):
    script = ROOT / "deploy" / "slurm" / "map_event.sh"
    world = demo / "lsbatch-demo" / "world"
    words = [world / "events.geojson", world / "catalog.json", "ndvi-change", tmp_path / "map"]
    lsbatch = Path(sys.executable).with_name("lsbatch")
    environment = {**os.environ, "LSBATCH": str(lsbatch), "SLURM_CPUS_PER_TASK": "1"}
    done = subprocess.run(["bash", script, *words], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "map" / "catalog.json").is_file()
    assert subprocess.run(["bash", script], capture_output=True).returncode == 2


def commands():
    from typer.main import get_command

    from lsbatch.cli import app

    def walk(command, words):
        yield words, command
        for name, child in getattr(command, "commands", {}).items():
            yield from walk(child, [*words, name])

    return [(words, command) for words, command in walk(get_command(app), []) if words]


@pytest.mark.parametrize(
    ("words", "command"),
    commands(),
    ids=lambda v: " ".join(map(str, v)) if isinstance(v, list) else "",
)
def test_help_shows_an_example(words, command):
    assert re.search(r"Example[^`]*`lsbatch [^`]+`", command.help or ""), words


@pytest.mark.slow
def test_examples_of_the_help_work_as_typed(demo, lsbatch, monkeypatch, cluster_address):
    monkeypatch.chdir(demo)
    monkeypatch.setenv("LSBATCH_CLUSTER__NAME", cluster_address)
    # the fixture's event is another than the demo's own
    event = next((demo / "lsbatch-demo" / "map" / "events").iterdir()).name
    for _, command in commands():
        (example,) = re.findall(r"Example[^`]*`lsbatch ([^`]+)`", command.help)
        if example == "demo" or example.startswith("train "):
            continue  # `make demo` types the one; the other takes an hour (see test_train.py)
        code, _, err = lsbatch(*example.replace("demo-5", event).split())
        assert code == 0, f"{example}: {err}"
