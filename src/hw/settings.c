/* SPDX-License-Identifier: MIT */
#include "hw/settings.h"
#include "hw/sysfs.h"

#define ISOLATION "enforce_isolation"

/* Below the PCI device (amdgpu_pm.c, amdgpu_gfx.c); the number of its hwmon is found by listing. */
static const char *const files[] = {"power1_cap", "power_dpm_force_performance_level", ISOLATION};

/* Path of a setting below the device; "hwmon/hwmon3/power1_cap" for the power cap. */
static int path_of(struct rp_tree *t, const char *bdf, const char *file, char *path, size_t size)
{
	RP_AUTO_NAMES struct rp_names hwmon = RP_NAMES_INIT;
	int r;

	if (!rp_str_eq(file, "power1_cap"))
		return rp_fmt(path, size, "%s", file);
	r = rp_tree_list(t, &hwmon, RP_PCI_DEVICES "/%s/hwmon", bdf);
	if (r < 0)
		return r;
	return hwmon.n ? rp_fmt(path, size, "hwmon/%s/%s", hwmon.v[0], file) : -ENOENT;
}

int rp_settings_save(struct rp_tree *t, const char *bdf, struct rp_json **ret)
{
	RP_AUTO_JSON struct rp_json *saved = rp_json_object();

	if (!saved)
		return -ENOMEM;
	for (size_t i = 0; i < RP_ARRAY_LEN(files); i++) {
		RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
		char path[128];
		int r = path_of(t, bdf, files[i], path, sizeof(path));

		if (r == 0)
			r = rp_tree_read(t, &text, RP_PCI_DEVICES "/%s/%s", bdf, path);
		if (r == 0)
			r = rp_json_set_string(saved, files[i], rp_strbuf_str(&text));
		/* Absent, or refused by the driver: nothing to bring back. */
		if (r < 0 && !rp_is_absent(r) && r != -EOPNOTSUPP && r != -EPERM && r != -EINVAL)
			return r;
	}
	*ret = rp_steal(&saved);
	return 0;
}

static size_t count_words(const char *s)
{
	size_t n = 0;

	for (s += strspn(s, " \n"); *s; s += strspn(s, " \n")) {
		s += strcspn(s, " \n");
		n++;
	}
	return n;
}

/*
 * "1" for a GPU that has 8 slots now becomes "1 1 1 1 1 1 1 1": as many as the file has, which are
 * 8 also where the last partition got no device. Mixed values cannot be carried over.
 */
static bool fit_isolation(const char *saved, size_t n, struct rp_strbuf *ret)
{
	size_t len = strcspn(saved, " \n");

	for (const char *p = saved; *p; p += strcspn(p, " \n")) {
		p += strspn(p, " \n");
		if (*p && (strcspn(p, " \n") != len || memcmp(p, saved, len) != 0))
			return false;
	}
	for (size_t i = 0; i < n; i++) {
		rp_strbuf_add(ret, i ? " " : "");
		rp_strbuf_add_mem(ret, saved, len);
	}
	return len && n;
}

static int restore_one(struct rp_tree *t, const char *bdf, const char *file, const char *saved)
{
	RP_AUTO_STRBUF struct rp_strbuf now = RP_STRBUF_INIT, fitted = RP_STRBUF_INIT;
	const char *value = saved;
	char path[128];
	int r = path_of(t, bdf, file, path, sizeof(path));

	if (r == 0)
		r = rp_tree_read(t, &now, RP_PCI_DEVICES "/%s/%s", bdf, path);
	if (r == 0 && rp_str_eq(file, ISOLATION)) {
		if (!fit_isolation(saved, count_words(rp_strbuf_str(&now)), &fitted))
			return 0;
		value = rp_strbuf_str(&fitted);
	}
	if (r < 0 || rp_str_eq(rp_strbuf_str(&now), value))
		return r;
	r = rp_tree_write(t, value, RP_PCI_DEVICES "/%s/%s", bdf, path);
	if (r == 0)
		r = rp_tree_read(t, &now, RP_PCI_DEVICES "/%s/%s", bdf, path);
	if (r == 0 && !rp_str_eq(rp_strbuf_str(&now), value))
		r = -EIO;
	return r;
}

int rp_settings_restore(struct rp_tree *t, const char *bdf, const struct rp_json *saved,
			struct rocpart_error *reterr)
{
	int first = 0;

	for (size_t i = 0; i < RP_ARRAY_LEN(files); i++) {
		const char *value = rp_json_text(rp_json_get(saved, files[i]));
		char object[64];
		int r = value ? restore_one(t, bdf, files[i], value) : 0;

		if (r == 0 || first < 0)
			continue;
		first = r;
		(void)rp_fmt(object, sizeof(object), "%s/%s", bdf, files[i]);
		(void)rp_error_errno(reterr, r, object, "cannot set '%s' back to '%s'", files[i],
				     value);
	}
	return first;
}
