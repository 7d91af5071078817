"""How far from an earthquake landslides are to be expected: the scaling of Marc et al. (2016).

Distances only; areas and volumes of landslides need the steepness of the ground besides. All in
kilometres. Meant for crustal earthquakes on land, shallower than some 25 km.
"""

import math

_CRITICAL_ACCELERATION = 0.15
"""Below this no landslide falls, in g."""
_SATURATED = 4.0
_SATURATED_NORMAL = 2.8
"""Acceleration times distance, in g km, of a source at the magnitude where it stops to grow."""
_HINGE = 6.75
"""That magnitude: Boore and Atkinson (2008), at 1 Hz."""
_RIGIDITY = 3.3e10
"""Pa."""
_ASPECT, _SLIP = 16.5, 3.7e-5
"""Width of a rupture over its length to the power 2/3, in m^(1/3), and slip over the root of the
area: Leonard (2010)."""
_DEPTH_OF_FAULTS = 17e3
"""Where strike-slip faults stop to widen, m."""
_LEAST_KM, _MOST_KM = 20.0, 150.0
_DEEPEST_KM = 12.0


def rupture_length_km(magnitude: float, *, strike_slip: bool) -> float:
    """Length of the fault that breaks.

    Parameters
    ----------
    magnitude : float
        Moment magnitude.
    strike_slip : bool
        Such faults cannot widen beyond the crust that breaks: from 33 km on they grow in length
        alone.

    Notes
    -----
    Source: Leonard (2010), Bull. Seism. Soc. Am. 100(5), as Marc et al. (2016) use it.
    """
    moment = 10 ** (1.5 * magnitude + 9.1)
    length: float = (moment / (_RIGIDITY * _ASPECT**1.5 * _SLIP)) ** 0.4
    if strike_slip and length > (_DEPTH_OF_FAULTS / _ASPECT) ** 1.5:
        length = (moment / (_RIGIDITY * _SLIP * _DEPTH_OF_FAULTS**1.5)) ** (2 / 3)
    return length / 1e3


def source_strength_km(magnitude: float, *, normal: bool) -> float:
    """Acceleration in g, times distance in km, of one source of waves on the fault."""
    above = magnitude - _HINGE
    growth = 0.6728 * above - 0.1826 * above**2 if above <= 0 else 0.054 * above
    return (_SATURATED_NORMAL if normal else _SATURATED) * math.exp(growth)


def shaking_reach_km(magnitude: float, *, depth_km: float, normal: bool) -> float:
    """Distance over ground at which one source of waves stops to set off landslides.

    Parameters
    ----------
    magnitude : float
        Moment magnitude.
    depth_km : float
        Mean depth of the sources (asperities) on the fault.
    normal : bool
        Normal faults shake less.

    Returns
    -------
    float
        0 where the sources lie too deep to shake any ground loose.

    Notes
    -----
    Waves lose strength by spreading alone. Source: Marc, Hovius, Meunier, Gorum and Uchida (2016),
    J. Geophys. Res. Earth Surface 121, equations 1 to 5.
    """
    reach = source_strength_km(magnitude, normal=normal) / _CRITICAL_ACCELERATION
    return math.sqrt(max(reach**2 - depth_km**2, 0.0))


def source_depth_km(magnitude: float, *, hypocentre_km: float) -> float:
    """Mean depth of the sources of waves on a fault, where only the hypocentre is known.

    Parameters
    ----------
    magnitude : float
        Moment magnitude.
    hypocentre_km : float
        Depth of the hypocentre.

    Returns
    -------
    float
        The hypocentre's depth, half of it above magnitude 7.5 (Marc et al. 2016), and at most 12:
        faults begin to break near their foot, catalogues write fixed depths such as 33 km, and an
        area to search had better be too large. The search boxes of the shipped catalogue have the
        same limit.
    """
    return min(hypocentre_km / 2 if magnitude > 7.5 else hypocentre_km, _DEEPEST_KM)


def landslide_radius_km(magnitude: float, *, depth_km: float, mechanism: str = "") -> float:
    """Radius about the epicentre that should hold the landslides of an earthquake.

    Parameters
    ----------
    magnitude : float
        Moment magnitude.
    depth_km : float
        Mean depth of the sources on the fault, from `source_depth_km` where it is not known.
    mechanism : str
        In words: one that begins with "normal" or "strike-slip" counts as such, any other as
        reverse.

    Returns
    -------
    float
        Half the rupture and the reach of its shaking, at least 20 and at most 150 km. A rupture
        that ran to one side only may leave it.
    """
    kind = mechanism.lower()
    length = rupture_length_km(magnitude, strike_slip=kind.startswith("strike"))
    reach = shaking_reach_km(magnitude, depth_km=depth_km, normal=kind.startswith("normal"))
    return min(max(length / 2 + reach, _LEAST_KM), _MOST_KM)
