"""Which edit of a bulk run is next, and when the run ends."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from autoenhance import OrderEdit, errors
from autoenhance._bulk.job import Job, plan
from autoenhance._bulk.limits import Limits
from autoenhance._bulk.scheduler import MAX_UNREACHED_EDITS, Scheduler
from autoenhance._call import RetryableError
from autoenhance._retry import Failure
from autoenhance.models import Order

ORDER = Order()
IDS = st.tuples(st.sampled_from("abcde"), st.sampled_from("abcde"))


class FakeCall:
    """A call that waits for a second before each of two retries."""

    rate_limited, deadline, was_reached = 0, 100.0, True

    def __init__(self) -> None:
        self.attempts = 1
        self.announced: list[float] = []

    def retry_wait(self, _: Failure) -> float | None:
        self.attempts += 1
        return 1.0 if self.attempts <= 3 else None

    def log_retry(self, _: Failure, wait: float) -> None:
        self.announced.append(wait)

    def abort_error(self) -> Exception:
        return errors.APIConnectionError("cut off")


def scheduler_of(*edits: OrderEdit, concurrency: int = 10) -> Scheduler[OrderEdit]:
    made: Scheduler[OrderEdit] = Scheduler(Limits(concurrency, math.inf, None), lambda _: FakeCall())  # type: ignore[arg-type,return-value]
    for edit in edits:
        made.add(edit, plan(edit))
    return made


def names(jobs: list[Job[OrderEdit]]) -> list[Any]:
    return [job.edit.name for job in jobs]


def all_next(scheduler: Scheduler[OrderEdit], now: float = 0.0) -> list[Job[OrderEdit]]:
    return [*iter(lambda: scheduler.next(now), None)]


def failed(*, was_shared: bool = False) -> RetryableError:
    failure = Failure("status 503", nothing_was_done=False, was_shared=was_shared)
    return RetryableError(failure, errors.InternalServerError("The last attempt."))


@given(st.lists(IDS, max_size=30), st.randoms(use_true_random=False))
def test_edits_start_in_the_order_of_a_simple_model(ids: list[tuple[str, str]], random: Any) -> None:
    """In flight are exactly the edits that share no id with an earlier unfinished one."""
    scheduler = scheduler_of(concurrency=1000)
    unfinished: list[tuple[str, OrderEdit]] = []
    flying: list[Job[OrderEdit]] = []
    coming = [OrderEdit(old, name=str(number), new_order_id=new) for number, (old, new) in enumerate(ids)]
    while coming or unfinished:
        if coming and (not flying or random.random() < 0.5):
            edit = coming.pop(0)
            unfinished.append((str(edit.name), edit))
            scheduler.add(edit, plan(edit))
        else:
            done = flying.pop(random.randrange(len(flying)))
            unfinished = [one for one in unfinished if one[1] is not done.edit]
            scheduler.report(done, ORDER, 0.0)
        flying += all_next(scheduler)
        touched: set[Any] = set()
        expected = []
        for name, edit in unfinished:
            if touched.isdisjoint({edit.order_id, edit.new_order_id}):
                expected.append(name)
            touched |= {edit.order_id, edit.new_order_id}
        assert sorted(names(flying)) == sorted(expected)
    scheduler.end()
    assert scheduler.is_done
    assert [result.edit.name for result in scheduler.results] != [] or not ids


def test_an_edit_whose_shared_connection_broke_is_retried_alone() -> None:
    """With HTTP/2, other edits on the connection could break it again."""
    scheduler = scheduler_of(*(OrderEdit(name, name=name) for name in "abcd"), concurrency=3)
    first, second, third = all_next(scheduler)
    scheduler.report(first, failed(was_shared=True), 0.0)
    scheduler.report(second, failed(was_shared=True), 0.0)
    assert all_next(scheduler, 1.0) == []
    assert scheduler.wait(1.0) is None
    scheduler.report(third, ORDER, 1.0)
    assert all_next(scheduler, 1.0) == [first]
    scheduler.report(first, failed(was_shared=True), 1.0)
    assert scheduler.wait(1.0) is not None
    assert all_next(scheduler, 1.0) == [first]
    assert first.call.announced == [1.0, 0.0]
    scheduler.report(first, ORDER, 1.0)
    assert all_next(scheduler, 1.0) == [second]
    scheduler.report(second, failed(), 1.0)
    assert names(all_next(scheduler, 1.0)) == ["d"]
    assert names(all_next(scheduler, 2.0)) == ["b"]


def test_an_edit_that_reaches_the_service_resets_the_count_of_those_that_do_not() -> None:
    scheduler = scheduler_of(
        *(OrderEdit(str(number), name="a") for number in range(3 * MAX_UNREACHED_EDITS)), concurrency=1
    )
    made = 0
    while (job := scheduler.next(0.0)) is not None:
        job.call.was_reached = made % MAX_UNREACHED_EDITS == 5
        scheduler.report(job, errors.APIConnectionError("No connection."), 0.0)
        made += 1
    assert (made, scheduler.unsent) == (3 * MAX_UNREACHED_EDITS, [])
