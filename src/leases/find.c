/* SPDX-License-Identifier: MIT */
/* The words by which people name a lease: its number, NAME/REPLICA, or a name that only it has. */
#include "base/num.h"
#include "leases/session.h"

enum key { KEY_NUMBER, KEY_REPLICA, KEY_NAME, N_KEYS };

static bool is_replica(const struct rocpart_lease *l, const char *word)
{
	const char *slash = strrchr(word, '/');
	size_t len = slash ? (size_t)(slash - word) : 0;
	uint32_t replica;

	return slash && rp_parse_u32(slash + 1, 10, &replica) == 0 && l->replica == replica &&
	       strlen(l->name) == len && memcmp(l->name, word, len) == 0;
}

static bool has_key(const struct rocpart_lease *l, enum key key, const char *word)
{
	uint64_t id;

	if (key == KEY_NUMBER)
		return rp_parse_u64(word, 10, &id) == 0 && l->id == id;
	return key == KEY_REPLICA ? is_replica(l, word) : rp_str_eq(l->name, word);
}

static int refuse_several(const struct rocpart_leases *leases, const char *word,
			  struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf list = RP_STRBUF_INIT;
	const struct rocpart_lease *l;

	for (size_t i = 0; (l = rocpart_leases_get(leases, i)); i++)
		if (rp_str_eq(l->name, word))
			rp_strbuf_addf(&list, " %s/%u", l->name, l->replica);
	(void)rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, word,
			   "several leases have the name '%.100s':%.300s", word,
			   rp_strbuf_str(&list));
	return rp_error_hint(reterr, "name one of them: its number, or NAME/REPLICA");
}

static int refuse_word(const char *word, struct rocpart_error *reterr)
{
	uint64_t id;

	if (rp_parse_u64(word, 10, &id) == 0)
		(void)rp_error_set(reterr, -ENOENT, ROCPART_ERR_NOT_FOUND, word,
				   "lease %.100s does not exist", word);
	else
		(void)rp_error_set(reterr, -ENOENT, ROCPART_ERR_NOT_FOUND, word,
				   "no lease has the number or name '%.100s'", word);
	return rp_error_hint(reterr, "`rocpart status` shows the leases; a partition is GPU/ID");
}

ROCPART_PUBLIC int rocpart_leases_find(const struct rocpart_leases *leases, const char *word,
				       const struct rocpart_lease **ret_lease,
				       struct rocpart_error *reterr)
{
	const struct rocpart_lease *l, *found = NULL;

	for (enum key key = KEY_NUMBER; !found && key < N_KEYS; key++)
		for (size_t i = 0; (l = rocpart_leases_get(leases, i)); i++) {
			if (!has_key(l, key, word))
				continue;
			if (found)
				return refuse_several(leases, word, reterr);
			found = l;
		}
	if (!found)
		return refuse_word(word, reterr);
	*ret_lease = found;
	return 0;
}

static bool is_of(const char *text, size_t len, const char *letters)
{
	return len && strspn(text, letters) >= len;
}

/* GPU/ID: an index, a PCI address or a unique id before the slash. No lease has such a name. */
bool rp_lease_is_word(const char *word)
{
	const char *slash = strrchr(word, '/');
	size_t len = slash ? (size_t)(slash - word) : 0;

	if (!slash)
		return true;
	if (is_of(word, len, "0123456789") ||
	    (len == 16 && is_of(word, len, "0123456789abcdefABCDEF")))
		return false;
	if (len > 2 && rp_str_starts(word, "0x"))
		return !is_of(word + 2, len - 2, "0123456789abcdefABCDEF");
	return !(memchr(word, ':', len) && memchr(word, '.', len) &&
		 is_of(word, len, "0123456789abcdefABCDEF:."));
}
