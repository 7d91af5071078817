"""``python -m lsbatch`` is the command line."""

from lsbatch.cli import main

if __name__ == "__main__":
    main()
