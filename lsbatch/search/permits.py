"""access_of: where the records of a source may lead, by what is known of the source."""

from dataclasses import replace

from lsbatch.domain import Access, access_to
from lsbatch.search.endpoints import find_endpoint, read_endpoints


def access_of(
    source: str, *, hosts: tuple[str, ...] = (), reads_per_second: float | None = None
) -> Access:
    """What the records of a source may lead to.

    Parameters
    ----------
    source : str
        As `find_scenes` takes it.
    hosts : tuple of str, optional
        Further hosts, spelled as in `Access.hosts`.
    reads_per_second : float, optional
        Most requests for files, in place of the catalogue's own rate.

    Returns
    -------
    Access
        Of a catalogue in catalogs/endpoints.yaml what its entry and that of its fallback allow,
        since either may answer; of every other source what `access_to` allows.
    """
    endpoint = find_endpoint(source)
    if endpoint is None:
        return replace(access_to(source, hosts=hosts), reads_per_second=reads_per_second)
    both = [e for e in read_endpoints() if e.name in (endpoint.name, endpoint.fallback)]
    return Access(
        hosts=(*(host for e in both for host in e.hosts), *hosts),
        buckets=tuple(bucket for e in both for bucket in e.buckets),
        # a signer leaves hosts alone that are not its own
        sign=next((e.signing for e in both if e.signing), None),
        requester_pays=tuple(bucket for e in both for bucket in e.requester_pays),
        region=next((e.region for e in both if e.region), None),
        # of two the lower: what a process asks of either is counted together
        reads_per_second=reads_per_second
        or min((e.reads_per_second for e in both if e.reads_per_second), default=None),
    )
