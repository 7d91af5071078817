"""A folder appears whole or not at all."""

import os
import subprocess
from pathlib import Path

import pytest

from lsbatch.errors import StoreConflictError, StoreError
from lsbatch.simulate.staging import appear_whole


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def fill(folder: Path) -> None:
    (folder / "part").mkdir()
    (folder / "part" / "one").write_text("1")
    (folder / "catalog.json").write_text("{}")


FILLED = ["catalog.json", "part", "part/one"]


def test_an_absent_folder_appears_with_its_parents(tmp_path):
    with appear_whole(tmp_path / "a" / "b") as staging:
        fill(staging)
        assert not (tmp_path / "a" / "b").exists()
    assert names(tmp_path / "a" / "b") == FILLED and names(tmp_path / "a")[0] == "b"


def test_an_empty_folder_stays_the_same_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = os.stat(tmp_path).st_ino
    with appear_whole(Path(".")) as staging:
        fill(staging)
    assert os.stat(".").st_ino == before
    assert names(tmp_path) == FILLED


def test_an_empty_folder_behind_a_link_is_filled(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with appear_whole(tmp_path / "link") as staging:
        fill(staging)
    assert (tmp_path / "link").is_symlink() and names(tmp_path / "real") == FILLED


@pytest.mark.parametrize("is_there", [True, False])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_nothing(tmp_path, is_there, error):
    place = tmp_path / "place"
    if is_there:
        place.mkdir()
    expected = StoreError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(expected), appear_whole(place) as staging:
        fill(staging)
        raise error
    assert names(tmp_path) == (["place"] if is_there else [])


@pytest.mark.parametrize("is_there", [True, False])
def test_a_folder_filled_meanwhile_is_left_alone(tmp_path, is_there):
    place = tmp_path / "place"
    if is_there:
        place.mkdir()
    with pytest.raises(StoreConflictError, match="empty folder"), appear_whole(place) as staging:
        fill(staging)
        place.mkdir(exist_ok=True)
        (place / "mine").touch()
    assert names(tmp_path) == ["place", "place/mine"]


def test_a_failing_move_is_taken_back(tmp_path, monkeypatch):
    real = Path.rename

    def rename(self, target):
        if self.name == "catalog.json":
            raise OSError(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(StoreError, match="No space"), appear_whole(tmp_path) as staging:
        fill(staging)
    assert names(tmp_path) == []


@pytest.mark.parametrize("what", ["file in it", "file itself", "file above"])
def test_a_taken_place_is_refused_and_left_alone(tmp_path, what):
    place = tmp_path / "taken"
    kept = place if what != "file in it" else place / "mine.txt"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("mine")
    target = place / "below" if what == "file above" else place
    refused = pytest.raises((StoreConflictError, StoreError), match=str(target))
    with refused, appear_whole(target):
        raise AssertionError("nothing may be made before the place is known to be free")
    assert kept.read_text() == "mine" and len([p for p in tmp_path.rglob("*") if p.is_file()]) == 1


def test_a_place_that_cannot_be_written_is_said():
    refused = pytest.raises(StoreError, match="that you may write to")
    with refused, appear_whole(Path("/proc/none/world")):
        pass
    with pytest.raises(StoreError, match="long"), appear_whole(Path("x" * 300)):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk_is_said_and_left_empty(tmp_path):
    from lsbatch.simulate import simulate_event

    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this machine mounts no tmpfs")
    try:
        for folder in (tmp_path / "world", tmp_path):
            with pytest.raises(StoreError, match="No space left on device"):
                simulate_event(folder, side_km=1.5)
            assert names(tmp_path) == []
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
