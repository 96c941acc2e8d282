"""CPU time of named functions, wherever they are called from, by kind of work and without counting anything twice."""

from __future__ import annotations

import functools
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class Meter:
    """Adds up the thread's CPU seconds of wrapped functions by kind; the outermost one counts."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._undo: list[tuple[Any, str, Any]] = []
        self._local = threading.local()
        self._lock = threading.Lock()

    def wrap(self, kind: str, function: Callable[..., Any]) -> None:
        """Measure a module's function in every module of the product that has imported it."""
        timed = self._timed(lambda *_: kind, function)
        for name, module in list(sys.modules.items()):
            if name.startswith("lineage_platform"):
                for attribute, value in list(vars(module).items()):
                    if value is function:
                        self._put(module, attribute, timed)

    def wrap_method(self, kind: Callable[[Any], str | None], owner: type, method: str) -> None:
        """Measure a method of a class; `kind` looks at the instance, and None means that it does not count."""
        self._put(owner, method, self._timed(lambda *args: kind(args[0]), getattr(owner, method)))

    @contextmanager
    def on(self) -> Iterator[None]:
        """Measure while this is open, then put everything back."""
        try:
            yield
        finally:
            for owner, attribute, value in reversed(self._undo):
                setattr(owner, attribute, value)
            self._undo.clear()

    def _put(self, owner: Any, attribute: str, value: Any) -> None:
        self._undo.append((owner, attribute, getattr(owner, attribute)))
        setattr(owner, attribute, value)

    def _timed(self, kind_of: Callable[..., str | None], function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def timed(*args: Any, **keywords: Any) -> Any:
            kind = None if getattr(self._local, "busy", False) else kind_of(*args)
            if kind is None:
                return function(*args, **keywords)
            self._local.busy = True
            start = time.thread_time()
            try:
                return function(*args, **keywords)
            finally:
                spent = time.thread_time() - start
                self._local.busy = False
                with self._lock:
                    self.seconds[kind] += spent

        return timed
