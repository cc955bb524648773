# SPDX-License-Identifier: MIT
# Written by tools/make-python-abi.py from include/rocpart/*.h: do not edit.
"""Enumerations, structs with a frozen layout, and prototypes of the headers of librocpart."""
import ctypes
import enum
from ctypes import (POINTER, c_bool, c_char, c_char_p, c_int, c_int32, c_int64, c_size_t, c_uint,
                    c_uint32, c_uint64, c_void_p)


class Backend(enum.IntEnum):
    AUTO = 0
    SYSFS = 1
    LIBAMD_SMI = 2
    AMD_SMI = 3


class ChangeStatus(enum.IntEnum):
    NONE = 0
    UNDER_WAY = 1
    UNFINISHED = 2


class CheckState(enum.IntEnum):
    PASS = 0
    WARN = 1
    FAIL = 2


class ComputeMode(enum.IntEnum):
    UNKNOWN = 0
    SPX = 1
    DPX = 2
    TPX = 3
    QPX = 4
    CPX = 5


class DifferenceKind(enum.IntEnum):
    PLACE = 0
    CHANGE = 1
    MOVE = 2
    RELEASE = 3
    DISPLACED = 4
    NO_ROOM = 5
    OTHER = 6
    UNMANAGED = 7


class Errcode(enum.IntEnum):
    NONE = 0
    FAILED = 1
    INVALID_ARGUMENT = 2
    NO_MEMORY = 3
    NO_HARDWARE = 4
    NOT_FOUND = 5
    BAD_ATTRIBUTE = 6
    CONFIG_SYNTAX = 7
    PERMISSION = 8
    BUSY_PROCESS = 9
    MODE_UNSUPPORTED = 10
    NPS_NEEDS_COMPUTE = 11
    NOT_VALIDATED = 12
    NPS_NEEDS_RELOAD = 13
    READBACK_MISMATCH = 14
    STALE_SNAPSHOT = 15
    READ_ONLY = 16
    LOCKED = 17
    UNFINISHED_CHANGE = 18
    DRIVER_IN_USE = 19
    DRIVER_RELOAD = 20
    GPU_LOST = 21
    PARTITION_MISSING = 22
    CORDONED = 23
    SIM_ONLY = 24
    NEEDS_CONFIRMATION = 25
    RETRY = 26
    UNSUPPORTED = 27
    MODEL_UNKNOWN = 28
    MODEL_FORMAT = 29
    MODEL_TOO_LARGE = 30
    PARTLY_DONE = 31
    LEASED = 32
    NO_ROOM = 33
    OTHER_ALLOCATOR = 34
    BAD_RECORDS = 35
    INTERRUPTED = 36
    GPU_REPLACED = 37
    NOT_NAMED = 38
    ON_HOLD = 39
    DESIRED_LOST = 40


class Filter(enum.IntEnum):
    AUTO = 0
    NONE = 1
    ROCR = 2
    HIP = 3


class FootprintValue(enum.IntEnum):
    WEIGHTS_BYTES = 0
    KV_BYTES = 1
    ACTIVATION_BYTES = 2
    PROCESS_BYTES = 3
    COLLECTIVE_BYTES = 4
    GRAPH_BYTES = 5
    MARGIN_BYTES = 6
    TOTAL_BYTES = 7
    COMFORTABLE_BYTES = 8
    PARAMETERS = 9
    KV_BYTES_PER_TOKEN = 10
    STATE_BYTES = 11
    ACTIVE_BYTES = 12
    CONTEXT = 13
    MAX_SEQS = 14
    MAX_BATCHED_TOKENS = 15
    RANKS = 16
    DRAFT_PARAMETERS = 17


class Guarantee(enum.IntEnum):
    NONE = 0
    COOPERATIVE = 1
    KERNEL = 2
    HARDWARE = 3


class HandoutForm(enum.IntEnum):
    SHELL = 0
    DOTENV = 1
    DOCKER = 2
    PODMAN = 3
    K8S_YAML = 4
    K8S_JSON = 5
    SYSTEMD = 6
    VLLM = 7
    LLAMA_CPP = 8


class HoldState(enum.IntEnum):
    NONE = 0
    ACTIVE = 1
    UNKNOWN = 2


class LeaseState(enum.IntEnum):
    PENDING = 0
    PLACED = 1
    RUNNING = 2
    STOPPED = 3
    DISPLACED = 4


class MachineKind(enum.IntEnum):
    REAL = 0
    CAPTURE = 1
    SIM = 2


class MemoryMode(enum.IntEnum):
    UNKNOWN = 0
    NPS1 = 1
    NPS2 = 2
    NPS3 = 3
    NPS4 = 4
    NPS6 = 6
    NPS8 = 8


class MissingWhere(enum.IntEnum):
    UNKNOWN = 0
    OFF_BUS = 1
    WITHOUT_DRIVER = 2
    OTHER_DRIVER = 3


class PairState(enum.IntEnum):
    NEVER = 0
    CURRENT = 1
    NOW = 2
    AFTER_RELOAD = 3


class Reload(enum.IntEnum):
    AUTO = 0
    NEVER = 1


class Source(enum.IntEnum):
    ABSENT = 0
    SYSFS = 1
    KFD = 2
    DERIVED = 3
    RECORD = 4
    LIBAMD_SMI = 5
    AMD_SMI = 6


class TraceKind(enum.IntEnum):
    READ = 0
    WRITE = 1
    DRIVER = 2
    PROGRAM = 3
    STEP = 4
    DECISION = 5


class View(enum.IntEnum):
    HOST = 0
    OWN = 1


class AcceptedGpu(ctypes.Structure):
    _fields_ = [
        ("bdf", c_char * 20),
        ("was_recorded", c_bool),
        ("is_present", c_bool),
        ("is_changed", c_bool),
        ("has_old_id", c_bool),
        ("has_new_id", c_bool),
        ("old_id", c_uint64),
        ("new_id", c_uint64),
        ("old_vbios", c_char * 64),
        ("new_vbios", c_char * 64),
    ]


class CdiEntry(ctypes.Structure):
    _fields_ = [
        ("path", c_char_p),
        ("name", c_char_p),
        ("problem", c_char_p),
        ("reserved", c_uint64 * 4),
    ]


