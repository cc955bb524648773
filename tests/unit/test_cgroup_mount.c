/* SPDX-License-Identifier: MIT */
/*
 * Which folder is the caller's own control group. Lines of mountinfo are as Linux 6.18 prints them
 * on a hybrid host, in its chroots and control group namespaces, shortened; escapes and ".." are
 * those of show_mountinfo() and cgroup_show_path().
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "run/cgroup_mount.h"

#define V2  RP_CGROUP_V2
#define V1  RP_CGROUP_V1_DEVICES
#define SYS "23 28 0:22 / /sys rw,nosuid - sysfs sysfs rw\n28 1 254:0 / / rw - ext4 /dev/vda rw\n"

#define UNIFIED SYS "31 23 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n"
#define HYBRID                                                                    \
	SYS "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"          \
	    "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"         \
	    "36 31 0:33 / /sys/fs/cgroup/devices rw - cgroup cgroup rw,devices\n" \
	    "41 31 0:38 / /sys/fs/cgroup/unified rw shared:9 - cgroup2 cgroup2 rw\n"
#define HYBRID_GROUPS "5:devices:/user.slice\n1:cpu:/\n0::/user.slice/a\n"
/* a folder for chroot with the host's /sys in it, as pbuilder and schroot make it */
#define CHROOT(top)                                                                  \
	"90 28 0:22 / " top "/sys rw - sysfs sysfs rw\n"                             \
	"91 90 0:28 / " top "/sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"          \
	"92 91 0:33 / " top "/sys/fs/cgroup/devices rw - cgroup cgroup rw,devices\n" \
	"93 91 0:38 / " top "/sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"       \
	"94 90 0:27 / " top "/sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"

/* expected NULL: none */
static void assert_own(enum rp_cgroup_kind kind, const char *mountinfo, const char *groups,
		       const char *expected)
{
	RP_AUTO_FREE char *path = NULL;
	int r = rp_cgroup_find_own(kind, mountinfo, groups, &path);

	if (!expected) {
		assert_null(path);
		assert_int_equal(r, -ENOENT);
		return;
	}
	assert_int_equal(r, 0);
	assert_string_equal(path, expected);
}

static void hierarchy_of_each_kind_is_found(void **state)
{
	(void)state;
	assert_own(V2, UNIFIED, "0::/user.slice/a b\n", "/sys/fs/cgroup/user.slice/a b");
	assert_own(V2, UNIFIED, "0::/\n", "/sys/fs/cgroup");
	assert_own(V1, UNIFIED, "0::/user.slice\n", NULL);
	assert_own(V2, HYBRID, HYBRID_GROUPS, "/sys/fs/cgroup/unified/user.slice/a");
	assert_own(V1, HYBRID, HYBRID_GROUPS, "/sys/fs/cgroup/devices/user.slice");
	assert_own(V1,
		   SYS "40 23 0:33 / /sys/fs/cgroup/devices,misc rw - cgroup x rw,misc,devices\n",
		   "5:misc,devices:/a:b\n", "/sys/fs/cgroup/devices,misc/a:b");
	assert_own(V1, SYS "40 23 0:33 / /sys/fs/cgroup/named rw - cgroup x rw,name=devices\n",
		   "5:name=devices:/\n", NULL);
	assert_own(V2, SYS, "0::/\n", NULL);
	assert_own(V2, "", "", NULL);
}

static void mount_of_a_chroot_folder_is_not_taken(void **state)
{
	(void)state;
	assert_own(V2, SYS CHROOT("/srv/chroot"), HYBRID_GROUPS, NULL);
	assert_own(V1, SYS CHROOT("/srv/chroot"), HYBRID_GROUPS, NULL);
	assert_own(V2, SYS CHROOT("/sys/fs/cgroup/x"), HYBRID_GROUPS, NULL);
	assert_own(V2, CHROOT("/srv/chroot") HYBRID, HYBRID_GROUPS,
		   "/sys/fs/cgroup/unified/user.slice/a");
	assert_own(V1, CHROOT("/srv/chroot") HYBRID, HYBRID_GROUPS,
		   "/sys/fs/cgroup/devices/user.slice");
	assert_own(V2, CHROOT("/srv/chroot") UNIFIED CHROOT("/b"), "0::/a\n", "/sys/fs/cgroup/a");
}

static void mount_at_an_unusual_place_is_not_taken(void **state)
{
	static const char *const places[] = {"/mnt/cgroup", "/sys/fs/cgroup2", "/sys/fs/cgroup/a/b",
					     "/sys/fs/cgroup\\040x"};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(places); i++) {
		RP_AUTO_FREE char *text =
			rp_strdupf("50 28 0:27 / %s rw - cgroup2 none rw\n" SYS, places[i]);

		assert_own(V2, text, "0::/a\n", NULL);
	}
}

static void bind_mount_shows_the_group_and_those_below_it_only(void **state)
{
	static const char bind[] =
		SYS "31 23 0:27 /docker/ab /sys/fs/cgroup ro - cgroup2 cgroup rw\n";

	(void)state;
	assert_own(V2, bind, "0::/docker/ab\n", "/sys/fs/cgroup");
	assert_own(V2, bind, "0::/docker/ab/c\n", "/sys/fs/cgroup/c");
	assert_own(V2, bind, "0::/docker/abc\n", NULL);
	assert_own(V2, bind, "0::/docker\n", NULL);
	assert_own(V2, bind, "0::/\n", NULL);
}

