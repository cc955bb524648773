/* SPDX-License-Identifier: MIT */
/* Names of the states and guarantees of leases. */
#include "base/base.h"
#include "rocpart/lease.h"

ROCPART_PUBLIC const char *rocpart_lease_state_to_string(enum rocpart_lease_state state)
{
	static const char *const names[] = {"pending", "placed", "running", "stopped", "displaced"};

	return (size_t)state < RP_ARRAY_LEN(names) ? names[state] : "unknown";
}

ROCPART_PUBLIC const char *rocpart_guarantee_to_string(enum rocpart_guarantee guarantee)
{
	static const char *const names[] = {"none", "cooperative", "kernel", "hardware"};

	return (size_t)guarantee < RP_ARRAY_LEN(names) ? names[guarantee] : "unknown";
}
