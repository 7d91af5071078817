import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest

from lsbatch.cube.gate import Place
from lsbatch.cube.shelf import Shelf

A, B = Place("web", "https://a/1"), Place("web", "https://a/2")
CONTENT = bytes(range(256))


@pytest.fixture
def shelf():
    return Shelf(100)


def test_a_part_of_a_part_is_found_and_nothing_beyond(shelf):
    shelf.keep(A, "v", 256, 10, CONTENT[10:50])
    assert shelf.find(A, "v", 10, 40) == CONTENT[10:50]
    assert shelf.find(A, "v", 20, 5) == CONTENT[20:25]
    assert shelf.find(A, "v", 9, 5) == b"" and shelf.find(A, "v", 45, 6) == CONTENT[45:50]
    assert shelf.find(B, "v", 10, 5) == b"" and shelf.facts(B) is None
    assert shelf.facts(A) == (256, "v")


def test_parts_that_lie_together_are_found_as_one(shelf):
    for start, stop in ((10, 30), (25, 50), (60, 70)):
        shelf.keep(A, "v", 256, start, CONTENT[start:stop])
    assert shelf.find(A, "v", 12, 100) == CONTENT[12:50]


def test_another_version_takes_the_place_of_all_that_was_kept(shelf):
    shelf.keep(A, "v", 256, 0, CONTENT[:30])
    shelf.keep(A, "w", 200, 50, CONTENT[50:60])
    assert shelf.find(A, "v", 0, 5) == b"" and shelf.find(A, "w", 0, 5) == b""
    assert shelf.facts(A) == (200, "w")


def test_what_was_used_longest_ago_goes_first(shelf):
    for start in (0, 30, 60):
        shelf.keep(A, "v", 256, start, CONTENT[start : start + 30])
    shelf.find(A, "v", 0, 1)
    shelf.keep(A, "v", 256, 90, CONTENT[90:120])
    assert shelf.find(A, "v", 0, 30) and shelf.find(A, "v", 90, 30)
    assert shelf.find(A, "v", 30, 30) == b""


def test_a_file_without_parts_is_gone(shelf):
    shelf.keep(A, "v", 256, 0, CONTENT[:60])
    shelf.keep(B, "v", 256, 0, CONTENT[:60])
    assert shelf.facts(A) is None and shelf.facts(B) == (256, "v")


def test_a_part_larger_than_the_shelf_is_kept_alone(shelf):
    shelf.keep(A, "v", 256, 0, CONTENT[:50])
    shelf.keep(B, "v", 256, 0, CONTENT)
    assert shelf.find(B, "v", 0, 256) == CONTENT and shelf.facts(A) is None


def test_the_same_part_twice_is_held_once(shelf):
    for _ in range(10):
        shelf.keep(A, "v", 256, 0, CONTENT[:60])
    shelf.keep(A, "v", 256, 60, CONTENT[60:100])
    assert len(shelf.find(A, "v", 0, 60)) == 60


def test_forgetting_one_or_all(shelf):
    shelf.keep(A, "v", 256, 0, CONTENT[:10])
    shelf.keep(B, "v", 256, 0, CONTENT[:10])
    shelf.forget(A)
    shelf.forget(A)
    assert shelf.facts(A) is None and shelf.facts(B)
    shelf.forget()
    assert shelf.facts(B) is None


def test_threads_may_share_one(shelf):
    places = [Place("web", str(number)) for number in range(20)]

    def use(place):
        shelf.keep(place, "v", 256, 0, CONTENT[:40])
        found = shelf.find(place, "v", 5, 5)
        return found in (b"", CONTENT[5:10])

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(use, places * 50))
    assert shelf._held == sum(
        len(part) for file in shelf._files.values() for part in file.parts.values()
    )
    assert pickle.loads(pickle.dumps(A)) == A
