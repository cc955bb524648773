/* SPDX-License-Identifier: MIT */
#include "desired/policy.h"
#include "base/num.h"

#define MOST_LEASES 1000000

const char rp_policy_defaults[] = "version: v1\n"
				  "node:\n"
				  "  allow-unvalidated: false\n"
				  "  policy:\n"
				  "    switch: never\n"
				  "    rest-after: never\n"
				  "    on-drift: report\n"
				  "    max-disruption: 0\n";

void rp_policy_done(struct rp_node_policy *policy)
{
	rp_names_done(&policy->gpus);
	memset(policy, 0, sizeof(*policy));
}

static bool is_word(const struct rp_yaml *y, const char *word)
{
	return y->kind == RP_YAML_SCALAR && rp_str_eq(y->text, word);
}

/* One of two words; *ret: it is the second. */
static int read_word(const struct rp_yaml *y, const char *name, const char *const words[2],
		     bool *ret, struct rocpart_error *reterr)
{
	*ret = is_word(y, words[1]);
	if (*ret || is_word(y, words[0]))
		return 0;
	return rp_yaml_must_be(y, name, reterr, "%s or %s", words[0], words[1]);
}

static int read_rest(const struct rp_yaml *y, const char *name, struct rp_node_policy *ret,
		     struct rocpart_error *reterr)
{
	ret->rests = !is_word(y, "never");
	if (!ret->rests)
		return 0;
	if (y->kind != RP_YAML_SCALAR || rp_parse_duration(y->text, &ret->rest_after_s) < 0)
		return rp_yaml_must_be(y, name, reterr, "never or a time such as 90s, 10m, 2h, 1d");
	return 0;
}

static int read_number(const struct rp_yaml *y, const char *name, uint64_t least, uint64_t *ret,
		       struct rocpart_error *reterr)
{
	if (y->kind != RP_YAML_SCALAR || rp_parse_u64(y->text, 10, ret) < 0 || *ret < least ||
	    *ret > MOST_LEASES)
		return rp_yaml_must_be(y, name, reterr, "a whole number from %llu to %d",
				       (unsigned long long)least, MOST_LEASES);
	return 0;
}

static int read_gpus(const struct rp_yaml *list, const char *name, struct rp_node_policy *ret,
		     struct rocpart_error *reterr)
{
	int r = 0;

	if (list->kind == RP_YAML_LIST && list->n == 0)
		return rp_yaml_error(list, name, reterr,
				     "'gpus' names no GPU: leave it out to mean each one");
	if (list->kind != RP_YAML_LIST)
		return rp_yaml_must_be(list, name, reterr, "a list of GPUs such as [0, \"4-7\"]");
	for (size_t i = 0; r == 0 && i < list->n; i++) {
		const char *word;

		r = rp_yaml_text(list->items[i], name, &word, reterr);
		if (r == 0 && rp_names_add(&ret->gpus, word) < 0)
			r = rp_error_nomem(reterr);
	}
	return r;
}

static int read_key(const char *key, const struct rp_yaml *y, const char *name,
		    struct rp_node_policy *ret, struct rocpart_error *reterr)
{
	static const char *const switches[] = {"never", "idle"}, *const drifts[] = {"report",
										    "apply"};
	bool second = false;
	int r;

	if (rp_str_eq(key, "switch")) {
		r = read_word(y, name, switches, &second, reterr);
		ret->switches = second ? RP_POLICY_SWITCH_IDLE : RP_POLICY_SWITCH_NEVER;
		return r;
	}
	if (rp_str_eq(key, "on-drift")) {
		r = read_word(y, name, drifts, &second, reterr);
		ret->on_drift = second ? RP_POLICY_DRIFT_APPLY : RP_POLICY_DRIFT_REPORT;
		return r;
	}
	if (rp_str_eq(key, "rest-after"))
		return read_rest(y, name, ret, reterr);
	if (rp_str_eq(key, "max-disruption"))
		return read_number(y, name, 0, &ret->max_disruption, reterr);
	return read_gpus(y, name, ret, reterr);
}

int rp_policy_read(const struct rp_yaml *policy, const char *name, struct rp_node_policy *ret,
		   struct rocpart_error *reterr)
{
	static const char *const known[] = {"switch", "gpus", "rest-after", "on-drift",
					    "max-disruption"};
	int r = rp_yaml_only_keys(policy, name, known, RP_ARRAY_LEN(known), reterr);

	for (size_t i = 0; r == 0 && i < policy->n; i++)
		r = read_key(policy->keys[i], policy->items[i], name, ret, reterr);
	return r;
}
