"""Event lists as CSV."""

import pytest
import shapely

from lsbatch.catalog import find_event, read_events
from lsbatch.catalog.tables import read_event_table
from lsbatch.errors import CatalogError

HEAD = "id,time,west,south,east,north,magnitude"
SOUND = "norcia,2016-10-30T06:40:17Z,12.8,42.5,13.4,43.2,6.6"


def written(tmp_path, *lines, text=None, encoding="utf-8"):
    path = tmp_path / "events.csv"
    whole = text if text is not None else "\n".join(lines) + "\n"
    path.write_bytes(whole if isinstance(whole, bytes) else whole.encode(encoding))
    return path


def test_row_becomes_an_event(tmp_path):
    (event,) = read_event_table(written(tmp_path, HEAD + ",depth_km,note", SOUND + ",8,"))
    assert (event.id, event.magnitude, event.time.isoformat()) == (
        "norcia",
        6.6,
        "2016-10-30T06:40:17+00:00",
    )
    assert event.aoi.equals(shapely.box(12.8, 42.5, 13.4, 43.2))
    assert event.facts == {"depth_km": "8"}


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + HEAD + "\r\n" + SOUND + "\r\n",
        HEAD.replace(",", ";") + "\n" + SOUND.replace(",", ";"),
        HEAD.upper() + "\n" + SOUND,
        HEAD + "\n\n,,,,,,\n" + SOUND + "\n\n",
        HEAD + '\n"norcia",' + SOUND.removeprefix("norcia,"),
    ],
)
def test_marks_line_ends_separators_and_empty_rows_change_nothing(tmp_path, text):
    (event,) = read_event_table(written(tmp_path, text=text))
    assert event.id == "norcia" and event.magnitude == 6.6


def test_without_a_box_the_scaling_gives_the_area(tmp_path):
    path = written(
        tmp_path,
        "event_key,origin_time_utc,lon,lat,mag,depth_km,mechanism",
        "norcia,2016-10-30T06:40:17Z,13.0961,42.8621,6.6,8,normal",
        "fiji,2018-08-19T00:19:40Z,179.9,-18.1,8.2,20,",
    )
    norcia, fiji = read_event_table(path)
    assert norcia.epicentre == (13.0961, 42.8621)
    assert norcia.aoi.contains(shapely.Point(norcia.epicentre))
    assert (
        "radius of 28.4 km" in norcia.facts["aoi_source"] and "normal" in norcia.facts["aoi_source"]
    )
    assert fiji.aoi.bounds[0] == -180 and fiji.aoi.bounds[2] == 180


def test_box_whose_west_lies_east_of_its_east_crosses_the_180th_meridian(tmp_path):
    (event,) = read_event_table(written(tmp_path, HEAD, "fiji,2018-08-19,179,-19,-179,-17,8"))
    from lsbatch.catalog import AreaChoice, choose_area

    assert choose_area(event, AreaChoice(side="west")).aoi.bounds == (-180, -19, -179, -17)


