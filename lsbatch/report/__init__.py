"""Pages that people read: one for each event, one for a whole run; they open from disk."""

from lsbatch.report.page import write_event_page, write_run_page

__all__ = ["write_event_page", "write_run_page"]
