"""Prompts that another thread ends: a signal that counts while they are open, and at no other time."""

from __future__ import annotations

import contextlib
import random
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from victor_nb.notebook.endable import EndablePrompt

pytestmark = pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no signals to threads")


@contextlib.contextmanager
def ending(prompt: EndablePrompt, when: threading.Event) -> Iterator[None]:
    """End a prompt from another thread, once `when` is set."""

    def end() -> None:
        when.wait()
        prompt.end()

    thread = threading.Thread(target=end)
    thread.start()
    try:
        yield
    finally:
        when.set()
        thread.join()


def test_an_open_prompt_is_ended_from_another_thread() -> None:
    """However long its line would have been waited for."""
    prompt, asked = EndablePrompt(), threading.Event()

    def ask() -> str:
        asked.set()
        while True:  # in slices, as kernels wait for a line
            time.sleep(0.01)

    with ending(prompt, asked):
        assert prompt.answered(ask) is None
    assert prompt.is_ended
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_prompt_that_was_ended_before_never_opens() -> None:
    """The question has an answer."""
    prompt = EndablePrompt()
    prompt.end()

    assert prompt.answered(lambda: pytest.fail("it was asked")) is None


def test_an_interrupt_by_the_person_is_one() -> None:
    """It ends the cell and not just the question."""
    with pytest.raises(KeyboardInterrupt):
        EndablePrompt().answered(lambda: signal.raise_signal(signal.SIGINT))


def test_an_end_that_comes_late_interrupts_nothing() -> None:
    """Whichever comes first, the line or the end: what runs after the prompt is left alone."""
    dice = random.Random(3)
    for _ in range(300):
        prompt, asked = EndablePrompt(), threading.Event()

        def ask(prompt: EndablePrompt = prompt, asked: threading.Event = asked) -> str:
            asked.set()
            for _ in range(dice.randrange(2_000)):
                pass
            return "yes"

        with ending(prompt, asked):
            assert prompt.answered(ask) in ("yes", None)
