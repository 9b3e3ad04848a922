"""The engine: requests in, tokens out, step after step.

Its own thread computes; any thread may submit and cancel, and what was asked is done before the
next step. A request gets the same tokens whatever else is in hand, cached, preempted or guessed.
The way of a request: ``intake`` makes a sequence of it on its caller's thread, ``inbox`` holds it
until the next step, ``stepping`` computes it to its end, and ``on_outputs`` is told.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock, Thread, current_thread
from typing import Any

from paddock.engine.adapter_slots import AdapterSlots
from paddock.engine.computing import Computing
from paddock.engine.errors import EngineStopped
from paddock.engine.inbox import Inbox, Job, Mail
from paddock.engine.intake import Intake, Limits
from paddock.engine.options import EngineOptions
from paddock.engine.paging import Paging
from paddock.engine.request import Output, Request
from paddock.engine.reserving import reserved
from paddock.engine.scheduler import Scheduler
from paddock.engine.speculation.costs import costs_of
from paddock.engine.speculation.proposer import Proposer
from paddock.engine.stats import Counters, EngineStats
from paddock.engine.step import BLOCK_TOKENS, Runner
from paddock.engine.stepping import Stepping
from paddock.log import get_logger

_log = get_logger("engine")


class Engine:
    """Runs requests on one runner; ``stop`` closes the runner (and the draft's)."""

    def __init__(
        self,
        runner: Runner,
        options: EngineOptions,
        on_outputs: Callable[[list[Output]], None],
        draft: Runner | None = None,
    ) -> None:
        """Reserve the KV cache; raises EngineOutOfMemory, and BadInput for another model's draft.

        ``on_outputs`` is called once a step, on the engine's thread.
        """
        self.config = runner.config
        self.options = options
        self.context = min(
            self.config.context,
            options.context or self.config.context,
            options.blocks * BLOCK_TOKENS,
        )
        self._runners = reserved(runner, draft, options.blocks)
        self._on_outputs = on_outputs
        self._paging = Paging(
            options.blocks, options.max_sequences, self.context, sharing=options.prefix_cache
        )
        max_rows = max(options.max_sequences, options.logits_bytes // (4 * self.config.vocab_size))
        self._scheduler = Scheduler(options, self._paging, max_rows, Counters())
        self._adapters = AdapterSlots(runner, options.max_adapters)
        self._stepping = Stepping(
            self._scheduler,
            Proposer(options, self._scheduler, draft, costs_of(options, runner, draft)),
            Computing(runner, self._scheduler, options.vocabulary),
            self._adapters,
        )
        limits = Limits(self.config, self.context)
        self._intake = Intake(limits, options, self._paging.chains, self._adapters)
        self._inbox = Inbox(
            options.max_waiting, options.max_forms, lambda: len(self._scheduler.queue)
        )
        self._thread: Thread | None = None
        self._stopping = self._closed = False
        self._closing = Lock()

    def submit(self, request: Request) -> None:
        """Queue a request. Any thread. Raises EngineFull, EngineStopped, UnknownAdapter, BadInput.

        A grammar is compiled here, on the caller's thread, and the prompt is hashed here.
        ``max_tokens`` beyond the context is cut: such a request ends with LENGTH.
        """
        self._inbox.check_open(request)
        sequence = self._intake.sequence_of(request)
        try:
            self._inbox.put(sequence)
        except BaseException:
            self._inbox.ask(lambda: self._stepping.let_go_of_adapter(sequence))
            raise

    def cancel(self, request_id: str) -> None:
        """End a request before the next step, with Finish.CANCELLED. Any thread.

        For an id that is not in hand nothing happens.
        """
        self._inbox.cancel(request_id)

    def put_adapter(self, name: str, adapter: Any) -> None:
        """Offer a LoRA adapter under a name; the one of that name before is freed after its use.

        Any thread; waits until it is done. Raises AdapterSlotsFull, EngineOutOfMemory.
        """
        self._do(lambda: self._adapters.put(name, adapter))

    def drop_adapter(self, name: str) -> None:
        """Offer it no more; it is freed when the last request that uses it has ended.

        Any thread; waits until it is done. Raises UnknownAdapter.
        """
        self._do(lambda: self._adapters.drop(name))

    def adapters(self) -> tuple[str, ...]:
        """Names of the adapters on offer."""
        return self._adapters.names()

    def stats(self) -> EngineStats:
        """What is in hand now, and what has been done. Any thread."""
        return self._stepping.stats(self._inbox.arrivals)

    def step(self) -> bool:
        """Do what was asked and compute one step; False where there was nothing to do."""
        mail = self._inbox.take()
        self._read(mail)
        computed = self._stepping.step()
        if self._stepping.given_up is not None:
            self._inbox.close(self._stepping.given_up)
        told = self._deliver()
        return computed or told or bool(mail.jobs)

    def start(self) -> None:
        """Run steps in a thread of the engine's own; idle, it sleeps."""
        if self._thread is None and not self._closed:
            self._thread = Thread(target=self._loop, name="paddock-engine", daemon=True)
            self._thread.start()

    def drain(self, seconds: float) -> bool:
        """Refuse new requests, and wait for those in hand; False where some are left."""
        self._inbox.close("the engine is stopping")
        return self._inbox.wait_until_empty(seconds)

    def stop(self) -> None:
        """End everything now, what is left with Finish.ERROR, and close the runners. Idempotent.

        From within ``on_outputs`` it only asks for that.
        """
        self._inbox.close("the engine has stopped")
        self._stopping = True
        thread = self._thread
        if thread is None:
            self._close("the engine was stopped")
        elif thread is not current_thread():
            self._inbox.ask(lambda: None)  # wakes it
            thread.join()

    def _loop(self) -> None:
        why = "the engine was stopped"
        try:
            while not self._stopping:
                if not self.step():
                    self._inbox.wait_for_mail()
        except Exception as e:  # our own fault: better to stop than to answer wrongly
            _log.exception("the engine failed")
            why = f"the engine failed: {type(e).__name__}"
        self._close(why)

    def _do(self, job: Job) -> None:
        """Run a job between steps: on the engine's thread, or here where it has none."""
        if self._closed:
            raise EngineStopped("the engine has stopped")
        if self._thread is None or self._thread is current_thread():
            job()
        else:
            self._inbox.ask(job).result()

    def _read(self, mail: Mail) -> None:
        for sequence in mail.arrivals:
            self._stepping.add(sequence)
        for sequence in mail.cancelled:
            self._stepping.cancel(sequence)
        for job, done in mail.jobs:
            try:
                job()
            except BaseException as e:
                done.set_exception(e)
            else:
                done.set_result(None)

    def _deliver(self) -> bool:
        """Tell what the step brought; ids of what ended may be used again before it is told."""
        outputs, ended = self._stepping.take_news()
        if ended:
            self._inbox.forget(ended)
        if outputs:
            try:
                self._on_outputs(outputs)
            except Exception:
                _log.exception("outputs were not taken")
        return bool(outputs)

    def _close(self, why: str) -> None:
        """End whatever is left, once; also where the engine's own state cannot be trusted."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._inbox.close(why)
            left, jobs = self._inbox.clear()
            self._stepping.abandon(left, why)
            for _, done in jobs:
                done.set_exception(EngineStopped(why))
            self._deliver()
            for runner in self._runners:
                runner.close()
            self._stepping.clear()
