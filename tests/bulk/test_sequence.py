"""Pure: edits with an id in common come one after another, and nothing else waits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from autoenhance._sequence import Place, Sequence

IDS = st.sets(st.sampled_from("abcde"), min_size=1, max_size=2)


def test_edits_of_different_orders_do_not_wait() -> None:
    """Each is free at once, and nothing begins when one is finished."""
    sequence: Sequence[int] = Sequence()
    first, second = sequence.add(1, {"a"}), sequence.add(2, {"b"})
    assert first.is_free
    assert second.is_free
    assert sequence.finish(first) == sequence.finish(second) == []


def test_two_edits_of_one_order_come_one_after_another() -> None:
    """The later one begins when the earlier one is finished."""
    sequence: Sequence[int] = Sequence()
    first, second, third = (sequence.add(number, {"a"}) for number in range(3))
    assert (first.is_free, second.is_free, third.is_free) == (True, False, False)
    assert sequence.finish(first) == [second]
    assert sequence.finish(second) == [third]
    assert sequence.finish(third) == []


def test_an_edit_that_gives_another_id_stands_between_the_edits_of_both() -> None:
    """What follows under either id waits for it, and it waits for what came before under either."""
    sequence: Sequence[str] = Sequence()
    old, new = sequence.add("a", {"a"}), sequence.add("b", {"b"})
    move = sequence.add("a to b", {"a", "b"})
    then_new, then_old = sequence.add("b again", {"b"}), sequence.add("a again", {"a"})
    assert sequence.finish(old) == []
    assert not move.is_free
    assert sequence.finish(new) == [move]
    assert sequence.finish(move) == [then_new, then_old]


def test_an_order_that_is_done_with_is_forgotten() -> None:
    """A million orders leave nothing behind."""
    sequence: Sequence[int] = Sequence()
    for number in range(100):
        sequence.finish(sequence.add(number, {f"{number}", f"{number + 1}"}))
    assert sequence._last == {}


@given(st.lists(IDS, max_size=30), st.randoms(use_true_random=False))
def test_it_is_what_a_simple_model_says(edits: list[set[str]], random: object) -> None:
    """Whatever is finished when: free is exactly what shares no id with an earlier unfinished one, each begins once."""
    sequence: Sequence[int] = Sequence()
    unfinished: list[Place[int]] = []
    begun: set[int] = set()
    coming = list(enumerate(edits))
    while coming or unfinished:
        free = [place for place in unfinished if place.is_free]
        if coming and (not free or random.random() < 0.5):  # type: ignore[attr-defined]  # hypothesis' Random
            place = sequence.add(*coming.pop(0))
            unfinished.append(place)
            now_free = [place] if place.is_free else []
        else:
            done = random.choice(free)  # type: ignore[attr-defined]
            unfinished.remove(done)
            now_free = sequence.finish(done)
        for place in now_free:
            assert place.item not in begun
            begun.add(place.item)
        expected = [
            place for at, place in enumerate(unfinished) if not any(place.ids & other.ids for other in unfinished[:at])
        ]
        assert [place for place in unfinished if place.is_free] == expected
        assert {place.item for place in expected} <= begun
    assert begun == set(range(len(edits)))
    assert sequence._last == {}
