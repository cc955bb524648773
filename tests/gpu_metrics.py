# SPDX-License-Identifier: MIT
"""Reads gpu_metrics 1.5 to 1.9 and xcp_metrics 1.0 and 1.1 of amdgpu.

Written from the structures of the kernel (kgd_pp_interface.h, smu_v13_0_6_ppt.h) as lists of
members in their order; the compiler's rules of alignment give the places. What the hardware does
not tell is all ones there, and None here.
"""

import ctypes
import struct

U16, U32, U64 = ctypes.c_uint16, ctypes.c_uint32, ctypes.c_uint64

HEAD = [("size", U16), ("format", ctypes.c_uint8), ("content", ctypes.c_uint8),
        ("temperature_hotspot", U16), ("temperature_mem", U16), ("temperature_vrsoc", U16),
        ("curr_socket_power", U16), ("average_gfx_activity", U16), ("average_umc_activity", U16)]
RESIDENCIES = [(name, U32) for name in (
    "accumulation_counter", "prochot_residency_acc", "ppt_residency_acc",
    "socket_thm_residency_acc", "vr_thm_residency_acc", "hbm_thm_residency_acc")]
LINKS = [("gfxclk_lock_status", U32), ("pcie_link_width", U16), ("pcie_link_speed", U16),
         ("xgmi_link_width", U16), ("xgmi_link_speed", U16), ("gfx_activity_acc", U32),
         ("mem_activity_acc", U32), ("pcie_bandwidth_acc", U64), ("pcie_bandwidth_inst", U64),
         ("pcie_l0_to_recov_count_acc", U64), ("pcie_replay_count_acc", U64),
         ("pcie_replay_rover_count_acc", U64), ("pcie_nak_sent_count_acc", U32),
         ("pcie_nak_rcvd_count_acc", U32), ("xgmi_read_data_acc", U64 * 8),
         ("xgmi_write_data_acc", U64 * 8)]
TIMES = [("energy_accumulator", U64), ("system_clock_counter", U64)]
CLOCKS = [("current_gfxclk", U16 * 8), ("current_socclk", U16 * 4), ("current_vclk0", U16 * 4),
          ("current_dclk0", U16 * 4), ("current_uclk", U16)]
FIRMWARE = [("firmware_timestamp", U64), *CLOCKS]
LIMITS = [(f"gfx_{name}_acc", U64 * 8) for name in (
    "below_host_limit_ppt", "below_host_limit_thm", "low_utilization", "below_host_limit_total")]


def structure(members):
    return type("Structure", (ctypes.LittleEndianStructure,), {"_fields_": members})


def busy(n_jpeg, more):
    return [("gfx_busy_inst", U32 * 8), ("jpeg_busy", U16 * n_jpeg), ("vcn_busy", U16 * 4),
            ("gfx_busy_acc", U64 * 8), *more]


def with_partitions(memory, link_status, each):
    return structure([
        *HEAD, *memory, *TIMES, *RESIDENCIES, *LINKS, *link_status, *FIRMWARE,
        ("num_partition", U16), ("xcp_stats", structure(each) * 8),
        ("pcie_lc_perf_other_end_recovery", U32)])


BANDWIDTH = [("mem_max_bandwidth", U64)]
STATUS = [("xgmi_link_status", U16 * 8), ("padding", U16)]
TABLES = {
    5: structure([*HEAD, ("vcn_activity", U16 * 4), ("jpeg_activity", U16 * 32), *TIMES,
                  ("throttle_status", U32), *LINKS, *FIRMWARE, ("padding", U16)]),
    6: with_partitions([], [], busy(32, [])),
    7: with_partitions(BANDWIDTH, STATUS, busy(32, [("gfx_below_host_limit_acc", U64 * 8)])),
    8: with_partitions(BANDWIDTH, STATUS, busy(40, LIMITS)),
}
PARTITION = structure([*HEAD[:3], *CLOCKS, *busy(40, LIMITS)])

# Of 1.9 and of partitions 1.1, in the order of their ids.
ATTRIBUTES = [name for name, _ in HEAD[3:] + BANDWIDTH + TIMES + RESIDENCIES + LINKS +
              STATUS[:1] + FIRMWARE] + ["num_partition", "pcie_lc_perf_other_end_recovery",
                                        *(name for name, _ in busy(40, LIMITS))]
FORMATS = "BbHhIiQq"


def value(v):
    """A member as it was told: numbers, lists and dicts; None: not told."""
    if isinstance(v, ctypes.Structure):
        return {name: value(getattr(v, name)) for name, _ in v._fields_}
    if isinstance(v, ctypes.Array):
        ones = (1 << 8 * ctypes.sizeof(v._type_)) - 1 if issubclass(
            v._type_, ctypes._SimpleCData) else None
        return [None if x == ones else value(x) for x in v]
    return v


def read_table(data, kind):
    assert len(data) == ctypes.sizeof(kind), (len(data), ctypes.sizeof(kind))
    table = kind.from_buffer_copy(data)
    said = {}
    for name, member in kind._fields_:
        v = value(getattr(table, name))
        is_number = issubclass(member, ctypes._SimpleCData)
        said[name] = None if is_number and v == (1 << 8 * ctypes.sizeof(member)) - 1 else v
    return said


def read_attributes(data):
    """A list of attributes, each with a word: unit, type, id, how many."""
    n, at, said = struct.unpack_from("<i", data, 4)[0], 8, {"n": 0, "units": {}}
    for _ in range(n):
        word = struct.unpack_from("<Q", data, at)[0]
        kind, many = FORMATS[word >> 20 & 0xf], word & 0x3ff
        ones = (1 << 8 * struct.calcsize(kind)) - 1
        values = struct.unpack_from(f"<{many}{kind}", data, at + 8)
        values = [None if v == ones else v for v in values]
        name = ATTRIBUTES[word >> 10 & 0x3ff]
        assert name not in said, name
        said[name] = values if many > 1 else values[0]
        said["units"][name] = word >> 24
        at += 8 + struct.calcsize(f"<{many}{kind}")
        said["n"] += 1
    assert at == len(data), (at, len(data))
    return said


def read_gpu(data):
    size, form, content = struct.unpack_from("<HBB", data)
    assert (size, form) == (len(data), 1), (size, form, len(data))
    said = read_attributes(data) if content == 9 else read_table(data, TABLES[content])
    return said | {"content": content}


def read_partition(data):
    size, form, content = struct.unpack_from("<HBB", data)
    assert (size, form) == (len(data), 1), (size, form, len(data))
    said = read_attributes(data) if content == 1 else read_table(data, PARTITION)
    return said | {"content": content}
