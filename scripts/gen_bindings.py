#!/usr/bin/env python3
"""Writes the declarations of the C API that the packages for Python and Node.js use, from the recorded facts about the interface
in c_tests/abi/*.json (what the ABI test is made from: scripts/gen_abi_test.py).

    gen_bindings.py            writes the files
    gen_bindings.py --check    fails if a file is not what would be written
"""

import pathlib
import re
import sys

import gen_abi_test

BINDINGS = pathlib.Path(__file__).resolve().parent.parent / "bindings"

# The enums as the packages call them: their name, and what the names of their members begin with.
ENUMS = {
    "Drm_ErrCode": ("ErrorCode", ("DRM_ERR_", "DRM_")),
    "DRM_EventType": ("EventType", ("EVENT_",)),
    "DRM_ContentProtectionLevel": ("ContentProtectionLevel", ("CONTENT_PROTECTION_LEVEL_",)),
    "DRM_MediaKeyType": ("MediaKeyType", ("MEDIA_KEY_TYPE_",)),
    "DRM_MediaKeyRequestType": ("MediaKeyRequestType", ("MEDIA_KEY_REQUEST_TYPE_",)),
    "DRM_OfflineMediaKeyStatus": ("OfflineMediaKeyStatus", ("OFFLINE_MEDIA_KEY_STATUS_",)),
    "DRM_CertificateStatus": ("CertificateStatus", ("CERT_STATUS_",)),
    "OH_AVCodecBufferFlags": ("AVCodecBufferFlags", ("AVCODEC_BUFFER_FLAGS_",)),
    "OH_AVErrCode": ("AVErrorCode", ("AV_ERR_",)),
    "DrmCencAlgorithm": ("CencAlgorithm", ("DRM_ALG_CENC_",)),
    "DrmCencInfoMode": ("CencInfoMode", ("DRM_CENC_INFO_",)),
    "AVSession_ErrCode": ("AVSessionErrorCode", ("AV_SESSION_ERR_",)),
    "AVSessionCallback_Result": ("CallbackResult", ("AVSESSION_CALLBACK_RESULT_",)),
    "AVMetadata_Result": ("MetadataResult", ("AVMETADATA_",)),
    "AVSession_Type": ("AVSessionType", ("SESSION_TYPE_",)),
    "AVSession_PlaybackState": ("PlaybackState", ("PLAYBACK_STATE_",)),
    "AVSession_LoopMode": ("LoopMode", ("LOOP_MODE_",)),
    "AVSession_ControlCommand": ("ControlCommand", ("CONTROL_CMD_",)),
    "AVMetadata_SkipIntervals": ("SkipIntervals", ("",)),
    "AVMetadata_DisplayTag": ("DisplayTag", ("AVSESSION_DISPLAYTAG_",)),
    "AVSession_ProtocolType": ("ProtocolType", ("TYPE_",)),
    "NativeAVSession_MediaKey": ("MediaKey", ("NATIVE_AVSESSION_KEY_",)),
    "NativeAVSession_KeyAction": ("KeyAction", ("NATIVE_AVSESSION_KEY_ACTION_",)),
    "NativeDrm_LogLevel": ("LogLevel", ("NATIVE_DRM_LOG_",)),
    "DRM_LicenseProfile": ("LicenseProfile", ("DRM_LICENSE_PROFILE_",)),
    "DRM_PluginKeyStatus": ("PluginKeyStatus", ("DRM_PLUGIN_KEY_",)),
    "DRM_PluginStore": ("PluginStore", ("DRM_PLUGIN_STORE_",)),
}

# Constants that are an enum's members in all but name.
CONSTANT_ENUMS = {
    "CencScheme": ("DRM_CENC_SCHEME_", r"DRM_CENC_SCHEME_"),
    "AccessUnitFormat": ("DRM_ACCESS_UNIT_", r"DRM_ACCESS_UNIT_(CEI|SAMPLE_AES)_"),
    "AccessUnitFlag": ("DRM_ACCESS_UNIT_", r"DRM_ACCESS_UNIT_(?!CEI_|SAMPLE_AES_)"),
}

