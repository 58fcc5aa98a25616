# SPDX-License-Identifier: Apache-2.0
"""The log, version and plugins."""

import atexit
import logging
import sys
import threading
from collections.abc import Callable

from native_drm import c
from native_drm._arguments import text
from native_drm._enums import LogLevel
from native_drm._errors import check
from native_drm.c import lib

_listener: Callable[[LogLevel, str], object] | None = None


def _on_line(level: int, line: bytes | None, user_data: int | None) -> None:
    listener = _listener
    if listener is not None:
        try:
            listener(LogLevel(level), (line or b"").decode(errors="replace"))
        except Exception:
            threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), None)))


_CALLBACK = c.OH_Drm_LogCallback(_on_line)
_NO_CALLBACK = c.OH_Drm_LogCallback()


def set_log(level: LogLevel, listener: Callable[[LogLevel, str], object] | None = None) -> None:
    """Sends log lines up to a level to a function, which is called on any thread, or without one to standard error."""
    global _listener
    _listener = listener
    check(lib.OH_Drm_SetLogCallback(LogLevel(level), _CALLBACK if listener is not None else _NO_CALLBACK, None))


_LEVELS = {
    LogLevel.ERROR: logging.ERROR,
    LogLevel.WARN: logging.WARNING,
    LogLevel.INFO: logging.INFO,
    LogLevel.DEBUG: logging.DEBUG,
}


def log_to(logger: logging.Logger, level: LogLevel = LogLevel.DEBUG) -> None:
    """Sends log lines up to a level to a logger of ``logging``."""
    set_log(level, lambda line_level, line: logger.log(_LEVELS[line_level], "%s", line))


def _at_exit() -> None:
    global _listener
    if _listener is not None:
        _listener = None
        lib.OH_Drm_SetLogCallback(LogLevel.OFF, _NO_CALLBACK, None)


atexit.register(_at_exit)


def version() -> tuple[int, int, int]:
    """The version of the library."""
    number: int = lib.OH_Drm_GetVersion()
    return number >> 16, number >> 8 & 0xFF, number & 0xFF


def load_plugin(path: str) -> None:
    """Loads key systems from a shared library (docs/plugins.md of the project)."""
    check(lib.OH_Drm_LoadPlugin(text(path, "path")))
