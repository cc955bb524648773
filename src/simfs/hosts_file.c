/* SPDX-License-Identifier: MIT */
#include "simfs/hosts_file.h"

#include "base/strbuf.h"
#include "simfs/netlink.h"
#include "simfs/network.h"

#define LOCAL " 127.0.0.1\tlocalhost\n ::1\tlocalhost ip6-localhost ip6-loopback\n"

void rp_hosts_file_done(struct rp_hosts_file *h)
{
	for (size_t i = 0; i < h->n; i++)
		free(h->v[i].name);
	free(h->v);
	*h = (struct rp_hosts_file){0};
}

static int note_link(void *userdata, const char *link, const char *alias)
{
	struct rp_hosts_file *h = userdata;
	struct rp_hosts_entry e = {.is_there = true};

	if (!*alias || rp_network_slot_of(link, &e.slot) < 0)
		return 0;
	for (size_t i = 0; i < h->n; i++)
		if (h->v[i].slot == e.slot && rp_str_eq(h->v[i].name, alias)) {
			h->v[i].is_there = true;
			return 0;
		}
	if (rp_grow(&h->v, &h->cap, h->n + 1, sizeof(*h->v)) < 0)
		return -ENOMEM;
	e.name = strdup(alias);
	if (!e.name)
		return -ENOMEM;
	h->v[h->n++] = e;
	return 0;
}

int rp_hosts_file_update(struct rp_hosts_file *h, int netlink_fd, int file_fd)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r;

	for (size_t i = 0; i < h->n; i++)
		h->v[i].is_there = false;
	r = rp_netlink_list(netlink_fd, note_link, h);
	if (r < 0)
		return r;
	rp_strbuf_add(&text, LOCAL);
	for (size_t i = 0; i < h->n; i++) {
		uint32_t a = rp_network_address(h->v[i].slot);

		rp_strbuf_addf(&text, "%c%u.%u.%u.%u\t%s\n", h->v[i].is_there ? ' ' : '#', a >> 24,
			       a >> 16 & 255, a >> 8 & 255, a & 255, h->v[i].name);
	}
	if (rp_strbuf_failed(&text))
		return -ENOMEM;
	return pwrite(file_fd, text.s, text.len, 0) == (ssize_t)text.len ? 0 : rp_neg_errno();
}