class ChangeGpu(ctypes.Structure):
    _fields_ = [
        ("index", c_size_t),
        ("bdf", c_char_p),
        ("from_compute", c_int),
        ("from_memory", c_int),
        ("to_compute", c_int),
        ("to_memory", c_int),
        ("n_partitions_before", c_uint),
        ("n_partitions_after", c_uint),
        ("partition_bytes", c_uint64),
        ("domain_bytes", c_uint64),
        ("reserved", c_uint64 * 4),
    ]


class Check(ctypes.Structure):
    _fields_ = [
        ("id", c_char_p),
        ("title", c_char_p),
        ("state", c_int),
        ("seen", c_char_p),
        ("advice", c_char_p),
        ("why", c_char_p),
        ("fix", c_char_p),
        ("reserved", c_uint64 * 2),
    ]


class DifferenceItem(ctypes.Structure):
    _fields_ = [
        ("kind", c_int),
        ("name", c_char_p),
        ("replica", c_uint32),
        ("lease", c_uint64),
        ("bytes", c_uint64),
        ("from_bdf", c_char_p),
        ("from_partition", c_uint32),
        ("to_bdf", c_char_p),
        ("to_partition", c_uint32),
        ("fields", c_char_p),
        ("owner", c_char_p),
        ("is_alive", c_bool),
        ("is_displaced", c_bool),
        ("is_withheld", c_bool),
        ("restarts", c_bool),
        ("reserved", c_uint64 * 4),
    ]


class Error(ctypes.Structure):
    _fields_ = [
        ("errnum", c_int),
        ("code", c_int),
        ("object", c_char * 128),
        ("message", c_char * 512),
        ("hint", c_char * 384),
        ("reserved", c_uint64 * 4),
    ]


class Fit(ctypes.Structure):
    _fields_ = [
        ("product", c_char_p),
        ("compute", c_int),
        ("memory", c_int),
        ("validated", c_bool),
        ("n_partitions", c_uint),
        ("partition_bytes", c_uint64),
        ("usable_bytes", c_uint64),
        ("fits", c_int),
        ("kv_tokens", c_uint64),
        ("replicas", c_uint),
        ("bandwidth_bytes_per_s", c_uint64),
        ("bound_millitokens_per_s", c_uint64),
        ("bound_context_millitokens_per_s", c_uint64),
        ("vendor", c_char_p),
        ("dissent", c_char_p),
        ("reserved", c_uint64 * 2),
    ]


class HistoryEntry(ctypes.Structure):
    _fields_ = [
        ("at_s", c_int64),
        ("has_uid", c_bool),
        ("uid", c_uint32),
        ("command", c_char_p),
        ("kind", c_char_p),
        ("outcome", c_char_p),
        ("text", c_char_p),
        ("change", c_uint64),
        ("lease", c_uint64),
        ("milliseconds", c_int64),
        ("reserved", c_uint64 * 4),
    ]


class Hold(ctypes.Structure):
    _fields_ = [
        ("state", c_int),
        ("until_s", c_int64),
        ("since_s", c_int64),
        ("has_uid", c_bool),
        ("uid", c_uint32),
        ("reason", c_char * 256),
        ("problem", c_char * 512),
        ("reserved", c_uint64 * 4),
    ]


class Holder(ctypes.Structure):
    _fields_ = [
        ("pid", c_uint32),
        ("command", c_char_p),
        ("unit", c_char_p),
        ("container", c_char_p),
        ("job", c_char_p),
        ("devices", c_char_p),
        ("gpus", c_uint64),
        ("memory_used_bytes", c_uint64),
        ("reserved", c_uint64 * 4),
    ]


class Lease(ctypes.Structure):
    _fields_ = [
        ("id", c_uint64),
        ("name", c_char_p),
        ("state", c_int),
        ("guarantee", c_int),
        ("bytes", c_uint64),
        ("bdf", c_char_p),
        ("partition", c_uint32),
        ("used_bytes", c_uint64),
        ("share", c_uint32),
        ("priority", c_int32),
        ("owner", c_char_p),
        ("why", c_char_p),
        ("problem", c_char_p),
        ("footprint", c_char_p),
        ("labels", c_char_p),
        ("created_s", c_uint64),
        ("changed_s", c_uint64),
        ("ends", c_char_p),
        ("limits", c_char_p),
        ("limit_bytes", c_uint64),
        ("replica", c_uint32),
        ("is_managed", c_bool),
        ("runs_old", c_bool),
    ]


class LeaseEdit(ctypes.Structure):
    _fields_ = [
        ("owner", c_char_p),
        ("keys", POINTER(c_char_p)),
        ("values", POINTER(c_char_p)),
        ("n_labels", c_size_t),
        ("has_priority", c_bool),
        ("priority", c_int32),
        ("reserved", c_uint64 * 4),
    ]


class Migration(ctypes.Structure):
    _fields_ = [
        ("from", c_uint),
        ("to", c_uint),
        ("backup", c_char_p),
        ("reserved", c_uint64 * 2),
    ]


class MissingGpu(ctypes.Structure):
    _fields_ = [
        ("bdf", c_char_p),
        ("product", c_char_p),
        ("where", c_int),
        ("was_index", c_uint),
    ]


class Pair(ctypes.Structure):
    _fields_ = [
        ("compute", c_int),
        ("memory", c_int),
        ("state", c_int),
        ("validated", c_bool),
        ("n_partitions", c_uint),
        ("n_expected", c_uint),
        ("xcds", c_uint),
        ("cus", c_uint),
        ("memory_bytes", c_uint64 * 8),
        ("domain_bytes", c_uint64 * 8),
        ("reason", c_char_p),
        ("vendor", c_char_p),
        ("dissent", c_char_p),
        ("reserved", c_uint64 * 2),
    ]


class PartitionUse(ctypes.Structure):
    _fields_ = [
        ("bdf", c_char_p),
        ("partition", c_uint32),
        ("usable_bytes", c_uint64),
        ("leased_bytes", c_uint64),
        ("used_bytes", c_uint64),
        ("unmanaged_bytes", c_uint64),
        ("n_leases", c_uint32),
        ("is_free", c_bool),
        ("reserved", c_uint64 * 4),
    ]


