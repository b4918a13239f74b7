"""Says what a change to the contract means, and writes it down in build/review/. Run through `make review`.

Exit status: 0 the change is compatible, 1 it breaks something, 2 the review could not be done.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from contract import ContractError
from redocly import RedoclyError
from review.report import print_terminal, write_files
from review.reviewing import Review, review
from review.trees import ReviewError, Tree, choose_base, take_out
from review.upstream import UpstreamError

ROOT = Path(__file__).resolve().parent.parent.parent


def main(arguments: list[str] | None = None) -> int:
    """Review the working tree; returns the exit status."""
    words = (__doc__ or "").split("\n\n")
    parser = argparse.ArgumentParser(prog="review.sh", description=words[0], epilog=words[1])
    parser.add_argument("--base", default="", help="the git revision to compare with")
    parser.add_argument("--upstream", default="", help="an OpenAPI document of the service, a file or a URL")
    parser.add_argument(
        "--accept", choices=["", "carried"], default="", help="let a breaking change pass that is said to be one"
    )
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout (default: this one)")
    parser.add_argument("--output", type=Path, help="the folder to write to (default: build/review in the checkout)")
    options = parser.parse_args(arguments)
    root = options.root.absolute()
    output = (options.output or root / "build/review").absolute()
    try:
        result = _review(root, options.base, options.upstream)
        written = write_files(result, output)
    except ContractError as error:
        # Both names, that of the base with its commit, say which of the two it is.
        print(f"review: the contract cannot be used.\n{error}", file=sys.stderr)
        return 2
    except (ReviewError, RedoclyError, UpstreamError) as error:
        print(f"review: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"review: {error.filename or output}: {error.strerror}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("review: stopped.", file=sys.stderr)
        return 130
    try:
        print_terminal(result, [path.relative_to(root) if path.is_relative_to(root) else path for path in written])
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has read enough; the status is that of the review all the same.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    accepted = options.accept == "carried" and result.is_carried
    return 1 if result.is_breaking and not accepted else 0


def _review(root: Path, asked: str, against: str) -> Review:
    working = Tree(root)
    base = choose_base(root, asked or None)
    with TemporaryDirectory(prefix="autoenhance-") as name:
        return review(take_out(root, base, Path(name)), working, base.why, against=against or None)


if __name__ == "__main__":
    sys.exit(main())
