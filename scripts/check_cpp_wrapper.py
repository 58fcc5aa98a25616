#!/usr/bin/env python3
"""Compares the functions that the DRM headers declare with those that the C++ wrapper calls.

Exits with 1 and names the difference if there is one: a function that the wrapper forgot, one that it is said not to have
although it calls it, one that no longer exists. docs/reference.md says what the wrapper leaves to C.
"""

import argparse
import pathlib
import re
import sys

# Directories and headers below include/multimedia; everything else has to be in the wrapper.
PLACES_LEFT_TO_C = {
    "av_session": "media sessions: C++ calls their C functions as they are",
}

FUNCTIONS_LEFT_TO_C = {
    "OH_MediaKeySystem_SetMediaKeySystemCallback": "a callback without user data; setCallback() has one with",
    "OH_MediaKeySystem_SetCallback": "a callback without user data; setCallback() has one with",
    "OH_MediaKeySession_SetMediaKeySessionCallback": "callbacks without user data; setCallbacks() has ones with",
    "OH_MediaKeySession_SetCallback": "callbacks without user data; setCallbacks() has ones with",
    "OH_Drm_RunHost": "for the program native-drm-host alone",
}

# A comment or a string, which must not count as a call.
NO_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)


def code(path):
    """The file's text without comments and strings."""
    return NO_CODE.sub(" ", path.read_text(encoding="utf-8"))


def declared(include):
    """The functions of the C headers that the wrapper covers, with their header."""
    functions = {}
    for header in sorted((include / "multimedia").rglob("*.h")):
        if not {header.parent.name, header.name} & PLACES_LEFT_TO_C.keys():
            for name in re.findall(r"\b(OH_\w+)\s*\(", code(header)):
                functions[name] = header.name
    return functions


def used(include):
    """The functions that the wrapper calls or passes on."""
    names = set()
    for header in include.rglob("*.hpp"):
        names.update(re.findall(r"(?<!::)\b(OH_\w+)\b", code(header)))
    return names


def differences(functions, names):
    """What is wrong, in words."""
    for name, header in functions.items():
        if name not in names and name not in FUNCTIONS_LEFT_TO_C:
            yield f"{name} of {header} is neither in the C++ wrapper (include/native_drm) nor an exception of this script"
    for name in FUNCTIONS_LEFT_TO_C:
        if name not in functions:
            yield f"{name} is an exception, but no header declares it"
        elif name in names:
            yield f"{name} is an exception, but the C++ wrapper calls it"


def main():
    """Compares; see above."""
    parser = argparse.ArgumentParser(description=__doc__)
    root = pathlib.Path(__file__).resolve().parent.parent
    parser.add_argument("--include", type=pathlib.Path, default=root / "include", help="the directory of the headers")
    include = parser.parse_args().include
    functions = declared(include)
    faults = list(differences(functions, used(include)))
    if not functions:
        faults.append(f"no functions found below {include}")
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print(f"{len(functions) - len(FUNCTIONS_LEFT_TO_C)} of {len(functions)} functions are in the C++ wrapper")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