class Placement(ctypes.Structure):
    _fields_ = [
        ("name", c_char_p),
        ("bytes", c_uint64),
        ("bdf", c_char_p),
        ("partition", c_uint32),
        ("share", c_uint32),
        ("priority", c_int32),
        ("is_new", c_bool),
        ("reserved", c_uint64 * 4),
    ]


class Revision(ctypes.Structure):
    _fields_ = [
        ("revision", c_uint64),
        ("at_s", c_uint64),
        ("file", c_char_p),
        ("checksum", c_char_p),
        ("text", c_char_p),
        ("config", c_char_p),
        ("result", c_char_p),
        ("message", c_char_p),
        ("reserved", c_uint64 * 4),
    ]


class Trace(ctypes.Structure):
    _fields_ = [
        ("kind", c_int),
        ("at_ns", c_uint64),
        ("duration_ns", c_uint64),
        ("result", c_int),
        ("object", c_char_p),
        ("text", c_char_p),
    ]


class Usage(ctypes.Structure):
    _fields_ = [
        ("lease", c_uint64),
        ("pid", c_uint32),
        ("is_certain", c_bool),
        ("command", c_char_p),
        ("owner", c_char_p),
        ("bdf", c_char_p),
        ("partition", c_uint32),
        ("kfd_bytes", c_uint64),
        ("drm_bytes", c_uint64),
        ("gtt_bytes", c_uint64),
        ("used_bytes", c_uint64),
        ("reserved", c_uint64 * 4),
    ]


class User(ctypes.Structure):
    _fields_ = [
        ("uid", c_uint32),
        ("gid", c_uint32),
        ("groups", POINTER(c_uint32)),
        ("n_groups", c_uint64),
        ("reserved", c_uint64 * 2),
    ]


class Command(ctypes.Structure):
    _fields_ = [
        ("argv", POINTER(c_char_p)),
        ("envp", POINTER(c_char_p)),
        ("user", POINTER(User)),
        ("pass_fds", POINTER(c_int)),
        ("n_pass_fds", c_uint64),
        ("reserved", c_uint64 * 1),
    ]


rocpart_progress_fn = ctypes.CFUNCTYPE(None, c_void_p, c_uint, c_uint, c_char_p)
rocpart_interrupt_fn = ctypes.CFUNCTYPE(c_bool, c_void_p)
rocpart_history_fn = ctypes.CFUNCTYPE(None, c_void_p, POINTER(HistoryEntry))
rocpart_trace_fn = ctypes.CFUNCTYPE(None, c_void_p, POINTER(Trace))

