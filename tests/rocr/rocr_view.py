# SPDX-License-Identifier: MIT
"""What AMD's runtimes see. Runs inside `sim exec`, with the stand-in KFD preloaded.

`rocr_view.py rocr` or `rocr_view.py hip BYTES...` tells what a program started here and now sees.
`rocr_view.py serve` reads requests, one JSON object a line, and answers each with one:
  {"run": [ARG...]}                      -> {"status": N, "out": TEXT, "err": TEXT}
  {"ask": "rocr", "env": {...}, ...}     -> what a process with this in its environment sees; with
      "only": [DEVICE...]                   nothing but these in /dev/dri, as in a container; with
      "user": UID                           as this user; "hip" takes "bytes": [SIZE...]
"""

import ctypes
import json
import os
import subprocess
import sys
import traceback

# hsa.h, hsa_ext_amd.h; mount(2), unshare(2)
AGENT_NAME, AGENT_DEVICE, DEVICE_GPU = 0, 17, 1
AMD_COMPUTE_UNITS, AMD_NODE, AMD_BDFID, AMD_DOMAIN = 0xA002, 0xA004, 0xA006, 0xA00F
POOL_SEGMENT, POOL_SIZE, SEGMENT_GLOBAL = 0, 2, 0
MS_BIND, CLONE_NEWNS = 4096, 0x20000
CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint64, ctypes.c_void_p)

ROCR = ctypes.CDLL("libhsa-runtime64.so.1")
HIP = ctypes.CDLL("libamdhip64.so.5")
LIBC = ctypes.CDLL(None, use_errno=True)


def number_of(agent, attribute):
    value = ctypes.c_uint32()
    assert ROCR.hsa_agent_get_info(ctypes.c_uint64(agent), attribute, ctypes.byref(value)) == 0
    return value.value


def memory_of(agent):
    sizes = []

    def add(pool, _):
        segment, size = ctypes.c_uint32(), ctypes.c_uint64()
        pool = ctypes.c_uint64(pool)
        ROCR.hsa_amd_memory_pool_get_info(pool, POOL_SEGMENT, ctypes.byref(segment))
        ROCR.hsa_amd_memory_pool_get_info(pool, POOL_SIZE, ctypes.byref(size))
        if segment.value == SEGMENT_GLOBAL:
            sizes.append(size.value)
        return 0

    ROCR.hsa_amd_agent_iterate_memory_pools(ctypes.c_uint64(agent), CALLBACK(add), None)
    return max(sizes, default=0)


def rocr():
    status = ROCR.hsa_init()
    gpus = []

    def add(agent, _):
        if number_of(agent, AGENT_DEVICE) == DEVICE_GPU:
            gpus.append({"node": number_of(agent, AMD_NODE), "domain": number_of(agent, AMD_DOMAIN),
                         "location": number_of(agent, AMD_BDFID),
                         "cus": number_of(agent, AMD_COMPUTE_UNITS),
                         "memory_bytes": memory_of(agent)})
        return 0

    if status == 0:
        ROCR.hsa_iterate_agents(CALLBACK(add), None)
    return {"status": status, "gpus": gpus}


def hip(sizes):
    n = ctypes.c_int()
    said = {"status": HIP.hipGetDeviceCount(ctypes.byref(n)), "devices": []}
    for device in range(n.value):
        free, total, where = ctypes.c_size_t(), ctypes.c_size_t(), ctypes.c_void_p()
        bus = ctypes.create_string_buffer(64)
        HIP.hipSetDevice(device)
        HIP.hipMemGetInfo(ctypes.byref(free), ctypes.byref(total))
        HIP.hipDeviceGetPCIBusId(bus, len(bus), device)
        said["devices"].append({
            "bdf": bus.value.decode(), "free": free.value, "total": total.value,
            "malloc": [HIP.hipMalloc(ctypes.byref(where), ctypes.c_size_t(n)) for n in sizes]})
    return said


def check(returned):
    if returned < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def show_only(devices):
    check(LIBC.unshare(CLONE_NEWNS))
    nodes = [(d, os.open(d, os.O_PATH)) for d in devices if d.startswith("/dev/dri/")]
    check(LIBC.mount(b"none", b"/dev/dri", b"tmpfs", 0, None))
    for path, fd in nodes:
        os.mknod(path)
        check(LIBC.mount(b"/proc/self/fd/%d" % fd, path.encode(), None, MS_BIND, None))


def ask(request):
    for name, value in request.get("env", {}).items():
        os.environ[name] = value
    if "only" in request:
        show_only(request["only"])
    if "user" in request:
        os.setresuid(*[request["user"]] * 3)
    return rocr() if request["ask"] == "rocr" else hip(request.get("bytes", []))


def ask_in_child(request, out):
    out.flush()
    pid = os.fork()
    if pid == 0:
        try:
            print(json.dumps(ask(request)), file=out, flush=True)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status != 0:
        print(json.dumps({"died": status}), file=out)


def run(argv):
    env = {k: v for k, v in os.environ.items() if k != "LD_PRELOAD"}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=env)
    return {"status": done.returncode, "out": done.stdout, "err": done.stderr}


def serve(out):
    for line in sys.stdin:
        request = json.loads(line)
        if "run" in request:
            print(json.dumps(run(request["run"])), file=out)
        else:
            ask_in_child(request, out)
        out.flush()


def main():
    # What the runtimes print is no answer.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    if sys.argv[1] == "serve":
        serve(out)
    else:
        print(json.dumps(ask({"ask": sys.argv[1], "bytes": [int(n) for n in sys.argv[2:]]})),
              file=out, flush=True)
        os._exit(0)  # the runtimes' ends at exit are not what is asked


if __name__ == "__main__":
    main()
