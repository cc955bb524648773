/* SPDX-License-Identifier: MIT */
#include "simfs/netlink.h"

#include <arpa/inet.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/socket.h>

#define OPER_UP	     6 /* IF_OPER_UP of linux/if.h, which cannot be beside net/if.h */
#define REQUEST_SIZE 1024
#define REPLY_SIZE   32768 /* the kernel fills at most this much of a dump at once */

/* One request; each of ours is far shorter than there is room. */
struct request {
	union {
		struct nlmsghdr header;
		char text[REQUEST_SIZE];
	} u;
	size_t len;
};

static void add_bytes(struct request *q, const void *data, size_t len)
{
	if (len)
		memcpy(q->u.text + q->len, data, len);
	q->len += NLMSG_ALIGN(len);
}

static void begin(struct request *q, uint16_t type, uint16_t flags, const void *body, size_t len)
{
	memset(q, 0, sizeof(*q));
	q->u.header = (struct nlmsghdr){.nlmsg_type = type,
					.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
					.nlmsg_seq = 1};
	q->len = NLMSG_HDRLEN;
	add_bytes(q, body, len);
}

static void put(struct request *q, uint16_t type, const void *data, size_t len)
{
	const struct rtattr a = {.rta_type = type, .rta_len = (uint16_t)(RTA_LENGTH(0) + len)};

	add_bytes(q, &a, sizeof(a));
	add_bytes(q, data, len);
}

static void put_text(struct request *q, uint16_t type, const char *text)
{
	put(q, type, text, strlen(text) + 1);
}

static void put_u32(struct request *q, uint16_t type, uint32_t value)
{
	put(q, type, &value, sizeof(value));
}

/* An attribute that holds what is added until its end(). Returns where it stands. */
static size_t nest(struct request *q, uint16_t type)
{
	size_t at = q->len;

	put(q, type, NULL, 0);
	return at;
}

static void end(struct request *q, size_t at)
{
	uint16_t len = (uint16_t)(q->len - at);

	memcpy(q->u.text + at + offsetof(struct rtattr, rta_len), &len, sizeof(len));
}

int rp_netlink_open(int *ret_fd)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return rp_neg_errno();
	*ret_fd = fd;
	return 0;
}

int rp_netlink_watch(int *ret_fd)
{
	const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
	RP_AUTO_CLOSE int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return rp_neg_errno();
	*ret_fd = rp_steal_fd(&fd);
	return 0;
}

static int send_request(int fd, struct request *q)
{
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};

	q->u.header.nlmsg_len = (uint32_t)q->len;
	if (rp_retry(sendto(fd, q->u.text, q->len, 0, (const struct sockaddr *)&kernel,
			    sizeof(kernel))) < 0)
		return rp_neg_errno();
	return 0;
}

/* errno of a message of type NLMSG_ERROR, or of the end of a dump; 0: it was done. */
static int error_in(const char *message, size_t len)
{
	int r;

	if (len < NLMSG_HDRLEN + sizeof(r))
		return -EBADMSG;
	memcpy(&r, message + NLMSG_HDRLEN, sizeof(r));
	return r > 0 ? -EBADMSG : r;
}

static int transact(int fd, struct request *q)
{
	char reply[1024];
	struct nlmsghdr h;
	ssize_t n;
	int r;

	q->u.header.nlmsg_flags |= NLM_F_ACK;
	r = send_request(fd, q);
	if (r < 0)
		return r;
	n = rp_retry(recv(fd, reply, sizeof(reply), 0));
	if (n < 0)
		return rp_neg_errno();
	if ((size_t)n < sizeof(h))
		return -EBADMSG;
	memcpy(&h, reply, sizeof(h));
	return h.nlmsg_type == NLMSG_ERROR ? error_in(reply, (size_t)n) : -EBADMSG;
}

/* ---- changes ---- */

int rp_netlink_add_bridge(int fd, const char *name)
{
	const struct ifinfomsg body = {.ifi_family = AF_UNSPEC};
	struct request q;
	size_t info;

	begin(&q, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof(body));
	put_text(&q, IFLA_IFNAME, name);
	info = nest(&q, IFLA_LINKINFO);
	put_text(&q, IFLA_INFO_KIND, "bridge");
	end(&q, info);
	return transact(fd, &q);
}

