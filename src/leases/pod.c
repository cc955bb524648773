/* SPDX-License-Identifier: MIT */
#include "leases/pod.h"

#define LOGS "var/log/pods"
#define PODS "var/lib/kubelet/pods"

static int is_there(int r)
{
	return r == 0 ? 1 : rp_is_absent(r) || rp_is_denied(r) ? 0 : r;
}

int rp_pod_logs_are_shown(struct rp_tree *t)
{
	struct rp_stat st = {0};
	int r = is_there(rp_tree_stat(t, &st, LOGS));

	return r == 1 ? st.type == RP_FILE_DIR : r;
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
		return rp_is_absent(r) ? -EACCES : r;
	for (size_t i = 0; i < logs.n; i++) {
		const char *uid = logs.v[i] + strlen(prefix);
		struct rp_stat st;

		if (!rp_str_starts(logs.v[i], prefix) || !*uid || strlen(uid) >= RP_POD_UID_SIZE)
			continue;
		/* Logs outlive a pod for a while: only a UID with volumes is the pod of now. */
		r = is_there(rp_tree_stat(t, &st, PODS "/%s", uid));
		if (r)
			return r < 0 ? r : rp_fmt(ret, RP_POD_UID_SIZE, "%s", uid);
	}
	return -ENOENT;
}

int rp_pod_has_uid(struct rp_tree *t, const char *name, const char *uid)
{
	char prefix[512];
	struct rp_stat st;

	if (!*uid || log_prefix(name, prefix) < 0)
		return 0;
	return is_there(rp_tree_stat(t, &st, LOGS "/%s%s", prefix, uid));
}

int rp_pod_is_removed(struct rp_tree *t, const char *uid)
{
	RP_AUTO_NAMES struct rp_names pods = RP_NAMES_INIT;
	int r = is_there(rp_tree_list(t, &pods, PODS));

	for (size_t i = 0; i < pods.n; i++)
		if (rp_str_eq(pods.v[i], uid))
			return 0;
	return r;
}