INTEGERS = ("uint8_t", "int32_t", "uint32_t", "int64_t", "uint64_t", "size_t")


class Types:
    """What the C types in the facts are."""

    def __init__(self, facts):
        self.structs = {struct["name"]: struct for struct in facts["structs"]}
        self.enums = {bare(enum["name"]): enum for enum in facts["enums"]}
        self.callbacks = {entry["name"]: entry["type"] for entry in facts["typedefs"] if "(*)" in entry["type"]}

    def parse(self, text):
        """A type as (kind, ...): ("void",), ("bool",), ("double",), ("char",), ("integer", name), ("enum", name),
        ("struct", name), ("callback", name), ("opaque", name), ("pointer", target), ("array", element, length),
        ("function", returned, parameters).
        """
        text = text.strip()
        array = re.fullmatch(r"(.*?)\[(\d+)\]((?:\[\d+\])*)", text)
        if array:
            return ("array", self.parse(array.group(1) + array.group(3)), int(array.group(2)))
        function = re.fullmatch(r"(.*?)\(\*\)\((.*)\)", text)
        if function:
            parameters = [] if function.group(2) in ("", "void") else function.group(2).split(", ")
            return ("function", self.parse(function.group(1)), [self.parse(parameter) for parameter in parameters])
        if text.endswith("*"):
            return ("pointer", self.parse(text[:-1]))
        name = bare(re.sub(r"\bconst\b", "", text))
        if name in ("void", "double", "char"):
            return (name,)
        if name in ("bool", "_Bool"):
            return ("bool",)
        if name in INTEGERS:
            return ("integer", name)
        for kind, known in (("enum", self.enums), ("struct", self.structs), ("callback", self.callbacks)):
            if name in known:
                return (kind, name)
        return ("opaque", name)

    def signed(self, enum):
        """Whether an enum has negative members."""
        return min(self.enums[enum]["values"].values()) < 0

    def ordered_structs(self):
        """The structs, those in others first."""
        done = {}

        def visit(name):
            if name not in done:
                for field in self.structs[name]["fields"]:
                    for inner in re.findall(r"\w+", field["type"]):
                        if inner in self.structs and inner != name:
                            visit(inner)
                done[name] = self.structs[name]

        for name in self.structs:
            visit(name)
        return done.values()


def bare(name):
    """A type's name without what C puts in front of it."""
    return re.sub(r"^(enum|struct) ", "", name.strip())


def enums(facts):
    """(name in the packages, name in C, {member: value}) of all enums."""
    for enum in facts["enums"]:
        name, prefixes = ENUMS[bare(enum["name"])]
        members = {}
        for member, value in enum["values"].items():
            prefix = next(prefix for prefix in prefixes if member.startswith(prefix))
            members[member[len(prefix):]] = value
        yield name, bare(enum["name"]), members
    for name, (prefix, pattern) in CONSTANT_ENUMS.items():
        members = {
            constant["name"][len(prefix):]: constant["value"]
            for constant in facts["constants"]
            if re.match(pattern, constant["name"])
        }
        yield name, f"{prefix}...", members


# Python ---------------------------------------------------------------------------------------------------------------

PYTHON_HEAD = "# SPDX-License-Identifier: Apache-2.0\n# Generated by scripts/gen_bindings.py; do not edit.\n"


def python_enums(facts):
    """native_drm/_enums.py"""
    names = sorted(name for name, _, _ in enums(facts))
    lines = [PYTHON_HEAD + '"""The enums of the C API."""', "", "from enum import IntEnum, IntFlag", "", "__all__ = ["]
    lines += [f'    "{name}",' for name in names] + ["]"]
    for name, c_name, members in enums(facts):
        flag = name in ("AccessUnitFlag", "AVCodecBufferFlags", "DisplayTag", "ProtocolType")
        lines += ["", "", f"class {name}({'IntFlag' if flag else 'IntEnum'}):", f'    """``{c_name}``"""', ""]
        lines += [f"    {member} = {value}" for member, value in members.items()]
    return "\n".join(lines) + "\n"


