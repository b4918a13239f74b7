"""Says what a change to the contract means, and writes it down in build/review/. Run through `make review`.

Exit status: 0 the change is compatible, 1 it breaks something, 2 the review could not be done.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from contract import ContractError
from contract.redocly import RedoclyError
from contract_diff import DiffError
from review.changes import ReviewError
from review.report import print_terminal, write_files
from review.reviewing import Review, review
from review.trees import Tree, choose_base, take_out

if TYPE_CHECKING:
    from types import FrameType

ROOT = Path(__file__).resolve().parent.parent.parent


def main(arguments: list[str] | None = None) -> int:
    """Review the working tree; returns the exit status."""
    words = (__doc__ or "").split("\n\n")
    parser = argparse.ArgumentParser(prog="review.sh", description=words[0], epilog=words[1])
    parser.add_argument(
        "--base",
        help="the git revision to compare with (default: where this branch left main, else the last tag, "
        "else the parent; on main, the last commit while there are changes that are not committed)",
    )
    parser.add_argument("--upstream", help="an OpenAPI document of the service, a file or a URL")
    parser.add_argument(
        "--accept",
        choices=["carried"],
        help="exit 0 on a breaking change that carries its versions and a line in CHANGELOG.md",
    )
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout (default: this one)")
    parser.add_argument("--output", type=Path, help="the folder to write to (default: build/review in the checkout)")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _stop)
    root = options.root.absolute()
    output = (options.output or root / "build/review").absolute()
    try:
        result = _review(root, options.base, options.upstream)
        written = write_files(result, output)
    except ContractError as error:
        # Both names, that of the base with its commit, say which of the two it is.
        print(f"review: the contract cannot be used.\n{error}", file=sys.stderr)
        return 2
    except (DiffError, ReviewError, RedoclyError) as error:
        print(f"review: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"review: {error.filename or output}: {error.strerror}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("review: stopped.", file=sys.stderr)
        return 130
    except Exception as error:  # noqa: BLE001  # whatever it is, the status must not be that of a breaking change
        print(f"review: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    try:
        print_terminal(result, [path.relative_to(root) if path.is_relative_to(root) else path for path in written])
        sys.stdout.flush()
    except (OSError, ValueError, AttributeError):
        # Nobody reads, or there is nowhere to print to; the status is that of the review all the same.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115  # until the process ends
    accepted = options.accept == "carried" and result.is_carried
    return 1 if result.is_breaking and not accepted else 0


def _review(root: Path, asked: str | None, against: str | None) -> Review:
    working = Tree(root)
    base = choose_base(root, asked)
    with TemporaryDirectory(prefix="autoenhance-") as name:
        return review(take_out(root, base, Path(name)), working, base.why, against=against)


def _stop(signal_number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + signal_number)


if __name__ == "__main__":
    # So that what is stopped leaves no temporary folder behind.
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGHUP, _stop)
    sys.exit(main())
