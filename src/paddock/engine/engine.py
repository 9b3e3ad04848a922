"""The engine: requests in, tokens out, step after step.

Joins scheduler, runner and the threads that ask. Its own thread computes; any thread may submit and
cancel, and what was asked is done before the next step. A request gets the same tokens whatever
else is in hand, cached, preempted or guessed. What goes wrong with one request ends that one; a
runner that fails ends those that ran, and after three failures in a row the engine stops.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Lock, Thread, current_thread
from typing import Any, Final

from paddock.engine.adapter_slots import AdapterSlots
from paddock.engine.computing import Computing
from paddock.engine.errors import EngineStopped
from paddock.engine.inbox import Inbox, Job, Mail
from paddock.engine.intake import Intake, Limits
from paddock.engine.options import EngineOptions
from paddock.engine.outcome import output_of
from paddock.engine.paging import Paging
from paddock.engine.request import Finish, Output, Request
from paddock.engine.reserving import reserved
from paddock.engine.scheduler import Chunk, Scheduler
from paddock.engine.sequence import ENDED, Sequence
from paddock.engine.speculation.proposer import Proposer
from paddock.engine.stats import Counters, EngineStats
from paddock.engine.step import BLOCK_TOKENS, Runner
from paddock.log import get_logger

_MAX_FAILURES: Final = 3  # steps that fail one after another before the engine gives up
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
        self._counters = Counters()
        self._paging = Paging(
            options.blocks, options.max_sequences, self.context, sharing=options.prefix_cache
        )
        max_rows = max(options.max_sequences, options.logits_bytes // (4 * self.config.vocab_size))
        self._scheduler = Scheduler(options, self._paging, max_rows, self._counters)
        self._proposer = Proposer(options, self._scheduler, draft)
        self._computing = Computing(runner, self._scheduler, options.vocabulary)
        self._adapters = AdapterSlots(runner, options.max_adapters)
        self._intake = Intake(
            Limits(self.config, self.context), options, self._paging.chains, self._adapters
        )
        self._inbox = Inbox(
            options.max_waiting, options.max_forms, lambda: len(self._scheduler.queue)
        )
        self._outputs: list[Output] = []  # of the step that runs
        self._ended: list[Sequence] = []
        self._last_step = (0, 0)
        self._failures = 0
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
            self._inbox.ask(lambda: self._let_go_of_adapter(sequence))
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
        pool = self._paging.pool
        free, idle = pool.free, pool.idle
        tokens, sequences = self._last_step
        return EngineStats(
            waiting=len(self._scheduler.queue) + self._inbox.arrivals,
            running=len(self._scheduler.running),
            blocks_used=pool.total - free - idle,
            blocks_free=free,
            blocks_cached=idle,
            last_step_tokens=tokens,
            last_step_sequences=sequences,
            counters=replace(self._counters),
        )

    def step(self) -> bool:
        """Take what was asked and compute one step; False where there was nothing to do."""
        mail = self._inbox.take()
        self._read(mail)
        chunks = self._scheduler.plan()
        if chunks:
            self._compute(chunks)
        elif self._scheduler.has_work:
            raise RuntimeError("requests are in hand and nothing can be computed")
        busy = bool(chunks or self._outputs or mail.jobs)
        self._deliver()
        return busy

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
            self._scheduler.add(sequence)
        for sequence in mail.cancelled:
            if sequence.state != ENDED:
                self._end(sequence, output_of(sequence, Finish.CANCELLED))
        for job, done in mail.jobs:
            try:
                job()
            except BaseException as e:
                done.set_exception(e)
            else:
                done.set_result(None)

    def _compute(self, chunks: list[Chunk]) -> None:
        try:
            self._proposer.propose(chunks)
            results = self._computing.run(chunks)
        except Exception as e:
            self._fail(e)
            return
        self._failures = 0
        tokens = 0
        for chunk, outcome in results:
            tokens += chunk.tokens + len(chunk.proposals)
            if outcome.output is None:
                continue
            self._counters.generated_tokens += len(outcome.output.token_ids)
            if outcome.output.finish is None:
                self._outputs.append(outcome.output)
            else:
                self._end(chunk.sequence, outcome.output)
        self._counters.steps += 1
        self._counters.step_tokens += tokens
        self._last_step = (tokens, len(chunks))

    def _fail(self, error: Exception) -> None:
        """The runner failed: what ran is lost, and what the blocks hold is not to be trusted."""
        _log.error("a step failed", error=repr(error), failures=self._failures + 1)
        self._failures += 1
        self._counters.failed_steps += 1
        what = "memory ran out" if isinstance(error, MemoryError) else "the model could not be run"
        for sequence in self._scheduler.running.copy():
            self._end(sequence, output_of(sequence, Finish.ERROR, what))
        self._paging.forget_all()
        if self._failures == _MAX_FAILURES:
            self._inbox.close(f"the engine has failed: {what}")
        if self._failures >= _MAX_FAILURES:
            while (waiting := self._scheduler.queue.first()) is not None:
                self._end(waiting, output_of(waiting, Finish.ERROR, what))

    def _end(self, sequence: Sequence, output: Output) -> None:
        self._counters.count_end(output.finish)
        self._outputs.append(output)
        self._ended.append(sequence)
        self._scheduler.end(sequence)
        self._let_go_of_adapter(sequence)

    def _deliver(self) -> None:
        """Tell what the step brought; ids of what ended may be used again before it is told."""
        outputs, self._outputs = self._outputs, []
        ended, self._ended = self._ended, []
        if ended:
            self._inbox.forget(ended)
        if outputs:
            try:
                self._on_outputs(outputs)
            except Exception:
                _log.exception("outputs were not taken")

    def _close(self, why: str) -> None:
        """End whatever is left, also where the engine's own state cannot be trusted."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._inbox.close(why)
            left, jobs = self._inbox.clear()
            for sequence in left:
                self._counters.count_end(Finish.ERROR)
                self._outputs.append(output_of(sequence, Finish.ERROR, why))
            for _, done in jobs:
                done.set_exception(EngineStopped(why))
            self._ended.clear()
            self._deliver()
            self._scheduler.clear()
            for runner in self._runners:
                runner.close()

    def _let_go_of_adapter(self, sequence: Sequence) -> None:
        if sequence.adapter is not None:
            self._adapters.let_go(sequence.adapter)
            sequence.adapter = None
