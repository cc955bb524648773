/* SPDX-License-Identifier: MIT */
#include "views/hold.h"

#include "base/clock.h"
#include "views/fields.h"
#include "views/text.h"

static struct rp_json *hold_json(const struct view_hold *v)
{
	const struct rocpart_hold *h = v->hold;
	struct rp_json *j = rp_json_object();
	bool is_known = h->state == ROCPART_HOLD_ACTIVE;
	int r = rp_json_set(j, "until_s", is_known ? rp_json_int(h->until_s) : rp_json_null());

	r |= rp_json_set(j, "since_s", h->since_s ? rp_json_int(h->since_s) : rp_json_null());
	r |= rp_json_set(j, "uid", h->has_uid ? rp_json_u64(h->uid) : rp_json_null());
	r |= rp_json_set(j, "user", view_text_or_null(v->user));
	r |= rp_json_set(j, "reason", view_text_or_null(h->reason));
	r |= rp_json_set(j, "problem", view_text_or_null(h->problem));
	return view_finish(j, r);
}

int view_put_hold(struct rp_json *j, const struct view_hold *v)
{
	return rp_json_set(j, "hold",
			   v->hold->state == ROCPART_HOLD_NONE ? rp_json_null() : hold_json(v));
}

struct rp_json *view_hold(struct view_machine about, const struct view_hold *v)
{
	struct rp_json *j = view_document(about);

	return view_finish(j, view_put_hold(j, v));
}

/* "in 2 h", "in 45 min": rounded down, to the largest unit of which there are two. */
static void add_rest(int64_t s, struct rp_strbuf *ret)
{
	static const struct {
		int64_t seconds;
		const char *unit;
	} units[] = {{86400, "days"}, {3600, "h"}, {60, "min"}, {1, "s"}};
	size_t i = 0;

	while (i + 1 < RP_ARRAY_LEN(units) && s < 2 * units[i].seconds)
		i++;
	rp_strbuf_addf(ret, " (in %lld %s)", (long long)(s / units[i].seconds), units[i].unit);
}

void view_hold_text(const struct view_hold *v, struct rp_strbuf *ret)
{
	const struct rocpart_hold *h = v->hold;
	char until[RP_TIME_TEXT_SIZE];

	if (h->state == ROCPART_HOLD_NONE) {
		rp_strbuf_add(ret, "are not on hold");
		return;
	}
	if (h->state == ROCPART_HOLD_UNKNOWN) {
		view_addf(ret,
			  "count as on hold, because the hold cannot be read: %s; `rocpart hold "
			  "--end` ends the hold",
			  h->problem);
		return;
	}
	rp_strbuf_addf(ret, "are on hold until %s", rp_time_text(h->until_s, until));
	if (h->until_s > v->now_s)
		add_rest(h->until_s - v->now_s, ret);
	if (*v->user)
		view_addf(ret, ", by %s", v->user);
	if (*h->reason)
		view_addf(ret, ": %s", h->reason);
}
