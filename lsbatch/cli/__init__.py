"""The command line: options in, sentences out; the work is done by the rooms below."""

import logging
import signal
import sys
from typing import Annotated

import typer

from lsbatch import __version__
from lsbatch.cli.learn import train
from lsbatch.cli.look import detectors_app, events_app, scenes
from lsbatch.cli.plan import plan
from lsbatch.cli.runs import run, status, verify
from lsbatch.cli.screen import ERR, say_error
from lsbatch.cli.simulate import simulate
from lsbatch.cli.work import demo, evaluate, map_command, report
from lsbatch.errors import LsbatchError

app = typer.Typer(
    help="Landslide maps of earthquakes from satellite image pairs.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
app.add_typer(events_app, name="events")
app.add_typer(detectors_app, name="detectors")
app.command()(scenes)
app.command()(plan)
app.command("map")(map_command)
app.command()(run)
app.command()(status)
app.command()(verify)
app.command()(evaluate)
app.command()(report)
app.command()(demo)
app.command()(simulate)
app.command()(train)

_SETTINGS = {"debug": False}
_INTERRUPTED = 130
"""What typer makes of Ctrl-C."""


def main() -> None:
    """Run the command line and exit with the code that contract and habit expect."""
    # whoever ends a job, a batch system or a person, is answered alike: stop cleanly
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        # a common option: it may stand anywhere
        words = [word for word in sys.argv[1:] if word != "--debug"]
        debug = ["--debug"] if len(words) < len(sys.argv) - 1 else []
        code = app([*debug, *words], standalone_mode=False)
        if code == _INTERRUPTED:
            say_error("Interrupted. The same command goes on where it stopped.")
    except LsbatchError as error:
        _fail(error)
        code = 1
    except ImportError as error:
        _fail(error, f"The installation is not complete ({error}); install lsbatch again.")
        code = 1
    except Exception as error:
        if hasattr(error, "exit_code") and hasattr(error, "show"):  # click: wrong usage
            error.show()
            code = error.exit_code
        else:
            _fail(error, f"Unexpected fault, please report it: {type(error).__name__}: {error}")
            code = 1
    sys.exit(code or 0)


def _fail(error: Exception, text: str | None = None) -> None:
    if _SETTINGS["debug"]:
        ERR.print_exception()
    say_error(f"Error: {text or error}")


@app.callback(invoke_without_command=True)
def _setup(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks and debug messages.")
    ] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    _SETTINGS["debug"] = debug
    # lsbatch's own logger only: Dask would tell the story of each of its parts
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logger = logging.getLogger("lsbatch")
    logger.handlers = [handler]
    logger.setLevel(logging.DEBUG if debug else logging.WARNING)
    if version:
        typer.echo(__version__)
        raise typer.Exit
