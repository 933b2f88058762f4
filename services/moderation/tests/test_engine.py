import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

import numpy as np
import numpy.typing as npt
import pytest
from synapse_common.errors import DeadlineExceeded, ResourceExhausted
from synapse_moderation.engine import Engine

WAIT_S = 10


class Gate:
    """A backend whose jobs end when told; a text's one logit is its length."""

    job_texts: int | None = None

    def __init__(self, workers: int = 1, *, closed: bool = False) -> None:
        self.workers = workers
        self.jobs: list[list[str]] = []
        self.inside = threading.Semaphore(0)
        self._open = threading.Event()
        if not closed:
            self.open()

    def open(self) -> None:
        self._open.set()

    def logits(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.jobs.append(list(texts))
        if "fail" in texts:
            raise RuntimeError("the backend failed")
        self.inside.release()
        assert self._open.wait(WAIT_S)
        return np.array([[len(text)] for text in texts], dtype=np.float32)

    async def entered(self, jobs: int = 1) -> None:
        """Return when that many more jobs have begun, with the event loop free meanwhile."""
        for _ in range(jobs):
            assert await asyncio.to_thread(self.inside.acquire, timeout=WAIT_S)


MakeEngine = Callable[..., Engine]


@pytest.fixture
def make_engine() -> Iterator[MakeEngine]:
    with ExitStack() as stack:

        def make(backend: Gate, *, job_texts: int = 2, max_waiting_texts: int = 100) -> Engine:
            engine = Engine(backend, job_texts=job_texts, max_waiting_texts=max_waiting_texts)
            stack.callback(engine.close)
            stack.callback(backend.open)
            return engine

        yield make


async def test_results_are_in_the_order_of_the_texts_and_jobs_in_that_of_their_lengths(
    make_engine: MakeEngine,
) -> None:
    backend = Gate()
    texts = ["ccc", "a", "eeeee", "bb", "dddd"]
    logits = await make_engine(backend).logits(texts, None)
    assert logits.dtype == np.float32
    assert logits[:, 0].tolist() == [len(text) for text in texts]
    assert backend.jobs == [["a", "bb"], ["ccc", "dddd"], ["eeeee"]]


async def test_texts_above_the_bound_are_refused_and_say_when_to_come_back(make_engine: MakeEngine) -> None:
    backend = Gate(closed=True)
    engine = make_engine(backend, max_waiting_texts=3)
    first = asyncio.create_task(engine.logits(["a", "b"], None))
    await backend.entered()

    with pytest.raises(ResourceExhausted) as caught:
        await engine.logits(["c", "d"], None)
    assert caught.value.retry_after_s
    second = asyncio.create_task(engine.logits(["c"], None))

    backend.open()
    await asyncio.gather(first, second)
    assert (await engine.logits(["c", "d"], None)).shape == (2, 1)


async def test_one_call_larger_than_the_bound_gets_in_when_nothing_waits(make_engine: MakeEngine) -> None:
    logits = await make_engine(Gate(), max_waiting_texts=1).logits(["a", "b", "c"], None)
    assert logits.shape == (3, 1)


async def test_jobs_of_a_cancelled_call_are_not_computed(make_engine: MakeEngine) -> None:
    backend = Gate(closed=True)
    engine = make_engine(backend, job_texts=1, max_waiting_texts=3)
    call = asyncio.create_task(engine.logits(["a", "bb", "ccc"], None))
    await backend.entered()

    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    backend.open()

    # The place it took is free at once, and of its jobs only the one that had begun was computed.
    await engine.logits(["x", "y", "z"], None)
    assert backend.jobs == [["a"], ["x"], ["y"], ["z"]]


async def test_a_call_whose_deadline_passed_while_it_waited_is_not_computed(make_engine: MakeEngine) -> None:
    backend = Gate(closed=True)
    engine = make_engine(backend)
    first = asyncio.create_task(engine.logits(["first"], None))
    await backend.entered()
    late = asyncio.create_task(engine.logits(["late"], 0.0))
    await asyncio.sleep(0)

    backend.open()

    with pytest.raises(DeadlineExceeded):
        await late
    await first
    assert backend.jobs == [["first"]]


async def test_a_deadline_far_enough_away_is_met(make_engine: MakeEngine) -> None:
    assert (await make_engine(Gate()).logits(["a"], 60.0)).shape == (1, 1)


async def test_a_job_that_fails_fails_its_call_alone_and_its_other_jobs_are_dropped(make_engine: MakeEngine) -> None:
    backend = Gate(closed=True)
    engine = make_engine(backend, job_texts=1, max_waiting_texts=4)
    with pytest.raises(RuntimeError, match="the backend failed"):
        await engine.logits(["fail", "perhaps-begun", "still-waiting-its-turn"], None)
    other = asyncio.create_task(engine.logits(["other"], None))
    await backend.entered()

    backend.open()

    assert (await other).tolist() == [[5.0]]
    assert ["other"] in backend.jobs
    assert ["still-waiting-its-turn"] not in backend.jobs


async def test_the_event_loop_is_free_while_a_slow_backend_runs(make_engine: MakeEngine) -> None:
    backend = Gate(closed=True)
    call = asyncio.create_task(make_engine(backend).logits(["slow"], None))
    await backend.entered()
    for _ in range(1000):  # turns of the loop while the job is held
        await asyncio.sleep(0)
    assert not call.done()
    backend.open()
    await call


async def test_as_many_jobs_run_at_once_as_there_are_workers(make_engine: MakeEngine) -> None:
    backend = Gate(workers=3, closed=True)
    engine = make_engine(backend, job_texts=1)
    calls = [asyncio.create_task(engine.logits([f"text {number}"], None)) for number in range(5)]

    await backend.entered(jobs=3)
    assert not await asyncio.to_thread(backend.inside.acquire, timeout=0.2)

    backend.open()
    assert len(await asyncio.gather(*calls)) == 5