int rp_netlink_add_pair(int fd, const char *name, const char *peer, int peer_ns_fd)
{
	const struct ifinfomsg body = {.ifi_family = AF_UNSPEC};
	size_t info, data, other;
	struct request q;

	begin(&q, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof(body));
	put_text(&q, IFLA_IFNAME, name);
	info = nest(&q, IFLA_LINKINFO);
	put_text(&q, IFLA_INFO_KIND, "veth");
	data = nest(&q, IFLA_INFO_DATA);
	other = nest(&q, VETH_INFO_PEER);
	add_bytes(&q, &body, sizeof(body));
	put_text(&q, IFLA_IFNAME, peer);
	put_u32(&q, IFLA_NET_NS_FD, (uint32_t)peer_ns_fd);
	end(&q, other);
	end(&q, data);
	end(&q, info);
	return transact(fd, &q);
}

int rp_netlink_set_up(int fd, const char *name, const char *master, const char *alias)
{
	const struct ifinfomsg body = {
		.ifi_family = AF_UNSPEC, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	struct request q;

	begin(&q, RTM_NEWLINK, 0, &body, sizeof(body));
	put_text(&q, IFLA_IFNAME, name);
	if (master) {
		unsigned index = if_nametoindex(master);

		if (!index)
			return rp_neg_errno();
		put_u32(&q, IFLA_MASTER, index);
	}
	if (alias)
		put_text(&q, IFLA_IFALIAS, alias);
	return transact(fd, &q);
}

int rp_netlink_add_address(int fd, const char *name, uint32_t address, unsigned prefix)
{
	const uint32_t in_order = htonl(address);
	const struct ifaddrmsg body = {.ifa_family = AF_INET,
				       .ifa_prefixlen = (uint8_t)prefix,
				       .ifa_index = if_nametoindex(name)};
	struct request q;

	if (!body.ifa_index)
		return rp_neg_errno();
	begin(&q, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof(body));
	put(&q, IFA_LOCAL, &in_order, sizeof(in_order));
	put(&q, IFA_ADDRESS, &in_order, sizeof(in_order));
	return transact(fd, &q);
}

int rp_netlink_delete(int fd, const char *name)
{
	const struct ifinfomsg body = {.ifi_family = AF_UNSPEC};
	struct request q;

	begin(&q, RTM_DELLINK, 0, &body, sizeof(body));
	put_text(&q, IFLA_IFNAME, name);
	return transact(fd, &q);
}

/* ---- the list ---- */

/* A text of an attribute: cut at its end, and where there is no more room. */
static void take_text(char *ret, size_t size, const char *data, size_t len)
{
	size_t n = strnlen(data, len < size - 1 ? len : size - 1);

	memcpy(ret, data, n);
	ret[n] = '\0';
}

/* Called for each attribute. < 0 ends them. */
typedef int (*attribute_fn)(void *userdata, uint16_t type, const char *data, size_t len);

static int for_each_attribute(const char *text, size_t len, attribute_fn fn, void *userdata)
{
	struct rtattr a;
	int r = 0;

	for (size_t at = 0; r == 0 && at + sizeof(a) <= len; at += NLMSG_ALIGN(a.rta_len)) {
		memcpy(&a, text + at, sizeof(a));
		if (a.rta_len < sizeof(a) || at + a.rta_len > len)
			return -EBADMSG;
		r = fn(userdata, (uint16_t)(a.rta_type & (uint16_t)NLA_TYPE_MASK),
		       text + at + sizeof(a), a.rta_len - sizeof(a));
	}
	return r;
}

static int for_each_of_link(const char *message, size_t len, attribute_fn fn, void *userdata)
{
	const size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct ifinfomsg));

	return len < at ? -EBADMSG : for_each_attribute(message + at, len - at, fn, userdata);
}

struct link_names {
	char name[IFNAMSIZ], alias[RP_LINK_ALIAS_SIZE];
};

static int take_name(void *userdata, uint16_t type, const char *data, size_t len)
{
	struct link_names *l = userdata;

	if (type == IFLA_IFNAME)
		take_text(l->name, sizeof(l->name), data, len);
	else if (type == IFLA_IFALIAS)
		take_text(l->alias, sizeof(l->alias), data, len);
	return 0;
}

