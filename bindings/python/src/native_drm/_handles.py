# SPDX-License-Identifier: Apache-2.0
"""What all objects of the library have in common: a handle, and that they are closed."""

import threading
import warnings
from types import TracebackType
from typing import TypeVar

from native_drm._errors import ClosedError

Self = TypeVar("Self", bound="Closing")

_lock = threading.Lock()


class Closing:
    """An object that is closed: by ``close()``, at the end of its ``with`` block, or, with a ResourceWarning, when it is collected."""

    _handle: int | None = None

    @property
    def handle(self) -> int:
        """The handle for the functions of ``native_drm.c``."""
        handle = self._handle
        if handle is None:
            raise ClosedError(reason=f"the {type(self).__name__} is closed")
        return handle

    @property
    def closed(self) -> bool:
        """Whether it is closed."""
        return self._handle is None

    def close(self) -> None:
        """Gives everything up. Any thread, any number of times, in callbacks, too."""
        with _lock:
            handle, self._handle = self._handle, None
        if handle is not None:
            self._destroy(handle)

    def _destroy(self, handle: int) -> None:
        raise NotImplementedError

    def __enter__(self: Self) -> Self:
        self.handle
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if self._handle is not None:
            warnings.warn(f"a {type(self).__name__} was not closed", ResourceWarning, stacklevel=2, source=self)
            self.close()

    def __repr__(self) -> str:
        state = "closed" if self._handle is None else f"handle {self._handle:#x}"
        return f"<native_drm.{type(self).__name__}, {state}>"
