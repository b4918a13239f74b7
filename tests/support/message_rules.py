"""The rules for messages that can be checked: in the source (test_messages), and in what the command prints in a test."""

from __future__ import annotations

import re

VALUE = "\0"  # stands for a value in a message
# Idioms and internals.
BANNED = re.compile(
    r"\b(please|sorry|should not happen|cannot happen|answer(s|ed)?|patience|tries|whoever|heeds?|rehears\w*|obeys?|(un)?packed"
    r"|on (its|their) way|under way|goes on|of no use|is told|to the byte|look-up|dictionary update|NoneType|Traceback)\b",
    re.IGNORECASE,
)
START = re.compile(rf"[a-z{VALUE}\"'/-]|API\b|AUTOENHANCE_|SSL_|CSV\b|JSON\b|ORDER_ID\b|FILE\b|Windows\b")
HINT = re.compile(rf"[A-Z{VALUE}]|-{{1,2}}[a-z]|autoenhance ")


def broken_rules(kind: str, text: str) -> list[str]:
    """The rules that a message breaks."""
    rules = {
        "has more than one line": "\n" in text,
        f"has the word {(BANNED.search(text) or [''])[0]!r}": BANNED.search(text) is not None,
        "does not start in lower case": kind == "message" and not START.match(text),
        "ends with a period": kind == "message" and text.endswith("."),
        "is not a sentence": kind == "hint" and not (HINT.match(text) and text[-1] in f".{VALUE}"),
    }
    return [rule for rule, is_broken in rules.items() if is_broken]


def check_printed(text: str) -> None:
    """Check each error, hint and warning that the command printed."""
    if "This is a bug in autoenhance" in text:  # after an unexpected exception, which is shown unchanged
        return
    for line in re.sub("\n +", " ", text).splitlines():  # whole, if a terminal wraps them
        label, _, rest = line.partition(": ")
        if label in {"Error", "Hint", "Warning"}:
            kind = "hint" if label == "Hint" else "message"
            assert broken_rules(kind, rest) == [], line
