import gc

import pytest

from lsbatch.search.garbage import no_collector


@pytest.mark.parametrize("was_on", [True, False])
def test_the_collector_is_left_as_it_was_found(was_on):
    try:
        if not was_on:
            gc.disable()
        with pytest.raises(KeyError), no_collector():
            assert not gc.isenabled()
            raise KeyError
        assert gc.isenabled() == was_on
    finally:
        gc.enable()