static void control_group_namespace_is_relative_to_its_root(void **state)
{
	static const char inside[] = SYS "31 23 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n";
	static const char outside[] = SYS "31 23 0:27 /.. /sys/fs/cgroup rw - cgroup2 cgroup rw\n";

	(void)state;
	assert_own(V2, inside, "0::/a\n", "/sys/fs/cgroup/a");
	/* moved out of the namespace: the names above its root are not told */
	assert_own(V2, inside, "0::/../other\n", NULL);
	assert_own(V2, inside, "0::/..\n", NULL);
	/* unshare -C without a new mount */
	assert_own(V2, outside, "0::/\n", NULL);
	assert_own(V2, outside, "0::/../other\n", "/sys/fs/cgroup/other");
	assert_own(V2, outside, "0::/../../other\n", NULL);
	/* a name that begins with dots is one */
	assert_own(V2, inside, "0::/..a\n", "/sys/fs/cgroup/..a");
}

static void mount_on_top_of_another_is_the_one_that_shows(void **state)
{
	static const char below[] = SYS "31 23 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n";
	RP_AUTO_FREE char *bind =
		rp_strdupf("%s60 31 0:27 /a /sys/fs/cgroup rw - cgroup2 cgroup rw\n", below);
	RP_AUTO_FREE char *hidden =
		rp_strdupf("%s60 31 0:50 / /sys/fs/cgroup rw - tmpfs none rw\n", below);
	RP_AUTO_FREE char *again =
		rp_strdupf("%s61 60 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n", hidden);

	(void)state;
	assert_own(V2, bind, "0::/a/b\n", "/sys/fs/cgroup/b");
	assert_own(V2, bind, "0::/b\n", NULL);
	assert_own(V2, hidden, "0::/a\n", NULL);
	assert_own(V2, again, "0::/a\n", "/sys/fs/cgroup/a");
}

static void mount_at_the_top_goes_before_one_in_a_folder_of_it(void **state)
{
	static const char folder[] = "70 31 0:27 / /sys/fs/cgroup/x rw - cgroup2 cgroup rw\n";
	RP_AUTO_FREE char *after = rp_strdupf("%s%s", UNIFIED, folder);
	RP_AUTO_FREE char *before = rp_strdupf("%s%s", folder, UNIFIED);

	(void)state;
	assert_own(V2, after, "0::/a\n", "/sys/fs/cgroup/a");
	assert_own(V2, before, "0::/a\n", "/sys/fs/cgroup/a");
}

static void escapes_of_a_mount_are_read(void **state)
{
	(void)state;
	/* root: "/a b\c" */
	assert_own(V2, SYS "31 23 0:27 /a\\040b\\134c /sys/fs/cgroup rw - cgroup2 none rw\n",
		   "0::/a b\\c/d\n", "/sys/fs/cgroup/d");
	assert_own(V2, SYS "31 23 0:27 / /sys/fs/cgroup/a\\011b\\12 rw - cgroup2 none rw\n",
		   "0::/d\n", "/sys/fs/cgroup/a\tb\\12/d");
}

static void long_paths_are_whole(void **state)
{
	RP_AUTO_FREE char *name = rp_new0(char, 4001);
	RP_AUTO_FREE char *mounts = NULL, *groups = NULL;

	(void)state;
	memset(name, 'x', 4000);
	mounts = rp_strdupf("31 23 0:27 /%s /sys/fs/cgroup rw - cgroup2 cgroup rw\n", name);
	groups = rp_strdupf("0::/%s/%s\n", name, "a");
	assert_own(V2, mounts, groups, "/sys/fs/cgroup/a");
}

static void lines_that_are_not_mounts_are_passed_over(void **state)
{
	static const char *const lines[] = {
		"31 23 0:27 / /sys/fs/cgroup rw cgroup2 cgroup2 rw\n",
		"31 23 0:27 - cgroup2 cgroup2 rw\n",
		"31 23 0:27 / /sys/fs/cgroup rw - cgroup2\n",
		"x 23 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
		" - \n",
		"\n",
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(lines); i++) {
		RP_AUTO_FREE char *both = rp_strdupf("%s" UNIFIED, lines[i]);

		assert_own(V2, lines[i], "0::/\n", NULL);
		assert_own(V2, both, "0::/\n", "/sys/fs/cgroup");
	}
	assert_own(V2, UNIFIED, "0\n0:\n5:devices\n", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hierarchy_of_each_kind_is_found),
		cmocka_unit_test(mount_of_a_chroot_folder_is_not_taken),
		cmocka_unit_test(mount_at_an_unusual_place_is_not_taken),
		cmocka_unit_test(bind_mount_shows_the_group_and_those_below_it_only),
		cmocka_unit_test(control_group_namespace_is_relative_to_its_root),
		cmocka_unit_test(mount_on_top_of_another_is_the_one_that_shows),
		cmocka_unit_test(mount_at_the_top_goes_before_one_in_a_folder_of_it),
		cmocka_unit_test(escapes_of_a_mount_are_read),
		cmocka_unit_test(long_paths_are_whole),
		cmocka_unit_test(lines_that_are_not_mounts_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
