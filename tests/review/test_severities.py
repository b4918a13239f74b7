"""The table that says what a change means."""

from __future__ import annotations

import pytest

import contract_diff

pytestmark = pytest.mark.tools


def test_no_rule_is_hidden_behind_another() -> None:
    """Each kind is judged once for each direction, that without a direction last."""
    seen = [(rule.kind, rule.direction) for rule in contract_diff.RULES]
    assert len(set(seen)) == len(seen)
    for kind, direction in seen:
        assert direction is not None or seen.index((kind, None)) == max(
            i for i, each in enumerate(seen) if each[0] == kind
        )


def test_what_breaks_users_or_the_client_says_why() -> None:
    """A reason is a sentence."""
    for rule in contract_diff.RULES:
        assert rule.because.endswith("."), rule
        assert rule.because_client.endswith(".") or (rule.client, rule.because_client) == ("compatible", ""), rule


def test_the_client_is_never_stricter_than_the_contract() -> None:
    """What breaks this client breaks users of the contract as well, or may."""
    order = ["compatible", "shown", "breaking"]
    for rule in contract_diff.RULES:
        assert order.index(rule.client) <= order.index(rule.users) or rule.kind in {"no order", "field optional"}, rule