def test_real_list_is_read_but_for_the_storms_without_an_area(shared_data, tmp_path):
    path = shared_data / "tables" / "events.csv"
    with pytest.raises(CatalogError, match=r"Row 77: it has neither.*Row 78: it has neither"):
        read_events(path)
    quakes = path.read_bytes().decode("utf-8-sig").splitlines(keepends=True)[:76]
    path = written(tmp_path, text="".join(quakes))
    events = read_events(path)
    assert len(events) == 75
    kashmir = find_event("kashmir_2005", path)
    assert kashmir.magnitude == 7.6 and kashmir.place == "Pakistan"
    assert kashmir.aoi.contains(shapely.Point(kashmir.epicentre))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("norcia,soon,12.8,42.5,13.4,43.2,6.6", "'time' as ISO 8601"),
        ("norcia,30.10.2016,12.8,42.5,13.4,43.2,6.6", "30.10.2016"),
        (",2016-10-30,12.8,42.5,13.4,43.2,6.6", "needs an id"),
        ("norcia,2016-10-30,12.8,42.5,13.4,43.2", "6 cells, the header 7"),
        ("norcia, near Perugia,2016-10-30,12.8,42.5,13.4,43.2,6.6", "8 cells, the header 7"),
        ('norcia,2016-10-30,"12,8",42.5,13.4,43.2,6.6', "its west must be a number"),
        ("norcia,2016-10-30,nan,42.5,13.4,43.2,6.6", "its west must be a number"),
        ("norcia,2016-10-30,12.8,42.5,13.4,43.2,strong", "its magnitude must be a number"),
        ("norcia,2016-10-30,12.8,43.2,13.4,42.5,6.6", "south .43.2. must lie below"),
        ("norcia,2016-10-30,12.8,95,13.4,96,6.6", "longitude -180..180 and latitude -90..90"),
        ("norcia,2016-10-30,42.5,140,43.2,141,6.6", "swapped"),
        ("norcia,2016-10-30,12.8,42.5,13.4,,6.6", "neither a whole box"),
        ("norcia,2016-10-30,12.8,42.5,12.8,43.2,6.6", "not a valid polygon|has no extent"),
        ("=HYPERLINK(1),2016-10-30,12.8,42.5,13.4,43.2,6.6", "begins like a spreadsheet formula"),
        ("@norcia,2016-10-30,12.8,42.5,13.4,43.2,6.6", "begins like a spreadsheet formula"),
        ("-norcia,2016-10-30,12.8,42.5,13.4,43.2,6.6", "begins like a spreadsheet formula"),
    ],
)
def test_bad_row_is_named(tmp_path, row, reason):
    path = written(tmp_path, HEAD, SOUND, row)
    with pytest.raises(CatalogError, match=rf"events\.csv: Row 3: .*{reason}"):
        read_event_table(path)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("a,2016-10-30,13,42,", "neither a whole box .* nor longitude, latitude and magnitude"),
        ("a,2016-10-30,,42,6", "neither a whole box"),
        ("a,2016-10-30,42,140,6", "longitude must lie in -180..180.*Are they swapped"),
        ("a,2016-10-30,190,42,6", "it says 190 and 42"),
        ("a,2016-10-30,20,89.95,6", "around a pole"),
    ],
)
def test_bad_row_without_a_box_is_named(tmp_path, row, reason):
    path = written(tmp_path, "id,time,lon,lat,mag", row)
    with pytest.raises(CatalogError, match=rf"Row 2: .*{reason}"):
        read_event_table(path)


def test_several_bad_rows_are_named_at_once_but_not_a_hundred(tmp_path):
    path = written(tmp_path, HEAD, SOUND, *[f"e{n},soon,1,1,2,2,6" for n in range(9)])
    with pytest.raises(CatalogError, match=r"Row 3: .*Row 7: .*And 4 more") as caught:
        read_event_table(path)
    assert "Row 8" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "needs a header and at least one row"),
        (HEAD, "needs a header and at least one row"),
        ("time,west,south,east,north\n2016,1,1,2,2", "lacks the column id"),
        ("name,west,south,east,north\na,1,1,2,2", "lacks the columns id and time"),
        ("id,time,west\na,2016-01-01,1", "lacks the column longitude, latitude, magnitude"),
        ("id,time,id,lon,lat,mag\n1,2,3,4,5,6", "two columns named id"),
        (HEAD + '\n"norcia,2016', "not readable as CSV"),
        ((HEAD + "\n" + SOUND).encode("utf-16"), "not text in UTF-8"),
        ((HEAD + "\nNiño,2016-01-01,1,1,2,2,6").encode("latin-1"), "not text in UTF-8"),
    ],
)
def test_table_that_is_no_event_list_is_refused(tmp_path, text, reason):
    with pytest.raises(CatalogError, match=reason):
        read_event_table(written(tmp_path, text=text))


def test_missing_table_is_named(tmp_path):
    with pytest.raises(CatalogError, match=r"none\.csv cannot be read: No such file"):
        read_event_table(tmp_path / "none.csv")