def python_type(types, parsed, returned=False):
    """The type for ctypes."""
    kind = parsed[0]
    simple = {"void": "None", "bool": "c_bool", "double": "c_double", "char": "c_char"}
    if kind in simple:
        return simple[kind]
    if kind == "integer":
        return f"c_{parsed[1].removesuffix('_t')}" if parsed[1] != "size_t" else "c_size_t"
    if kind == "enum":
        return "c_int32" if types.signed(parsed[1]) else "c_uint32"
    if kind in ("struct", "callback"):
        return parsed[1]
    if kind == "array":
        element = python_type(types, parsed[1])
        return f"({element}) * {parsed[2]}" if " " in element else f"{element} * {parsed[2]}"
    if kind == "function":
        parameters = ", ".join(python_type(types, parameter) for parameter in parsed[2])
        return f"CFUNCTYPE({python_type(types, parsed[1])}{', ' if parameters else ''}{parameters})"
    target = parsed[1]
    if target == ("char",):
        return "c_char_p"
    if target[0] in ("void", "opaque") or target == ("integer", "uint8_t"):
        return "c_void_p"
    return f"POINTER({python_type(types, target)})"


def python_declarations(facts, types):
    """native_drm/c.py"""
    lines = [
        PYTHON_HEAD + '"""The C API as it is, for ctypes: structs, callback types, constants, and its functions in ``lib``.',
        "",
        "The C headers describe it. Handles are integers (``handle`` of the objects of this package); ``uint8_t *`` and ``void *`` take",
        "bytes, ctypes arrays, ``byref(...)`` and addresses.",
        '"""',
        "",
        "from ctypes import (",
        "    CDLL, CFUNCTYPE, POINTER, Structure, c_bool, c_char, c_char_p, c_double, c_int32, c_int64, c_size_t, c_uint8, c_uint32,",
        "    c_uint64, c_void_p,",
        ")",
        "from typing import Any",
        "",
        "from native_drm._library import load",
        "",
    ]
    for constant in facts["constants"]:
        lines.append(f"{constant['name']} = {constant['value']}")
    for enum in facts["enums"]:
        lines += ["", f"# {enum['name']}"]
        lines += [f"{name} = {value}" for name, value in enum["values"].items()]
    pending = dict(types.callbacks)

    def callback(name):
        _, returned, parameters = types.parse(pending.pop(name))
        inner = [python_type(types, returned)] + [python_type(types, parameter) for parameter in parameters]
        return f"{name} = CFUNCTYPE({', '.join(inner)})"

    defined = set()
    for struct in types.ordered_structs():
        used = {name for field in struct["fields"] for name in re.findall(r"\w+", field["type"])}
        for name in [name for name in pending if name in used]:
            lines += ["", callback(name)]
        lines += ["", "", f"class {struct['name']}(Structure):", "    _fields_ = ["]
        for field in struct["fields"]:
            lines.append(f'        ("{field["name"]}", {python_type(types, types.parse(field["type"]))}),')
        lines += ["    ]", ""]
        defined.add(struct["name"])
    lines += ["", *[callback(name) for name in list(pending)], ""]
    lines += ["# What each function returns and takes.", "PROTOTYPES: dict[str, tuple[Any, ...]] = {"]
    for function in facts["functions"]:
        parts = [python_type(types, types.parse(function["returns"]))]
        parts += [python_type(types, types.parse(parameter["type"])) for parameter in function["params"]]
        lines.append(f'    "{function["name"]}": ({", ".join(parts)}{"," if len(parts) == 1 else ""}),')
    lines += ["}", "", "lib: CDLL = load(PROTOTYPES)"]
    return "\n".join(lines) + "\n"


# Node.js --------------------------------------------------------------------------------------------------------------

NODE_HEAD = "// SPDX-License-Identifier: Apache-2.0\n// Generated by scripts/gen_bindings.py; do not edit.\n"


