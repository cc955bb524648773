/* SPDX-License-Identifier: MIT */
/* Entries of the history as datagrams of systemd's journal, and a socket that stands for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/journald.h"

static const struct rocpart_history_entry change = {.at_s = 1,
						    .has_uid = true,
						    .uid = 1000,
						    .command = "rocpart set --compute CPX",
						    .kind = "change",
						    .outcome = "unfinished",
						    .text = "8 GPUs SPX/NPS1 -> CPX/NPS4",
						    .change = 17,
						    .milliseconds = 250};

static void change_as_datagram_has_all_of_its_fields(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	(void)state;
	journald_print(&change, &text);
	assert_string_equal(rp_strbuf_str(&text),
			    "MESSAGE=change 17 unfinished: 8 GPUs SPX/NPS1 -> CPX/NPS4\n"
			    "PRIORITY=3\n"
			    "SYSLOG_IDENTIFIER=rocpart\n"
			    "ROCPART_KIND=change\n"
			    "ROCPART_OUTCOME=unfinished\n"
			    "ROCPART_COMMAND=rocpart set --compute CPX\n"
			    "ROCPART_CHANGE=17\n"
			    "ROCPART_UID=1000\n"
			    "ROCPART_MILLISECONDS=250\n");
}

static void entry_without_numbers_has_no_fields_for_them(void **state)
{
	struct rocpart_history_entry e = {.command = "rocpart cordon 0",
					  .kind = "cordon",
					  .outcome = "set",
					  .text = "GPU 0000:05:00.0",
					  .milliseconds = -1};
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	(void)state;
	journald_print(&e, &text);
	assert_string_equal(rp_strbuf_str(&text), "MESSAGE=cordon set: GPU 0000:05:00.0\n"
						  "PRIORITY=5\n"
						  "SYSLOG_IDENTIFIER=rocpart\n"
						  "ROCPART_KIND=cordon\n"
						  "ROCPART_OUTCOME=set\n"
						  "ROCPART_COMMAND=rocpart cordon 0\n");
}

/* systemd.io/JOURNAL_NATIVE_PROTOCOL: the name alone, 64 bits little-endian, the value. */
static void value_with_a_newline_has_its_length_before_it(void **state)
{
	static const char expected[] = "ROCPART_COMMAND\n\x09\0\0\0\0\0\0\0a\nPRI=0\nb\n";
	struct rocpart_history_entry e = change;
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	(void)state;
	e.command = "a\nPRI=0\nb";
	journald_print(&e, &text);
	assert_non_null(memmem(rp_strbuf_str(&text), text.len, expected, sizeof(expected) - 1));
}

struct log {
	char dir[32];
	struct sockaddr_un at;
	int fd;
};

static void open_log(struct log *l)
{
	*l = (struct log){.dir = "/tmp/rocpart-log-XXXXXX", .at = {.sun_family = AF_UNIX}};
	assert_non_null(mkdtemp(l->dir));
	assert_int_equal(rp_fmt(l->at.sun_path, sizeof(l->at.sun_path), "%s/socket", l->dir), 0);
	l->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(l->fd >= 0);
	assert_int_equal(bind(l->fd, (struct sockaddr *)&l->at, sizeof(l->at)), 0);
}

static void close_log(struct log *l)
{
	assert_int_equal(close(l->fd), 0);
	assert_int_equal(unlink(l->at.sun_path), 0);
	assert_int_equal(rmdir(l->dir), 0);
}

static void datagram_arrives_whole(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	char got[1024];
	struct log log;

	(void)state;
	open_log(&log);
	journald_print(&change, &text);
	assert_int_equal(journald_send(log.at.sun_path, &text), 0);
	assert_int_equal(recv(log.fd, got, sizeof(got), 0), (int)text.len);
	assert_memory_equal(got, text.s, text.len);
	close_log(&log);
}

static void log_that_is_full_or_missing_is_an_error_at_once(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct log log;
	int r = 0;

	(void)state;
	open_log(&log);
	journald_print(&change, &text);
	for (int i = 0; r == 0 && i < 100000; i++)
		r = journald_send(log.at.sun_path, &text);
	assert_int_equal(r, -EAGAIN);
	close_log(&log);
	assert_int_equal(journald_send(log.at.sun_path, &text), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(change_as_datagram_has_all_of_its_fields),
		cmocka_unit_test(entry_without_numbers_has_no_fields_for_them),
		cmocka_unit_test(value_with_a_newline_has_its_length_before_it),
		cmocka_unit_test(datagram_arrives_whole),
		cmocka_unit_test(log_that_is_full_or_missing_is_an_error_at_once),
	};

	return cmocka_run_group_tests_name("journald", tests, NULL, NULL);
}
