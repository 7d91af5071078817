"""Contracts as test classes: inherit one, supply its fixture, and the law is checked."""

import inspect
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import rasterio
from rasterio.windows import Window
from stackstac.reader_protocol import Reader

PICKLE_LIMIT = 5_000
"""Bytes: a reader is sent with every task, so it may carry names, never pixels."""


class ReaderContract:
    """What stackstac, and our own laws, ask of a reader.

    Supply the fixture `make_reader`: a function of no arguments that makes a reader over a grid
    of at least 300 x 300 pixels which has data in most of them.
    """

    @pytest.fixture
    def make_reader(self):
        raise NotImplementedError("supply the fixture make_reader")

    def test_takes_every_argument_that_stackstac_gives(self, make_reader):
        given = inspect.signature(Reader.__init__).parameters
        wanted = inspect.signature(type(make_reader()).__init__).parameters
        takes_more = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in wanted.values())
        assert takes_more or set(given) <= set(wanted)

    def test_making_one_opens_no_file(self, make_reader, monkeypatch):
        def refuse(*_args, **_kwargs):
            raise AssertionError("a file was opened before it was read")

        monkeypatch.setattr(rasterio, "open", refuse)
        make_reader()

    def test_a_window_has_its_shape_and_the_asked_type(self, make_reader):
        reader = make_reader()
        data = reader.read(Window(3, 5, 40, 30))
        assert data.shape == (30, 40)
        assert data.dtype == reader.dtype

    def test_windows_are_cuts_of_the_whole(self, make_reader):
        reader = make_reader()
        whole = reader.read(Window(0, 0, 300, 300))
        for col, row, width, height in ((0, 0, 1, 1), (17, 120, 200, 33), (299, 0, 1, 300)):
            part = reader.read(Window(col, row, width, height))
            np.testing.assert_array_equal(part, whole[row : row + height, col : col + width])

    def test_pickles_small_and_reads_the_same_after(self, make_reader):
        reader = make_reader()
        before = reader.read(Window(0, 0, 64, 64))
        packed = pickle.dumps(reader)
        assert len(packed) < PICKLE_LIMIT
        np.testing.assert_array_equal(pickle.loads(packed).read(Window(0, 0, 64, 64)), before)

    def test_threads_may_share_one(self, make_reader):
        reader = make_reader()
        places = [Window(step * 10, step * 5, 64, 64) for step in range(8)]
        alone = [reader.read(place) for place in places]
        with ThreadPoolExecutor(4) as pool:
            for together, single in zip(pool.map(reader.read, places), alone, strict=True):
                np.testing.assert_array_equal(together, single)

    def test_closing_twice_is_harmless(self, make_reader):
        reader = make_reader()
        reader.read(Window(0, 0, 8, 8))
        reader.close()
        reader.close()