static int show_link(const char *message, size_t len, rp_netlink_fn fn, void *userdata)
{
	struct link_names l = {0};
	int r = for_each_of_link(message, len, take_name, &l);

	return r < 0 ? r : fn(userdata, l.name, l.alias);
}

/* The messages of one datagram. 1: the last one was among them. */
static int show_links(const char *text, size_t n, rp_netlink_fn fn, void *userdata)
{
	struct nlmsghdr h;
	int r = 0;

	for (size_t at = 0; r == 0 && at + sizeof(h) <= n; at += NLMSG_ALIGN(h.nlmsg_len)) {
		memcpy(&h, text + at, sizeof(h));
		if (h.nlmsg_len < sizeof(h) || at + h.nlmsg_len > n)
			return -EBADMSG;
		if (h.nlmsg_type == NLMSG_DONE)
			return 1;
		if (h.nlmsg_type == NLMSG_ERROR)
			r = error_in(text + at, h.nlmsg_len);
		else if (h.nlmsg_type == RTM_NEWLINK)
			r = show_link(text + at, h.nlmsg_len, fn, userdata);
	}
	return r;
}

int rp_netlink_list(int fd, rp_netlink_fn fn, void *userdata)
{
	const struct ifinfomsg body = {.ifi_family = AF_UNSPEC};
	RP_AUTO_FREE char *reply = rp_new0(char, REPLY_SIZE);
	struct request q;
	int r;

	if (!reply)
		return -ENOMEM;
	begin(&q, RTM_GETLINK, NLM_F_DUMP, &body, sizeof(body));
	r = send_request(fd, &q);
	while (r == 0) {
		ssize_t n = rp_retry(recv(fd, reply, REPLY_SIZE, 0));

		if (n <= 0)
			return n < 0 ? rp_neg_errno() : -EBADMSG;
		r = show_links(reply, (size_t)n, fn, userdata);
	}
	return r > 0 ? 0 : r;
}

/* ---- the state of one ---- */

struct link_state {
	uint8_t operstate, port; /* port: BR_STATE_FORWARDING also where the link is none */
};

static int take_state(void *userdata, uint16_t type, const char *data, size_t len)
{
	struct link_state *l = userdata;

	if (type == IFLA_OPERSTATE && len >= 1)
		l->operstate = (uint8_t)*data;
	return 0;
}

static int take_port_state(void *userdata, uint16_t type, const char *data, size_t len)
{
	struct link_state *l = userdata;

	if (type == IFLA_BRPORT_STATE && len >= 1)
		l->port = (uint8_t)*data;
	return 0;
}

static int take_slave(void *userdata, uint16_t type, const char *data, size_t len)
{
	return type == IFLA_INFO_SLAVE_DATA
		       ? for_each_attribute(data, len, take_port_state, userdata)
		       : 0;
}

static int take_any_state(void *userdata, uint16_t type, const char *data, size_t len)
{
	return type == IFLA_LINKINFO ? for_each_attribute(data, len, take_slave, userdata)
				     : take_state(userdata, type, data, len);
}

int rp_netlink_passes(int fd, const char *name)
{
	const struct ifinfomsg body = {.ifi_family = AF_UNSPEC};
	struct link_state l = {.port = BR_STATE_FORWARDING};
	RP_AUTO_FREE char *reply = rp_new0(char, REPLY_SIZE);
	struct request q;
	struct nlmsghdr h;
	ssize_t n;
	int r;

	if (!reply)
		return -ENOMEM;
	begin(&q, RTM_GETLINK, 0, &body, sizeof(body));
	put_text(&q, IFLA_IFNAME, name);
	r = send_request(fd, &q);
	if (r < 0)
		return r;
	n = rp_retry(recv(fd, reply, REPLY_SIZE, 0));
	if (n < 0)
		return rp_neg_errno();
	if ((size_t)n < sizeof(h))
		return -EBADMSG;
	memcpy(&h, reply, sizeof(h));
	r = h.nlmsg_type == NLMSG_ERROR	  ? error_in(reply, (size_t)n)
	    : h.nlmsg_type != RTM_NEWLINK ? -EBADMSG
					  : for_each_of_link(reply, (size_t)n, take_any_state, &l);
	return r < 0 ? r : l.operstate == OPER_UP && l.port == BR_STATE_FORWARDING;
}