# name: (result, [parameters])
PROTOTYPES = {
    "rocpart_applied_free":
        (c_void_p, [c_void_p]),
    "rocpart_applied_get":
        (POINTER(Revision), [c_void_p, c_size_t]),
    "rocpart_applied_new":
        (c_int, [c_void_p, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_applied_open":
        (c_int, [c_void_p, c_uint64, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_applied_record":
        (c_int, [c_void_p, c_void_p, c_char_p, c_char_p, c_char_p, POINTER(Error)]),
    "rocpart_backend_from_string":
        (c_int, [c_char_p, POINTER(c_int)]),
    "rocpart_backend_to_string":
        (c_char_p, [c_int]),
    "rocpart_catalog_free":
        (c_void_p, [c_void_p]),
    "rocpart_catalog_get_count":
        (c_size_t, [c_void_p]),
    "rocpart_catalog_get_name":
        (c_char_p, [c_void_p, c_size_t]),
    "rocpart_catalog_get_source":
        (c_char_p, [c_void_p, c_size_t]),
    "rocpart_catalog_load":
        (c_int, [c_void_p, c_char_p, POINTER(Error)]),
    "rocpart_catalog_new":
        (c_int, [POINTER(c_void_p)]),
    "rocpart_cdi_document":
        (c_int, [c_void_p, c_char_p, POINTER(c_char_p), POINTER(Error)]),
    "rocpart_cdi_free":
        (c_void_p, [c_void_p]),
    "rocpart_cdi_generate":
        (c_int, [c_void_p, c_char_p, c_char_p, c_bool, POINTER(c_char_p), POINTER(Error)]),
    "rocpart_cdi_get":
        (POINTER(CdiEntry), [c_void_p, c_size_t]),
    "rocpart_cdi_new":
        (c_int, [c_void_p, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_change_apply":
        (c_int, [c_void_p, POINTER(Error)]),
    "rocpart_change_check":
        (c_int, [c_void_p, POINTER(Error)]),
    "rocpart_change_check_undo":
        (c_int, [c_void_p, POINTER(Error)]),
    "rocpart_change_free":
        (c_void_p, [c_void_p]),
    "rocpart_change_get_allocator":
        (c_char_p, [c_void_p]),
    "rocpart_change_get_difference":
        (c_char_p, [c_void_p, c_size_t]),
    "rocpart_change_get_gpu":
        (POINTER(ChangeGpu), [c_void_p, c_size_t]),
    "rocpart_change_get_holders":
        (c_int, [c_void_p, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_change_get_number":
        (c_uint64, [c_void_p]),
    "rocpart_change_get_step":
        (c_char_p, [c_void_p, c_size_t]),
    "rocpart_change_get_warning":
        (c_char_p, [c_void_p, c_size_t]),
    "rocpart_change_list_remaining":
        (c_int, [c_void_p, c_bool, POINTER(Error)]),
    "rocpart_change_load_config":
        (c_int, [c_void_p, c_char_p, c_char_p, POINTER(Error)]),
    "rocpart_change_needs_reload":
        (c_bool, [c_void_p]),
    "rocpart_change_new":
        (c_int, [c_void_p, c_void_p, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_change_open_journal":
        (c_int, [c_void_p, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_change_open_last":
        (c_int, [c_void_p, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_change_set_allow_unvalidated":
        (None, [c_void_p, c_bool]),
    "rocpart_change_set_evict":
        (None, [c_void_p, c_bool]),
    "rocpart_change_set_interrupt":
        (None, [c_void_p, rocpart_interrupt_fn, c_void_p]),
    "rocpart_change_set_modes":
        (c_int, [c_void_p, c_void_p, c_int, c_int, POINTER(Error)]),
    "rocpart_change_set_progress":
        (None, [c_void_p, rocpart_progress_fn, c_void_p]),
    "rocpart_change_set_reload":
        (None, [c_void_p, c_int]),
    "rocpart_change_set_unattended":
        (None, [c_void_p, c_bool]),
    "rocpart_change_set_wait_ms":
        (None, [c_void_p, c_uint64]),
    "rocpart_change_undo":
        (c_int, [c_void_p, POINTER(Error)]),
    "rocpart_check_state_to_string":
        (c_char_p, [c_int]),
    "rocpart_compute_mode_from_string":
        (c_int, [c_char_p, POINTER(c_int)]),
    "rocpart_compute_mode_to_string":
        (c_char_p, [c_int]),
    "rocpart_desired_export":
        (c_int, [c_void_p, c_void_p, c_void_p, c_void_p, POINTER(c_char_p), POINTER(Error)]),
    "rocpart_desired_free":
        (c_void_p, [c_void_p]),
    "rocpart_desired_has_guard":
        (c_bool, [c_void_p, c_char_p]),
    "rocpart_desired_is_equal":
        (c_bool, [c_void_p, c_void_p]),
    "rocpart_desired_open":
        (c_int, [c_char_p, c_bool, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_desired_parse":
        (c_int, [c_char_p, c_size_t, c_char_p, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_desired_to_json":
        (c_int, [c_void_p, POINTER(c_char_p), POINTER(Error)]),
    "rocpart_desired_to_yaml":
        (c_int, [c_void_p, POINTER(c_char_p), POINTER(Error)]),
    "rocpart_difference_compute":
        (c_int, [c_void_p, c_void_p, POINTER(Error)]),
    "rocpart_difference_free":
        (c_void_p, [c_void_p]),
    "rocpart_difference_get":
        (c_int, [c_void_p, c_size_t, POINTER(DifferenceItem)]),
    "rocpart_difference_get_change":
        (c_void_p, [c_void_p]),
    "rocpart_difference_get_leases":
        (c_void_p, [c_void_p]),
    "rocpart_difference_get_plan":
        (c_void_p, [c_void_p]),
    "rocpart_difference_get_refusal":
        (POINTER(Error), [c_void_p]),
    "rocpart_difference_get_snapshot":
        (c_void_p, [c_void_p]),
    "rocpart_difference_is_empty":
        (c_bool, [c_void_p]),
    "rocpart_difference_is_surely_empty":
        (c_int, [c_void_p, c_void_p, c_void_p, POINTER(c_bool), POINTER(Error)]),
    "rocpart_difference_kind_to_string":
        (c_char_p, [c_int]),
    "rocpart_difference_new":
        (c_int, [c_void_p, c_void_p, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_difference_place":
        (c_int, [c_void_p, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_difference_set_allow_unvalidated":
        (None, [c_void_p, c_bool]),
    "rocpart_difference_set_config":
        (None, [c_void_p, c_char_p]),
    "rocpart_difference_set_interrupt":
        (None, [c_void_p, rocpart_interrupt_fn, c_void_p]),
    "rocpart_difference_set_keep_others":
        (None, [c_void_p, c_bool]),
    "rocpart_difference_set_lenient":
        (None, [c_void_p, c_bool]),
    "rocpart_difference_set_max_disruption":
        (None, [c_void_p, c_uint64]),
    "rocpart_difference_set_progress":
        (None, [c_void_p, rocpart_progress_fn, c_void_p]),
    "rocpart_difference_set_spare_running":
        (None, [c_void_p, c_bool]),
    "rocpart_difference_set_take_over":
        (None, [c_void_p, c_bool]),
    "rocpart_difference_set_unattended":
        (None, [c_void_p, c_bool]),
    "rocpart_doctor_fix":
        (c_int, [c_void_p, c_char_p, POINTER(Error)]),
    "rocpart_doctor_free":
        (c_void_p, [c_void_p]),
    "rocpart_doctor_get_check":
        (POINTER(Check), [c_void_p, c_size_t]),
    "rocpart_doctor_get_variable":
        (c_char_p, [c_size_t]),
    "rocpart_doctor_new":
        (c_int, [c_void_p, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_doctor_run":
        (c_int, [c_void_p, POINTER(Error)]),
    "rocpart_doctor_set_user":
        (c_int, [c_void_p, c_uint32, POINTER(c_uint32), c_size_t]),
    "rocpart_doctor_set_variable":
        (c_int, [c_void_p, c_char_p, c_char_p, POINTER(Error)]),
    "rocpart_errcode_exit_status":
        (c_int, [c_int]),
    "rocpart_errcode_to_string":
        (c_char_p, [c_int]),
    "rocpart_fits_free":
        (c_void_p, [c_void_p]),
    "rocpart_fits_get":
        (POINTER(Fit), [c_void_p, c_size_t]),
    "rocpart_fits_get_count":
        (c_size_t, [c_void_p]),
    "rocpart_fits_new":
        (c_int, [c_void_p, c_uint64, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_flags_free":
        (POINTER(c_char_p), [POINTER(c_char_p)]),
    "rocpart_footprint_bound":
        (c_int, [c_void_p, c_uint64, c_uint64, POINTER(c_uint64)]),
    "rocpart_footprint_fits":
        (c_int, [c_void_p, c_uint64]),
    "rocpart_footprint_free":
        (c_void_p, [c_void_p]),
    "rocpart_footprint_get":
        (c_int, [c_void_p, c_int, POINTER(c_uint64)]),
    "rocpart_footprint_get_assumption":
        (c_int, [c_void_p, c_size_t, POINTER(c_char_p), POINTER(c_char_p), POINTER(c_char_p)]),
    "rocpart_footprint_get_confidence":
        (c_char_p, [c_void_p, c_int]),
    "rocpart_footprint_get_flags":
        (c_int, [c_void_p, c_uint64, c_uint64, POINTER(POINTER(c_char_p))]),
    "rocpart_footprint_get_source":
        (c_char_p, [c_void_p, c_int]),
    "rocpart_footprint_get_text":
        (c_char_p, [c_void_p, c_char_p]),
    "rocpart_footprint_kv_bytes":
        (c_int, [c_void_p, c_uint64, POINTER(c_uint64)]),
    "rocpart_footprint_kv_tokens":
        (c_int, [c_void_p, c_uint64, POINTER(c_uint64)]),
    "rocpart_footprint_new":
        (c_int, [c_void_p, c_void_p, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_gathered_free":
        (c_void_p, [c_void_p]),
    "rocpart_gathered_get_file_count":
        (c_size_t, [c_void_p]),
    "rocpart_gathered_get_left_out":
        (c_char_p, [c_void_p, c_size_t]),
    "rocpart_gpu_get_bdf":
        (c_char_p, [c_void_p]),
    "rocpart_gpu_get_compute_mode":
        (c_int, [c_void_p]),
    "rocpart_gpu_get_degraded":
        (c_char_p, [c_void_p, c_size_t]),
    "rocpart_gpu_get_degraded_reason":
        (c_char_p, [c_void_p]),
    "rocpart_gpu_get_device_id":
        (c_uint32, [c_void_p]),
    "rocpart_gpu_get_expected_partition_count":
        (c_size_t, [c_void_p]),
    "rocpart_gpu_get_former_index":
        (c_int, [c_void_p, POINTER(c_uint)]),
    "rocpart_gpu_get_health":
        (c_int, [c_void_p, POINTER(c_uint64), POINTER(c_uint64)]),
    "rocpart_gpu_get_hive_id":
        (c_int, [c_void_p, POINTER(c_uint64)]),
    "rocpart_gpu_get_index":
        (c_size_t, [c_void_p]),
    "rocpart_gpu_get_memory_mode":
        (c_int, [c_void_p]),
    "rocpart_gpu_get_memory_used_bytes":
        (c_int, [c_void_p, POINTER(c_uint64)]),
    "rocpart_gpu_get_newer_firmware":
        (c_int, [c_void_p, POINTER(c_int), POINTER(c_char_p)]),
    "rocpart_gpu_get_note":
        (c_char_p, [c_void_p, c_size_t]),
    "rocpart_gpu_get_numa_node":
        (c_int, [c_void_p, POINTER(c_uint)]),
    "rocpart_gpu_get_partition":
        (c_void_p, [c_void_p, c_size_t]),
    "rocpart_gpu_get_partition_count":
        (c_size_t, [c_void_p]),
    "rocpart_gpu_get_partitionable":
        (c_int, [c_void_p, POINTER(c_bool)]),
    "rocpart_gpu_get_pending_memory_mode":
        (c_int, [c_void_p]),
    "rocpart_gpu_get_product":
        (c_char_p, [c_void_p]),
    "rocpart_gpu_get_unique_id":
        (c_int, [c_void_p, POINTER(c_uint64)]),
    "rocpart_gpu_get_vbios":
        (c_char_p, [c_void_p]),
    "rocpart_gpu_get_xcd_count":
        (c_uint, [c_void_p]),
    "rocpart_gpu_is_compute_mode_derived":
        (c_bool, [c_void_p]),
    "rocpart_guarantee_to_string":
        (c_char_p, [c_int]),
    "rocpart_handout_free":
        (c_void_p, [c_void_p]),
    "rocpart_handout_get_conflict":
        (c_char_p, [c_void_p, c_int, c_size_t]),
    "rocpart_handout_get_device":
        (c_char_p, [c_void_p, c_size_t]),
    "rocpart_handout_get_group":
        (c_int, [c_void_p, c_size_t, POINTER(c_uint32)]),
    "rocpart_handout_get_lease":
        (c_char_p, [c_void_p, c_size_t]),
    "rocpart_handout_get_partition":
        (c_void_p, [c_void_p, c_size_t]),
    "rocpart_handout_get_variable":
        (c_int, [c_void_p, c_int, c_size_t, POINTER(c_char_p), POINTER(c_char_p)]),
    "rocpart_handout_get_view":
        (c_int, [c_void_p, c_int]),
    "rocpart_handout_get_words":
        (c_int, [c_void_p, c_int, POINTER(POINTER(c_char_p)), POINTER(Error)]),
    "rocpart_handout_new":
        (c_int, [c_void_p, POINTER(c_char_p), c_size_t, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_handout_print":
        (c_int, [c_void_p, c_int, POINTER(c_char_p), POINTER(Error)]),
    "rocpart_handout_set_filter":
        (c_int, [c_void_p, c_int, POINTER(Error)]),
    "rocpart_handout_set_rootless":
        (None, [c_void_p, c_bool]),
    "rocpart_history_free":
        (c_void_p, [c_void_p]),
    "rocpart_history_get":
        (POINTER(HistoryEntry), [c_void_p, c_size_t]),
    "rocpart_history_get_damaged":
        (c_size_t, [c_void_p]),
    "rocpart_history_new":
        (c_int, [c_void_p, c_size_t, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_holders_free":
        (c_void_p, [c_void_p]),
    "rocpart_holders_get":
        (POINTER(Holder), [c_void_p, c_size_t]),
    "rocpart_holders_get_advice":
        (c_char_p, [c_void_p, c_size_t]),
    "rocpart_holders_is_complete":
        (c_bool, [c_void_p]),
    "rocpart_holders_new":
        (c_int, [c_void_p, c_void_p, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_lease_adopt":
        (c_int, [c_void_p, c_char_p, POINTER(c_size_t), POINTER(Error)]),
    "rocpart_lease_edit":
        (c_int, [c_void_p, c_uint64, POINTER(LeaseEdit), POINTER(c_void_p), POINTER(Error)]),
    "rocpart_lease_release":
        (c_int, [c_void_p, c_char_p, POINTER(c_size_t), POINTER(c_uint64), POINTER(Error)]),
    "rocpart_lease_set_state":
        (c_int, [c_void_p, c_uint64, c_int, POINTER(Error)]),
    "rocpart_lease_state_to_string":
        (c_char_p, [c_int]),
    "rocpart_lease_stop":
        (c_int, [c_void_p, c_uint64, c_bool, POINTER(c_size_t), POINTER(Error)]),
    "rocpart_leases_check":
        (c_int, [c_void_p, POINTER(c_char_p), POINTER(Error)]),
    "rocpart_leases_export":
        (c_int, [c_void_p, POINTER(c_char_p), POINTER(Error)]),
    "rocpart_leases_export_for":
        (c_int, [c_void_p, c_uint, POINTER(c_char_p), POINTER(Error)]),
    "rocpart_leases_find":
        (c_int, [c_void_p, c_char_p, POINTER(POINTER(Lease)), POINTER(Error)]),
    "rocpart_leases_free":
        (c_void_p, [c_void_p]),
    "rocpart_leases_get":
        (POINTER(Lease), [c_void_p, c_size_t]),
    "rocpart_leases_get_allocator":
        (c_char_p, [c_void_p]),
    "rocpart_leases_get_event":
        (c_char_p, [c_void_p, c_size_t, POINTER(c_uint64), POINTER(c_uint64)]),
    "rocpart_leases_get_file":
        (c_char_p, [c_void_p, c_size_t]),
    "rocpart_leases_get_idle_process":
        (c_uint32, [c_void_p, c_size_t]),
    "rocpart_leases_get_note":
        (c_char_p, [c_void_p]),
    "rocpart_leases_get_snapshot":
        (c_void_p, [c_void_p]),
    "rocpart_leases_get_use":
        (POINTER(PartitionUse), [c_void_p, c_size_t]),
    "rocpart_leases_import":
        (c_int, [c_void_p, c_char_p, c_size_t, c_char_p, POINTER(c_size_t), POINTER(Error)]),
    "rocpart_leases_migrate":
        (c_int, [c_void_p, POINTER(Migration), POINTER(Error)]),
    "rocpart_leases_new":
        (c_int, [c_void_p, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_machine_accept_gpu":
        (c_int, [c_void_p, c_char_p, POINTER(AcceptedGpu), POINTER(Error)]),
    "rocpart_machine_asks":
        (c_bool, [c_void_p]),
    "rocpart_machine_check_hold":
        (c_int, [c_void_p, POINTER(Error)]),
    "rocpart_machine_close":
        (c_void_p, [c_void_p]),
    "rocpart_machine_end_hold":
        (c_int, [c_void_p, POINTER(c_bool), POINTER(Error)]),
    "rocpart_machine_gather":
        (c_int, [c_void_p, c_char_p, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_machine_get_change_status":
        (c_int, [c_void_p, POINTER(c_int), POINTER(c_char_p), POINTER(Error)]),
    "rocpart_machine_get_hold":
        (None, [c_void_p, POINTER(Hold)]),
    "rocpart_machine_get_kind":
        (c_int, [c_void_p]),
    "rocpart_machine_get_note":
        (c_char_p, [c_void_p]),
    "rocpart_machine_get_shown_name":
        (c_char_p, [c_void_p]),
    "rocpart_machine_observe":
        (c_int, [c_void_p, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_machine_open_capture":
        (c_int, [c_char_p, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_machine_open_real":
        (c_int, [c_char_p, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_machine_open_sim":
        (c_int, [c_char_p, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_machine_open_sim_memory":
        (c_int, [c_char_p, c_size_t, c_char_p, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_machine_read_generation":
        (c_int, [c_void_p, POINTER(c_uint64)]),
    "rocpart_machine_set_aside_records":
        (c_int, [c_void_p, POINTER(c_char_p), POINTER(Error)]),
    "rocpart_machine_set_backend":
        (c_int, [c_void_p, c_int, POINTER(Error)]),
    "rocpart_machine_set_command":
        (c_int, [c_void_p, c_char_p, POINTER(Error)]),
    "rocpart_machine_set_cordon":
        (c_int, [c_void_p, c_char_p, c_bool, POINTER(Error)]),
    "rocpart_machine_set_dry_run":
        (None, [c_void_p, c_bool]),
    "rocpart_machine_set_history_log":
        (None, [c_void_p, rocpart_history_fn, c_void_p]),
    "rocpart_machine_set_hold":
        (c_int, [c_void_p, c_uint64, c_char_p, POINTER(Error)]),
    "rocpart_machine_set_trace":
        (None, [c_void_p, rocpart_trace_fn, c_void_p]),
    "rocpart_memory_mode_from_string":
        (c_int, [c_char_p, POINTER(c_int)]),
    "rocpart_memory_mode_to_string":
        (c_char_p, [c_int]),
    "rocpart_missing_where_describe":
        (c_char_p, [c_int]),
    "rocpart_missing_where_to_string":
        (c_char_p, [c_int]),
    "rocpart_model_find":
        (c_int, [c_void_p, c_char_p, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_model_free":
        (c_void_p, [c_void_p]),
    "rocpart_model_get_architecture":
        (c_char_p, [c_void_p]),
    "rocpart_model_get_max_context":
        (c_int, [c_void_p, POINTER(c_uint64)]),
    "rocpart_model_get_name":
        (c_char_p, [c_void_p]),
    "rocpart_model_get_source":
        (c_char_p, [c_void_p]),
    "rocpart_model_new_bytes":
        (c_int, [c_char_p, c_uint64, POINTER(c_void_p)]),
    "rocpart_model_open":
        (c_int, [c_char_p, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_model_open_at":
        (c_int, [c_int, c_char_p, c_char_p, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_pair_state_to_string":
        (c_char_p, [c_int]),
    "rocpart_pairs_free":
        (c_void_p, [c_void_p]),
    "rocpart_pairs_get":
        (POINTER(Pair), [c_void_p, c_size_t]),
    "rocpart_pairs_get_count":
        (c_size_t, [c_void_p]),
    "rocpart_pairs_new":
        (c_int, [c_void_p, c_void_p, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_partition_get_card_minor":
        (c_int, [c_void_p, POINTER(c_uint)]),
    "rocpart_partition_get_cus":
        (c_uint, [c_void_p]),
    "rocpart_partition_get_gpu":
        (c_void_p, [c_void_p]),
    "rocpart_partition_get_gpu_id":
        (c_int, [c_void_p, POINTER(c_uint64)]),
    "rocpart_partition_get_id":
        (c_uint, [c_void_p]),
    "rocpart_partition_get_kfd_node":
        (c_uint, [c_void_p]),
    "rocpart_partition_get_memory_bytes":
        (c_int, [c_void_p, POINTER(c_uint64)]),
    "rocpart_partition_get_memory_domain":
        (c_int, [c_void_p, POINTER(c_uint), POINTER(c_uint64)]),
    "rocpart_partition_get_memory_limit_bytes":
        (c_int, [c_void_p, POINTER(c_uint64)]),
    "rocpart_partition_get_memory_used_bytes":
        (c_int, [c_void_p, POINTER(c_uint64)]),
    "rocpart_partition_get_render_minor":
        (c_uint, [c_void_p]),
    "rocpart_partition_get_rocr_index":
        (c_int, [c_void_p, POINTER(c_uint)]),
    "rocpart_partition_get_xcds":
        (None, [c_void_p, POINTER(c_uint), POINTER(c_uint)]),
    "rocpart_place":
        (c_int, [c_void_p, c_void_p, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_place_on_demand":
        (c_int, [c_void_p, c_void_p, POINTER(c_void_p), POINTER(c_void_p), POINTER(Error)]),
    "rocpart_place_options_free":
        (c_void_p, [c_void_p]),
    "rocpart_place_options_new":
        (c_int, [c_char_p, c_uint64, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_place_options_set_allow_unvalidated":
        (None, [c_void_p, c_bool]),
    "rocpart_place_options_set_footprint":
        (c_int, [c_void_p, c_void_p, POINTER(Error)]),
    "rocpart_place_options_set_label":
        (c_int, [c_void_p, c_char_p, c_char_p, POINTER(Error)]),
    "rocpart_place_options_set_owner":
        (c_int, [c_void_p, c_char_p, POINTER(Error)]),
    "rocpart_place_options_set_partition":
        (c_int, [c_void_p, c_char_p, POINTER(Error)]),
    "rocpart_place_options_set_priority":
        (None, [c_void_p, c_int32]),
    "rocpart_place_options_set_replicas":
        (c_int, [c_void_p, c_uint32, POINTER(Error)]),
    "rocpart_place_options_set_share":
        (c_int, [c_void_p, c_uint32, POINTER(Error)]),
    "rocpart_place_options_set_switch":
        (None, [c_void_p, c_bool]),
    "rocpart_place_pending":
        (c_int, [c_void_p, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_plan_add_model":
        (c_int, [c_void_p, c_char_p, POINTER(Error)]),
    "rocpart_plan_free":
        (c_void_p, [c_void_p]),
    "rocpart_plan_get_placement":
        (c_int, [c_void_p, c_size_t, POINTER(Placement)]),
    "rocpart_plan_is_feasible":
        (c_bool, [c_void_p]),
    "rocpart_plan_load_desired":
        (c_int, [c_void_p, c_void_p, POINTER(Error)]),
    "rocpart_plan_load_file":
        (c_int, [c_void_p, c_char_p, POINTER(Error)]),
    "rocpart_plan_new":
        (c_int, [POINTER(c_void_p)]),
    "rocpart_plan_set_allow_unvalidated":
        (None, [c_void_p, c_bool]),
    "rocpart_plan_set_leases":
        (None, [c_void_p, c_void_p]),
    "rocpart_plan_set_lenient":
        (None, [c_void_p, c_bool]),
    "rocpart_plan_set_machine":
        (None, [c_void_p, c_void_p]),
    "rocpart_plan_set_product":
        (c_int, [c_void_p, c_char_p, c_size_t, POINTER(Error)]),
    "rocpart_plan_solve":
        (c_int, [c_void_p, c_void_p, c_uint64, POINTER(Error)]),
    "rocpart_plan_to_json":
        (c_int, [c_void_p, POINTER(c_char_p), POINTER(Error)]),
    "rocpart_plan_verify":
        (c_int, [c_char_p, c_size_t, c_char_p, POINTER(Error)]),
    "rocpart_product_get_name":
        (c_char_p, [c_size_t]),
    "rocpart_run_finish":
        (c_int, [c_void_p, c_uint64, POINTER(c_size_t), POINTER(Error)]),
    "rocpart_run_free":
        (c_void_p, [c_void_p]),
    "rocpart_run_get_handout":
        (c_void_p, [c_void_p, POINTER(c_int)]),
    "rocpart_run_get_missing":
        (c_char_p, [c_void_p, c_size_t]),
    "rocpart_run_get_pid":
        (c_uint32, [c_void_p]),
    "rocpart_run_place":
        (c_int, [c_void_p, POINTER(Command), POINTER(c_void_p), c_size_t, POINTER(c_void_p),
         POINTER(c_void_p), POINTER(Error)]),
    "rocpart_run_start":
        (c_int, [c_void_p, POINTER(Error)]),
    "rocpart_run_use":
        (c_int, [c_void_p, POINTER(Command), POINTER(c_char_p), c_size_t, POINTER(c_void_p),
         POINTER(Error)]),
    "rocpart_sim_clock_advance":
        (c_int, [c_char_p, c_uint64, POINTER(Error)]),
    "rocpart_sim_clock_set_rate":
        (c_int, [c_char_p, c_uint, POINTER(Error)]),
    "rocpart_sim_create":
        (c_int, [c_char_p, c_char_p, c_size_t, c_char_p, POINTER(Error)]),
    "rocpart_sim_fault_add":
        (c_int, [c_char_p, c_char_p, POINTER(Error)]),
    "rocpart_sim_fault_clear":
        (c_int, [c_char_p, POINTER(Error)]),
    "rocpart_sim_fault_list":
        (c_int, [c_char_p, POINTER(c_char_p), POINTER(Error)]),
    "rocpart_sim_fault_list_planned":
        (c_int, [c_char_p, POINTER(c_char_p), POINTER(Error)]),
    "rocpart_sim_fault_plan":
        (c_int, [c_char_p, c_char_p, c_uint64, POINTER(Error)]),
    "rocpart_sim_fault_remove":
        (c_int, [c_char_p, c_char_p, POINTER(Error)]),
    "rocpart_sim_get_abi":
        (c_int, [c_char_p, POINTER(c_uint), POINTER(Error)]),
    "rocpart_sim_get_gpu_count":
        (c_int, [c_char_p, POINTER(c_size_t), POINTER(Error)]),
    "rocpart_sim_get_kernel_log":
        (c_int, [c_char_p, POINTER(c_char_p), POINTER(Error)]),
    "rocpart_sim_get_pids":
        (c_int, [c_char_p, POINTER(POINTER(c_uint32)), POINTER(c_size_t), POINTER(Error)]),
    "rocpart_sim_get_profile":
        (c_int, [c_char_p, POINTER(c_char_p), POINTER(Error)]),
    "rocpart_sim_hold":
        (c_int, [c_char_p, c_void_p, POINTER(c_uint32), POINTER(Error)]),
    "rocpart_sim_load_add":
        (c_int, [c_char_p, c_char_p, c_uint, c_uint64, c_uint64, POINTER(Error)]),
    "rocpart_sim_load_script":
        (c_int, [c_char_p, c_char_p, c_char_p, POINTER(Error)]),
    "rocpart_sim_load_show":
        (c_int, [c_char_p, POINTER(c_char_p), POINTER(Error)]),
    "rocpart_sim_load_start":
        (c_int, [c_char_p, c_uint64, c_uint, POINTER(Error)]),
    "rocpart_sim_load_stop":
        (c_int, [c_char_p, POINTER(Error)]),
    "rocpart_sim_process_allow":
        (c_int, [c_void_p, c_char_p, c_uint32]),
    "rocpart_sim_process_free":
        (c_void_p, [c_void_p]),
    "rocpart_sim_process_new":
        (c_int, [POINTER(c_void_p)]),
    "rocpart_sim_process_open_kfd":
        (None, [c_void_p]),
    "rocpart_sim_process_open_render":
        (c_int, [c_void_p, c_char_p, c_uint32]),
    "rocpart_sim_process_set_cgroup":
        (c_int, [c_void_p, c_char_p, POINTER(Error)]),
    "rocpart_sim_process_set_command":
        (c_int, [c_void_p, c_char_p, c_char_p, POINTER(Error)]),
    "rocpart_sim_process_set_pid":
        (None, [c_void_p, c_uint32]),
    "rocpart_sim_process_set_start":
        (None, [c_void_p, c_uint64]),
    "rocpart_sim_process_set_uid":
        (None, [c_void_p, c_uint32]),
    "rocpart_sim_process_use_vram":
        (c_int, [c_void_p, c_char_p, c_uint32, c_uint64]),
    "rocpart_sim_reload":
        (c_int, [c_char_p, POINTER(Error)]),
    "rocpart_sim_remove":
        (c_int, [c_char_p, POINTER(Error)]),
    "rocpart_sim_reset":
        (c_int, [c_char_p, POINTER(Error)]),
    "rocpart_sim_set_asks":
        (c_int, [c_char_p, c_bool, POINTER(Error)]),
    "rocpart_sim_set_no_sync":
        (c_int, [c_char_p, c_bool, POINTER(Error)]),
    "rocpart_sim_set_realistic":
        (c_int, [c_char_p, c_bool, POINTER(Error)]),
    "rocpart_sim_unhold":
        (c_int, [c_char_p, c_uint32, POINTER(Error)]),
    "rocpart_size_options_free":
        (c_void_p, [c_void_p]),
    "rocpart_size_options_new":
        (c_int, [POINTER(c_void_p)]),
    "rocpart_size_options_set_context":
        (None, [c_void_p, c_uint64]),
    "rocpart_size_options_set_dtype":
        (c_int, [c_void_p, c_char_p, POINTER(Error)]),
    "rocpart_size_options_set_eager":
        (None, [c_void_p, c_bool]),
    "rocpart_size_options_set_engine":
        (c_int, [c_void_p, c_char_p, POINTER(Error)]),
    "rocpart_size_options_set_kv_dtype":
        (c_int, [c_void_p, c_char_p, POINTER(Error)]),
    "rocpart_size_options_set_lenient":
        (None, [c_void_p, c_bool]),
    "rocpart_size_options_set_max_batched_tokens":
        (None, [c_void_p, c_uint64]),
    "rocpart_size_options_set_max_seqs":
        (None, [c_void_p, c_uint64]),
    "rocpart_size_options_set_tensor_parallel":
        (None, [c_void_p, c_uint32]),
    "rocpart_snapshot_export":
        (c_int, [c_void_p, POINTER(c_char_p), POINTER(Error)]),
    "rocpart_snapshot_find_gpu":
        (c_int, [c_void_p, c_char_p, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_snapshot_find_partition":
        (c_int, [c_void_p, c_char_p, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_snapshot_get_abi":
        (c_char_p, [c_void_p]),
    "rocpart_snapshot_get_backend":
        (c_int, [c_void_p]),
    "rocpart_snapshot_get_generation":
        (c_int, [c_void_p, POINTER(c_uint64)]),
    "rocpart_snapshot_get_gpu":
        (c_void_p, [c_void_p, c_size_t]),
    "rocpart_snapshot_get_gpu_count":
        (c_size_t, [c_void_p]),
    "rocpart_snapshot_get_kind":
        (c_int, [c_void_p]),
    "rocpart_snapshot_get_missing":
        (POINTER(MissingGpu), [c_void_p, c_size_t]),
    "rocpart_snapshot_get_problem":
        (c_char_p, [c_void_p]),
    "rocpart_snapshot_get_source":
        (c_int, [c_void_p, c_char_p]),
    "rocpart_snapshot_get_source_name":
        (c_char_p, [c_size_t]),
    "rocpart_snapshot_ref":
        (c_void_p, [c_void_p]),
    "rocpart_snapshot_unref":
        (c_void_p, [c_void_p]),
    "rocpart_source_to_string":
        (c_char_p, [c_int]),
    "rocpart_strerror":
        (c_char_p, [c_int]),
    "rocpart_trace_kind_to_string":
        (c_char_p, [c_int]),
    "rocpart_usable_bytes":
        (c_uint64, [c_uint64, c_uint64, c_uint64, c_uint64]),
    "rocpart_usages_free":
        (c_void_p, [c_void_p]),
    "rocpart_usages_get":
        (POINTER(Usage), [c_void_p, c_size_t]),
    "rocpart_usages_get_lease_bytes":
        (c_uint64, [c_void_p, c_uint64]),
    "rocpart_usages_get_leases":
        (c_void_p, [c_void_p]),
    "rocpart_usages_is_complete":
        (c_bool, [c_void_p]),
    "rocpart_usages_new":
        (c_int, [c_void_p, POINTER(c_void_p), POINTER(Error)]),
    "rocpart_version":
        (c_char_p, []),
}
