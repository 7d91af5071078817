"""Mountain country of all continents, in whose climates and suns events are invented."""

from dataclasses import dataclass

from lsbatch.simulate.style import Climate


@dataclass(frozen=True, slots=True)
class Place:
    """A spot that lends its latitude, its season and its zone of coordinates, not its ground."""

    name: str
    longitude: float
    latitude: float
    climates: tuple[Climate, ...]


PLACES: tuple[Place, ...] = (
    Place("Hidaka", 142.7, 42.6, ("temperate", "boreal")),
    Place("Japanese Alps", 136.4, 35.9, ("temperate",)),
    Place("Taebaek", 128.6, 37.4, ("temperate",)),
    Place("Taiwan", 121.1, 23.6, ("monsoon", "tropical")),
    Place("Longmen Shan", 103.6, 31.4, ("temperate", "monsoon")),
    Place("Nepal", 85.6, 27.9, ("monsoon",)),
    Place("Kumaon", 79.6, 30.2, ("monsoon", "temperate")),
    Place("Western Ghats", 75.9, 11.9, ("monsoon", "tropical")),
    Place("Chin Hills", 93.6, 22.4, ("monsoon", "tropical")),
    Place("Luzon", 120.9, 16.9, ("tropical", "monsoon")),
    Place("Sulawesi", 119.2, -1.6, ("tropical",)),
    Place("Papua", 142.9, -5.9, ("tropical",)),
    Place("Southern Alps", 172.4, -42.5, ("temperate",)),
    Place("Snowy Mountains", 148.3, -36.4, ("temperate", "mediterranean")),
    Place("Alaska", -147.4, 61.4, ("boreal",)),
    Place("Coast Mountains", -124.6, 51.6, ("boreal", "temperate")),
    Place("Cascades", -121.6, 46.6, ("temperate",)),
    Place("California", -122.6, 39.4, ("mediterranean",)),
    Place("Appalachians", -81.4, 36.4, ("temperate",)),
    Place("Guatemala", -91.4, 15.3, ("tropical",)),
    Place("Hispaniola", -73.6, 18.5, ("tropical",)),
    Place("Colombian Andes", -75.6, 5.6, ("tropical",)),
    Place("Serra do Mar", -44.6, -22.6, ("tropical",)),
    Place("Central Chile", -70.9, -35.4, ("mediterranean",)),
    Place("Patagonia", -73.1, -44.6, ("temperate", "boreal")),
    Place("Rif", -4.4, 35.0, ("mediterranean",)),
    Place("Rwenzori", 29.2, 1.6, ("tropical",)),
    Place("Drakensberg", 29.1, -29.0, ("monsoon", "temperate")),
    Place("Ethiopian Plateau", 38.4, 11.6, ("monsoon",)),
    Place("Cape Fold Belt", 19.4, -33.5, ("mediterranean",)),
    Place("Apennines", 13.4, 42.5, ("mediterranean", "temperate")),
    Place("Eastern Alps", 13.1, 46.6, ("temperate",)),
    Place("Norway", 8.4, 61.6, ("boreal",)),
    Place("Peloponnese", 22.1, 37.6, ("mediterranean",)),
    Place("Pontic Mountains", 40.6, 40.9, ("temperate",)),
    Place("Taurus", 37.1, 37.6, ("mediterranean",)),
    Place("Baikal", 105.4, 51.6, ("boreal",)),
    Place("Kamchatka", 158.4, 54.6, ("boreal",)),
)
"""Each lies more than half a degree from the edges of its UTM zone."""