def node_type(types, parsed):
    """The type for koffi."""
    kind = parsed[0]
    if kind in ("void", "bool", "double"):
        return kind
    if kind == "integer":
        return parsed[1]
    if kind == "enum":
        return "int32_t" if types.signed(parsed[1]) else "uint32_t"
    if kind == "pointer" and parsed[1] == ("char",):
        return "str"
    # Handles, user data and functions are numbers; everything else that is pointed to is a Buffer.
    if kind == "callback" or (kind == "pointer" and parsed[1][0] in ("opaque", "void")):
        return "uintptr_t"
    if kind == "pointer":
        return "void *"
    raise SystemExit(f"no type for koffi: {parsed}")


def node_field(types, parsed):
    """How a field is read and written: a type, and the lengths of its arrays."""
    lengths = []
    while parsed[0] == "array":
        lengths.append(parsed[2])
        parsed = parsed[1]
    if parsed[0] == "enum":
        return ("int32_t" if types.signed(parsed[1]) else "uint32_t"), lengths
    if parsed[0] in ("pointer", "callback", "function"):
        return "uint64_t", lengths
    return parsed[-1], lengths


def node_declarations(facts, types):
    """lib/abi.js"""
    lines = [NODE_HEAD, "'use strict';", "", "// Constants of the headers.", "exports.constants = Object.freeze({"]
    lines += [f"    {constant['name']}: {constant['value']}," for constant in facts["constants"]]
    lines += ["});", "", "// Layout of the structs: size, and offset, type and array lengths of each field.", "exports.structs = {"]
    for struct in types.ordered_structs():
        if struct["header"] == "native_drm_plugin.h":
            continue
        lines.append(f"    {struct['name']}: {{ size: {struct['size']}, fields: {{")
        for field in struct["fields"]:
            base, lengths = node_field(types, types.parse(field["type"]))
            lines.append(f"        {field['name']}: [{field['offset']}, '{base}', {lengths}],")
        lines.append("    } },")
    lines += ["};", "", "// What each function returns and takes, as types of koffi.", "exports.functions = {"]
    for function in facts["functions"]:
        parameters = []
        for parameter in function["params"]:
            kind = node_type(types, types.parse(parameter["type"]))
            parameters.append("void *" if kind == "str" and "const" not in parameter["type"] else kind)
        returned = node_type(types, types.parse(function["returns"]))
        lines.append(f"    {function['name']}: ['{returned}', {parameters}],")
    lines += ["};", "", "// Callbacks likewise.", "exports.callbacks = {"]
    for name, text in types.callbacks.items():
        _, returned, parameters = types.parse(text)
        kinds = [node_type(types, parameter) for parameter in parameters]
        lines.append(f"    {name}: ['{node_type(types, returned)}', {kinds}],")
    lines += ["};"]
    return "\n".join(lines) + "\n"


def node_enums(facts):
    """lib/enums.js"""
    lines = [NODE_HEAD, "'use strict';"]
    for name, c_name, members in enums(facts):
        lines += ["", f"// {c_name}", f"exports.{name} = Object.freeze({{"]
        lines += [f"    {member}: {value}," for member, value in members.items()]
        lines += ["});"]
    return "\n".join(lines) + "\n"


def node_enum_types(facts):
    """lib/enums.d.ts"""
    lines = [NODE_HEAD]
    for name, c_name, members in enums(facts):
        lines += [f"/** `{c_name}` */", f"export declare const {name}: {{"]
        lines += [f"    readonly {member}: {value};" for member, value in members.items()]
        lines += ["};", f"export type {name} = (typeof {name})[keyof typeof {name}];", ""]
    return "\n".join(lines)


def main():
    facts = gen_abi_test.load()
    types = Types(facts)
    files = {
        "python/src/native_drm/_enums.py": python_enums(facts),
        "python/src/native_drm/c.py": python_declarations(facts, types),
        "node/lib/abi.js": node_declarations(facts, types),
        "node/lib/enums.js": node_enums(facts),
        "node/lib/enums.d.ts": node_enum_types(facts),
    }
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    for name, text in files.items():
        path = BINDINGS / name
        if not check:
            path.write_text(text)
        elif not path.is_file() or path.read_text() != text:
            sys.exit(f"{path} is out of date: run scripts/gen_bindings.py")


if __name__ == "__main__":
    main()
