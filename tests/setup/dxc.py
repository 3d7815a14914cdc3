"""dxc.py LIBRARY: compiles HLSL with Microsoft's compiler, the library of tests/setup/dxc.sh.

Reads lines "PROFILE<tab>FILE" and writes, for each file that is refused, "FILE<tab>MESSAGE", newlines as spaces. The
arguments are those that wgpu gives the compiler (wgpu-hal 30, dx12/shader_compilation.rs). The interfaces are COM;
the tables of their methods begin with five entries in this build of the library, the two last of them destructors.
"""

import ctypes
import sys
import uuid

UTF8 = 65001
ARGUMENTS = ["-E", "main", "-HV", "2018", "-no-warnings", "-Ges"]
COMPILER = "73e22d93-e6ce-47f3-b5bf-f0664f39c1b0"  # CLSID_DxcCompiler
COMPILER3 = "228b4687-5a6a-4730-900c-9702b2203f54"  # IDxcCompiler3
RESULT = "58346cda-dde7-4497-9461-6f87af5e0659"  # IDxcResult
RELEASE = 2
COMPILE = 5  # of IDxcCompiler3
STATUS, ERRORS = 5, 7  # of IDxcOperationResult, on which IDxcResult stands
POINTER, SIZE = 5, 6  # of IDxcBlob


class Guid(ctypes.Structure):
    _fields_ = [("bytes", ctypes.c_ubyte * 16)]

    def __init__(self, text):
        super().__init__((ctypes.c_ubyte * 16)(*uuid.UUID(text).bytes_le))


class Source(ctypes.Structure):
    _fields_ = [("text", ctypes.c_char_p), ("size", ctypes.c_size_t), ("encoding", ctypes.c_uint32)]


def call(thing, method, result, *arguments):
    """Calls a method by its place in the table that every COM object begins with."""
    table = ctypes.cast(thing, ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p)))[0]
    kinds = [type(argument) for argument in arguments]
    return ctypes.CFUNCTYPE(result, ctypes.c_void_p, *kinds)(table[method])(thing, *arguments)


def refusal(compiler, profile, text):
    """What is wrong with the text; empty if nothing is."""
    source = Source(text, len(text), UTF8)
    words = ["-T", profile, *ARGUMENTS]
    made = ctypes.c_void_p()
    call(
        compiler, COMPILE, ctypes.c_int32,
        ctypes.pointer(source), (ctypes.c_wchar_p * len(words))(*words), ctypes.c_uint32(len(words)),
        ctypes.c_void_p(), ctypes.pointer(Guid(RESULT)), ctypes.pointer(made),
    )
    status, errors = ctypes.c_int32(), ctypes.c_void_p()
    call(made, STATUS, ctypes.c_int32, ctypes.pointer(status))
    message = b""
    if status.value < 0:
        call(made, ERRORS, ctypes.c_int32, ctypes.pointer(errors))
        start, size = call(errors, POINTER, ctypes.c_void_p), call(errors, SIZE, ctypes.c_size_t)
        message = ctypes.string_at(start, size).rstrip(b"\0") or b"refused without a word"
        call(errors, RELEASE, ctypes.c_uint32)
    call(made, RELEASE, ctypes.c_uint32)
    return message.decode(errors="replace")


def main():
    library = ctypes.CDLL(sys.argv[1])
    compiler = ctypes.c_void_p()
    guids = ctypes.pointer(Guid(COMPILER)), ctypes.pointer(Guid(COMPILER3))
    if library.DxcCreateInstance(*guids, ctypes.pointer(compiler)) != 0:
        sys.exit("the library makes no compiler")
    for line in sys.stdin:
        profile, file = line.rstrip("\n").split("\t")
        with open(file, "rb") as text:
            message = refusal(compiler, profile, text.read())
        if message:
            print(file, " ".join(message.split()), sep="\t", flush=True)


main()
