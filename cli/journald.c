/* SPDX-License-Identifier: MIT */
#include "cli/journald.h"

#include "views/history.h"

#include <sys/socket.h>
#include <sys/un.h>

#define PRIORITY_ERROR	"3"
#define PRIORITY_NOTICE "5"

/* A value with a newline would end the field: it is written with its length. */
static void add_field(struct rp_strbuf *ret, const char *name, const char *value)
{
	uint64_t len = strlen(value);

	if (!strchr(value, '\n')) {
		rp_strbuf_addf(ret, "%s=%s\n", name, value);
		return;
	}
	rp_strbuf_addf(ret, "%s\n", name);
	for (unsigned i = 0; i < sizeof(len); i++) /* little-endian */
		rp_strbuf_add_char(ret, (char)(len >> 8 * i & 0xff));
	rp_strbuf_add_mem(ret, value, len);
	rp_strbuf_add_char(ret, '\n');
}

static void add_number(struct rp_strbuf *ret, const char *name, uint64_t n)
{
	if (n)
		rp_strbuf_addf(ret, "%s=%llu\n", name, (unsigned long long)n);
}

void journald_print(const struct rocpart_history_entry *e, struct rp_strbuf *ret)
{
	RP_AUTO_STRBUF struct rp_strbuf line = RP_STRBUF_INIT;
	bool is_bad = rp_str_eq(e->outcome, "unfinished");

	view_history_line(e, &line);
	add_field(ret, "MESSAGE", rp_strbuf_str(&line));
	add_field(ret, "PRIORITY", is_bad ? PRIORITY_ERROR : PRIORITY_NOTICE);
	add_field(ret, "SYSLOG_IDENTIFIER", "rocpart");
	add_field(ret, "ROCPART_KIND", e->kind);
	add_field(ret, "ROCPART_OUTCOME", e->outcome);
	add_field(ret, "ROCPART_COMMAND", e->command);
	add_number(ret, "ROCPART_CHANGE", e->change);
	add_number(ret, "ROCPART_LEASE", e->lease);
	if (e->has_uid)
		rp_strbuf_addf(ret, "ROCPART_UID=%u\n", e->uid);
	if (e->milliseconds >= 0)
		rp_strbuf_addf(ret, "ROCPART_MILLISECONDS=%lld\n", (long long)e->milliseconds);
}

int journald_send(const char *socket_path, const struct rp_strbuf *datagram)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	RP_AUTO_CLOSE int fd = -EBADF;

	if (rp_strbuf_failed(datagram))
		return -ENOMEM;
	if (rp_fmt(to.sun_path, sizeof(to.sun_path), "%s", socket_path) < 0)
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return rp_neg_errno();
	if (rp_retry(sendto(fd, rp_strbuf_str(datagram), datagram->len, MSG_NOSIGNAL,
			    (const struct sockaddr *)&to, sizeof(to))) < 0)
		return rp_neg_errno();
	return 0;
}
