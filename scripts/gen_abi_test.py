#!/usr/bin/env python3
"""Writes c_tests/abi/abi.c from the recorded facts about the interface in c_tests/abi/*.json.

The program that it writes compiles only if every enum value, constant, struct size, member offset, member type, typedef
and prototype is the recorded one, and links only if every function is in the library.

    gen_abi_test.py            writes the file
    gen_abi_test.py --check    fails if the file is not what would be written
"""

import json
import pathlib
import re
import sys

ABI_DIR = pathlib.Path(__file__).resolve().parent.parent / "c_tests" / "abi"
INCLUDE_DIR = ABI_DIR.parent.parent / "include"
OUTPUT = ABI_DIR / "abi.c"
# The NDK's interface, and what this library adds to it as released.
FACTS = ("drm-ndk.json", "avbuffer.json", "cencinfo.json", "avsession.json", "extension.json")


def load():
    """The facts of all files together, with the deviations applied."""
    facts = {key: [] for key in ("functions", "enums", "structs", "typedefs", "constants")}
    for name in FACTS:
        for key, entries in json.loads((ABI_DIR / name).read_text()).items():
            if key != "source":
                facts[key] += entries
    deviations = json.loads((ABI_DIR / "deviations.json").read_text())
    for key in facts:
        facts[key] = [entry for entry in facts[key] if entry["header"] not in deviations["absent_headers"]]
    for absent in deviations["absent_functions"]:
        remove(facts["functions"], absent)
    for absent in deviations["absent_typedefs"]:
        remove(facts["typedefs"], absent)
    for absent in deviations["absent_enums"]:
        remove(facts["enums"], absent)
    for name, deviation in deviations["enum_values"].items():
        enum = next(enum for enum in facts["enums"] if enum["name"] == name)
        enum["values"].update(deviation["values"])
    return facts


def remove(entries, name):
    """Removes the one entry of that name."""
    matches = [entry for entry in entries if entry["name"] == name]
    if len(matches) != 1:
        sys.exit(f"deviations.json: {name} occurs {len(matches)} times in the facts")
    entries.remove(matches[0])


def abstract_pointer(returns, parameters):
    """The type "pointer to function"."""
    return f"{returns} (*)({', '.join(parameters) or 'void'})"


def pointer_to(type_name):
    """The type "pointer to", for object, array and function pointer types."""
    array = re.fullmatch(r"(.*?)((?:\[\d+\])+)", type_name)
    if array:
        return f"{array.group(1)} (*){array.group(2)}"
    if "(*)" in type_name:
        return type_name.replace("(*)", "(**)", 1)
    return f"{type_name} *"


def same_type(left, right, what):
    """An assertion that two types are compatible."""
    return f'_Static_assert(__builtin_types_compatible_p({left}, {right}), "{what}");'


def generate(facts):
    """The C program."""
    headers = []
    for entries in facts.values():
        for entry in entries:
            if entry["header"] not in headers:
                headers.append(entry["header"])
    lines = [
        "/*",
        " * SPDX-License-Identifier: Apache-2.0",
        " * Generated from the JSON files beside it by scripts/gen_abi_test.py; do not edit.",
        " */",
        "",
        "#include <stddef.h>",
        "#include <stdio.h>",
        "",
    ]
    for header in sorted(headers):
        paths = sorted(path.relative_to(INCLUDE_DIR) for path in INCLUDE_DIR.rglob(header))
        if len(paths) != 1:
            sys.exit(f"{header}: {len(paths)} headers of this name")
        lines.append(f'#include "{paths[0]}"')

    lines += ["", "/* Enum values */"]
    for enum in facts["enums"]:
        lines.append(f'_Static_assert(sizeof({enum["name"]}) == 4, "size of {enum["name"]}");')
        for name, value in enum["values"].items():
            lines.append(f'_Static_assert({name} == {value}, "{name}");')

    lines += ["", "/* Constants */"]
    for constant in facts["constants"]:
        lines.append(f'_Static_assert({constant["name"]} == {constant["value"]}, "{constant["name"]}");')

    lines += ["", "/* Structs */"]
    for struct in facts["structs"]:
        name = struct["name"]
        lines.append(f'_Static_assert(sizeof({name}) == {struct["size"]}, "size of {name}");')
        lines.append(f'_Static_assert(_Alignof({name}) == {struct["align"]}, "alignment of {name}");')
        for field in struct["fields"]:
            member = f"(({name} *)0)->{field['name']}"
            what = f"{name}.{field['name']}"
            lines.append(f'_Static_assert(offsetof({name}, {field["name"]}) == {field["offset"]}, "offset of {what}");')
            lines.append(f'_Static_assert(sizeof({member}) == {field["size"]}, "size of {what}");')
            lines.append(same_type(f"__typeof__(&{member})", pointer_to(field["type"]), f"type of {what}"))

    lines += ["", "/* Typedefs */"]
    for typedef in facts["typedefs"]:
        lines.append(
            same_type(pointer_to(typedef["name"]), pointer_to(typedef["type"]), f"typedef {typedef['name']}")
        )

    lines += ["", "/* Prototypes */"]
    for function in facts["functions"]:
        parameters = [parameter["type"] for parameter in function["params"]]
        declaration = f"{function['returns']} (*const call_{function['name']})({', '.join(parameters) or 'void'})"
        lines.append(f"static {declaration} = {function['name']};")
        lines.append(
            same_type(
                f"__typeof__(&{function['name']})",
                abstract_pointer(function["returns"], parameters),
                f"prototype of {function['name']}",
            )
        )

    values = sum(len(enum["values"]) for enum in facts["enums"])
    counts = (
        f"{len(facts['functions'])} functions, {len(facts['enums'])} enums with {values} values, "
        f"{len(facts['structs'])} structs, {len(facts['typedefs'])} typedefs, {len(facts['constants'])} constants"
    )
    lines += ["", "int main(void)", "{", "    int missing = 0;"]
    for function in facts["functions"]:
        lines.append(f"    missing += call_{function['name']} == NULL;")
    lines += [f'    printf("{counts}\\n");', "    return missing;", "}"]
    return "\n".join(lines) + "\n"


def main():
    text = generate(load())
    if sys.argv[1:] == ["--check"]:
        if not OUTPUT.is_file() or OUTPUT.read_text() != text:
            sys.exit(f"{OUTPUT} is out of date: run scripts/gen_abi_test.py")
        return
    if sys.argv[1:]:
        sys.exit(__doc__)
    OUTPUT.write_text(text)


if __name__ == "__main__":
    main()
