/* SPDX-License-Identifier: MIT */
#include "leases/pod.h"

#define LOGS "var/log/pods"
#define PODS "var/lib/kubelet/pods"

bool rp_pod_logs_are_shown(struct rp_tree *t)
{
	struct rp_stat st;

	return rp_tree_stat(t, &st, LOGS) == 0 && st.type == RP_FILE_DIR;
}

/* Write the part of the name of the folder of logs before the UID: "NAMESPACE_NAME_". */
static int log_prefix(const char *name, char ret[512])
{
	const char *slash = strchr(name, '/');

	if (!slash)
		return -EINVAL;
	return rp_fmt(ret, 512, "%.*s_%s_", (int)(slash - name), name, slash + 1);
}

int rp_pod_find(struct rp_tree *t, const char *name, char ret[RP_POD_UID_SIZE])
{
	RP_AUTO_NAMES struct rp_names logs = RP_NAMES_INIT;
	char prefix[512];
	int r = log_prefix(name, prefix);

	if (r == 0)
		r = rp_tree_list(t, &logs, LOGS);
	if (r < 0)
		return r == -ENOENT ? -ENOSYS : r;
	for (size_t i = 0; i < logs.n; i++) {
		const char *uid = logs.v[i] + strlen(prefix);
		struct rp_stat st;

		/* Logs outlive a pod for a while: only a UID with volumes is the pod of now. */
		if (rp_str_starts(logs.v[i], prefix) && *uid && strlen(uid) < RP_POD_UID_SIZE &&
		    rp_tree_stat(t, &st, PODS "/%s", uid) == 0)
			return rp_fmt(ret, RP_POD_UID_SIZE, "%s", uid);
	}
	return -ENOENT;
}

bool rp_pod_has_uid(struct rp_tree *t, const char *name, const char *uid)
{
	char prefix[512];
	struct rp_stat st;

	return *uid && log_prefix(name, prefix) == 0 &&
	       rp_tree_stat(t, &st, LOGS "/%s%s", prefix, uid) == 0;
}

bool rp_pod_is_removed(struct rp_tree *t, const char *uid)
{
	RP_AUTO_NAMES struct rp_names pods = RP_NAMES_INIT;

	if (rp_tree_list(t, &pods, PODS) < 0)
		return false;
	for (size_t i = 0; i < pods.n; i++)
		if (rp_str_eq(pods.v[i], uid))
			return false;
	return true;
}
