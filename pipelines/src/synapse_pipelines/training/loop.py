"""The training loop: from any checkpoint on, alone or with other workers, the same way to the same model."""

from __future__ import annotations

import contextlib
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from synapse_pipelines.errors import StoppedError, TrainingError
from synapse_pipelines.progress import Event, OnEvent
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.training.batches import pad, plan_steps
from synapse_pipelines.training.checkpoint import CheckpointStore
from synapse_pipelines.training.distributed import World
from synapse_pipelines.training.loss import masked_bce, positive_weights
from synapse_pipelines.training.model import ModerationClassifier, device
from synapse_pipelines.training.optimiser import make_optimiser, number_format, set_rates
from synapse_pipelines.training.rows import TrainingRows

ALL_EPOCHS: Final = "all epochs done"
_REPORT_EVERY_S = 2.0


@dataclass
class Progress:
    """How far training is; a checkpoint holds it beside weights and optimiser."""

    step: int = 0
    seconds: float = 0.0
    """Time spent training, by all processes that had a part in it one after another."""
    losses: list[float] = field(default_factory=list)
    """Mean loss over the known labels of each step."""
    scores: list[float] = field(default_factory=list)
    """Validation score at each look."""
    stopped: str = ALL_EPOCHS


class Loop:
    """One training of `model` on `rows`. `score` returns its present validation score, the same on every worker.

    What happens at a step depends on the recipe, the rows and the step's number alone: the plan of batches is fixed
    from the start, and the random state (dropout) is set anew from the seed at each step. A training that goes on from
    a checkpoint therefore ends with the very weights that it would have had, and a checkpoint holds no random state.
    """

    def __init__(
        self,
        model: ModerationClassifier,
        rows: TrainingRows,
        pad_id: int,
        recipe: Recipe,
        score: Callable[[], float],
        *,
        world: World,
        store: CheckpointStore | None,
        on_event: OnEvent,
    ) -> None:
        self.steps = plan_steps([len(row) for row in rows.ids], recipe)
        self.progress = Progress()
        self._model, self._rows, self._pad_id, self._recipe, self._score = model, rows, pad_id, recipe, score
        self._world, self._store, self._on_event = world, store, on_event
        self._where = device()
        self.format = number_format(recipe.precision, self._where)
        self._optimiser = make_optimiser(model, recipe)
        # Small float16 gradients would round to zero; bfloat16 has float32's range and needs no scaling.
        self._scaler = torch.amp.GradScaler(self._where.type, enabled=self.format == torch.float16)
        self._wrapped = world.wrap(model)
        self._positive_weight = positive_weights(rows.labels, recipe.max_positive_weight).to(self._where)
        self._best: dict[str, Tensor] | None = None

    @property
    def rows_seen(self) -> int:
        """Rows in the steps so far, repeated passes counted."""
        return sum(len(batch) for step in self.steps[: self.progress.step] for batch in step)

    def run(self) -> Progress:
        """Train to the end, and leave the best weights in the model.

        Raises:
            TrainingError: the loss stopped being a number, a checkpoint could not be written, or SIGTERM or Ctrl-C
                came. The last checkpoint is kept; running again goes on from it.
        """
        self._resume()
        progress, every = self.progress, self._recipe.evaluations
        looks = {math.ceil(len(self.steps) * (n + 1) / every) for n in range(every)}
        started = time.monotonic() - progress.seconds
        saved, reported, seen_before = progress.seconds, time.monotonic(), self.rows_seen
        rate_from = time.monotonic()
        self._model.train()
        with _termination() as terminated:
            while progress.step < len(self.steps) and not self._time_is_up():
                set_rates(self._optimiser, self._recipe, self._done(progress.step + 1))
                loss, norm = self._backward()
                elapsed = time.monotonic() - started if self._world.is_main else 0.0
                loss, asked, progress.seconds = self._world.total(loss, float(terminated.is_set()), elapsed)
                self._check(loss, norm)
                self._scaler.step(self._optimiser)
                self._scaler.update()
                progress.step += 1
                progress.losses.append(loss)
                if (now := time.monotonic()) - reported > _REPORT_EVERY_S or progress.step == len(self.steps):
                    reported = now
                    rate = (self.rows_seen - seen_before) / (now - rate_from)
                    message = f"loss {np.mean(progress.losses[-50:]):.3f}, {rate:.0f} texts/s"
                    self._on_event(Event("train", "running", message, self._done(progress.step)))
                if progress.step in looks and not self._look():
                    progress.stopped = f"no better for {self._recipe.patience} looks"
                    break
                if asked or progress.seconds - saved >= 60 * self._recipe.checkpoint_minutes:
                    saved = progress.seconds
                    self._save()
                if asked:
                    raise StoppedError(f"stopped as asked after step {progress.step}; {self._advice()}")
        if progress.step == self._recipe.max_steps and progress.stopped == ALL_EPOCHS:
            progress.stopped = f"step limit of {self._recipe.max_steps}"
        if self._time_is_up() and progress.step < len(self.steps):
            progress.stopped = f"time cap of {self._recipe.max_minutes} minutes"
            if every:
                self._look()
        if self._best is not None:
            self._put_weights(self._best)
        return progress

    def _done(self, step: int) -> float:
        """Share of training that is over with `step`, 0 to 1.

        It follows the clock where the clock would end training first, so that the learning rate always ends at zero.
        """
        done = step / len(self.steps)
        if self._recipe.max_minutes is not None:
            done = max(done, self.progress.seconds / (60 * self._recipe.max_minutes))
        return min(done, 1.0)

    def _time_is_up(self) -> bool:
        limit = self._recipe.max_minutes
        return limit is not None and self.progress.step > 0 and self.progress.seconds >= 60 * limit

    def _backward(self) -> tuple[float, float]:
        """Leave the step's clipped gradients in the model; return this worker's share of the loss, and their norm."""
        batches = self.steps[self.progress.step]
        rows = self._rows
        state = np.random.SeedSequence([self._recipe.seed, self.progress.step, self._world.rank])
        torch.manual_seed(int(state.generate_state(1)[0]))
        known = float(sum((~rows.labels[batch].isnan()).sum() for batch in batches))
        total = torch.zeros((), device=self._where)
        self._optimiser.zero_grad(set_to_none=True)
        for number, batch in enumerate(batches, start=1):
            own = self._world.share(batch)
            weight = rows.weight[own]
            if not own:  # every worker must take part in the exchange of gradients: with a row that counts nothing
                own, weight = batch[:1], torch.zeros(1)
            input_ids, mask = pad([rows.ids[row] for row in own], self._pad_id)
            with self._exchange(number == len(batches)):
                with torch.autocast(self._where.type, dtype=self.format, enabled=self.format != torch.float32):
                    logits = self._wrapped(input_ids.to(self._where), mask.to(self._where))
                labels, weight = rows.labels[own].to(self._where), weight.to(self._where)
                loss = masked_bce(logits.float(), labels, self._positive_weight, weight, known)
                # Gradients are averaged over the workers, but the shares of the loss add up.
                self._scaler.scale(loss * self._world.size).backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        self._scaler.unscale_(self._optimiser)
        norm = nn.utils.clip_grad_norm_(self._model.parameters(), 1.0)
        return float(total), float(norm)

    def _exchange(self, last: bool) -> contextlib.AbstractContextManager[None]:
        """Workers exchange gradients once a step, with its last batch."""
        if last or self._world.size == 1:
            return contextlib.nullcontext()
        held: contextlib.AbstractContextManager[None] = self._wrapped.no_sync()  # type: ignore[operator]
        return held

    def _check(self, loss: float, norm: float) -> None:
        """Weights are not touched by a gradient that is no number (a float16 scaler skips such steps by itself)."""
        what, value = ("loss", loss) if not math.isfinite(loss) else ("gradient", norm)
        if not math.isfinite(value) and (what == "loss" or not self._scaler.is_enabled()):
            step = self.progress.step + 1
            raise TrainingError(f"the {what} became {value} at step {step}; lower the learning rate ({self._kept()})")

    def _look(self) -> bool:
        """Take the validation score and keep the best weights; return whether training should go on."""
        scores = self.progress.scores
        scores.append(round(self._score(), 5))
        if scores[-1] >= max(scores):
            self._best = {name: value.clone() for name, value in self._weights().items()}
        return len(scores) - 1 - int(np.argmax(scores)) < self._recipe.patience

    def _weights(self) -> dict[str, Tensor]:
        """What training changes; the rest is as in the base encoder."""
        return {name: value.detach() for name, value in self._model.named_parameters() if value.requires_grad}

    def _put_weights(self, weights: dict[str, Tensor]) -> None:
        own = self._weights()
        for name, value in weights.items():
            own[name].copy_(value)

    def _save(self) -> None:
        if self._store is not None and self._world.is_main:
            state = {
                "progress": asdict(self.progress),
                "weights": self._weights(),
                "best": self._best,
                "optimiser": self._optimiser.state_dict(),
                "scaler": self._scaler.state_dict(),
            }
            self._store.save(self.progress.step, state)
        self._world.wait()

    def _resume(self) -> None:
        # The main worker alone reads: workers on other machines may not see its folder.
        state: dict[str, Any] | None = None
        if self._store is not None and self._world.is_main:
            state = self._store.load()
        state = self._world.from_main(state)
        if state is None:
            return
        self.progress = Progress(**state["progress"])
        self._put_weights(state["weights"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._scaler.load_state_dict(state["scaler"])
        best = state["best"]
        self._best = best and {name: value.to(self._where) for name, value in best.items()}
        message = f"going on from the checkpoint of step {self.progress.step}"
        self._on_event(Event("train", "running", message, self._done(self.progress.step)))

    def _kept(self) -> str:
        step = None if self._store is None else self._store.latest_step()
        return "there is no checkpoint" if step is None else f"the checkpoint of step {step} is kept"

    def _advice(self) -> str:
        return "start it again to go on from there" if self._store is not None else self._kept()


@contextlib.contextmanager
def _termination() -> Iterator[threading.Event]:
    """Yield an event, set by SIGTERM and Ctrl-C, to end training at a step's end. Only a main thread can be told."""
    terminated = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield terminated
        return
    before = {one: signal.signal(one, lambda *_: terminated.set()) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield terminated
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
