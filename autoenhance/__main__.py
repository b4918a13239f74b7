"""`python -m autoenhance` is the command `autoenhance`."""

import sys

from autoenhance.cli import main

if __name__ == "__main__":
    sys.exit(main())
