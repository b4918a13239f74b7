"""Reviews a change to the contract, and writes the review to build/review/. Run by `make review`.

Exit status: 0 compatible, 1 breaking, 2 the review could not be done.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from command import ROOT, FailureError, name_of, run
from contract_diff import DiffError
from review.assemble import is_carried, review
from review.report import print_terminal, write_files
from review.trees import Tree, choose_base, take_out


def main(arguments: list[str] | None = None) -> int:
    """Review the working tree, and return the exit status."""
    paragraphs = (__doc__ or "").split("\n\n")
    parser = argparse.ArgumentParser(prog="review.sh", description=paragraphs[0], epilog=paragraphs[1])
    parser.add_argument(
        "--base",
        help="the git revision to compare with (default: the merge base with main, else the last tag, "
        "else the parent commit; on main with uncommitted changes, the last commit)",
    )
    parser.add_argument("--upstream", help="an OpenAPI document of the service to compare with, a file or a URL")
    parser.add_argument(
        "--accept",
        choices=["carried"],
        help="exit 0 on a breaking change with its version bumps and a line in CHANGELOG.md",
    )
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout to review (default: this one)")
    parser.add_argument("--output", type=Path, help="the output folder (default: build/review in the checkout)")
    options = parser.parse_args(arguments)
    return run("review", lambda: _review(options))


def _review(options: argparse.Namespace) -> int:
    root = options.root.absolute()
    base = choose_base(root, options.base)
    with TemporaryDirectory(prefix="autoenhance-") as name:
        try:
            record = review(take_out(root, base, Path(name)), Tree(root), base.why, against=options.upstream)
        except DiffError as error:
            raise FailureError(str(error)) from error
    written = write_files(record, (options.output or root / "build/review").absolute())
    print_terminal(record, [name_of(path, root) for path in written])
    is_accepted = options.accept == "carried" and is_carried(record)
    return 1 if record["verdict"] == "breaking" and not is_accepted else 0


if __name__ == "__main__":
    sys.exit(main())
