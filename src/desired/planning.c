/* SPDX-License-Identifier: MIT */
/* Planning: requests sized by model/, a machine described by modes/, solved by place/. */
#include "desired/planning.h"
#include "base/num.h"
#include "base/strbuf.h"
#include "base/yaml.h"
#include "desired/desired.h"
#include "desired/mode_read.h"
#include "model/footprint.h"
#include "plan/view.h"

#define MAX_GPUS 4096
#define MB	 1000000

ROCPART_PUBLIC int rocpart_plan_new(struct rocpart_plan **ret_plan)
{
	struct rocpart_plan *p = rp_new0(struct rocpart_plan, 1);

	if (!p)
		return -ENOMEM;
	*ret_plan = p;
	return 0;
}

ROCPART_PUBLIC struct rocpart_plan *rocpart_plan_free(struct rocpart_plan *plan)
{
	if (!plan)
		return NULL;
	rp_plan_free(plan->plan);
	free(plan->requests);
	free(plan->tenants);
	free(plan->withheld);
	free(plan->roomless);
	free(plan->asked);
	free(plan->model_of);
	free(plan->asked_tenants);
	rp_plan_holders_done(plan);
	rp_plan_matches_done(plan);
	free(plan->file);
	rp_plan_machine_done(&plan->machine);
	rp_gpu_rules_done(&plan->limits.rules);
	free(plan->limits.gpus);
	rp_names_done(&plan->cordoned);
	rp_model_requests_done(&plan->models);
	rocpart_snapshot_unref(plan->snapshot);
	free(plan);
	return NULL;
}

ROCPART_PUBLIC void rocpart_plan_set_machine(struct rocpart_plan *plan,
					     struct rocpart_snapshot *snapshot)
{
	rocpart_snapshot_unref(plan->snapshot);
	plan->snapshot = rocpart_snapshot_ref(snapshot);
}

ROCPART_PUBLIC void rocpart_plan_set_leases(struct rocpart_plan *plan,
					    const struct rocpart_leases *leases)
{
	plan->leases = leases;
}

/* Hint at the products whose memory the table knows. */
static int hint_products(struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf names = RP_STRBUF_INIT;
	const struct rp_product *p;

	for (size_t i = 0; (p = rp_product_at(i)); i++)
		if (p->vram_bytes)
			rp_strbuf_addf(&names, "%s%s", names.len ? ", " : "", p->name);
	return rp_error_hint(reterr, "products that can be planned for: %s", rp_strbuf_str(&names));
}

ROCPART_PUBLIC int rocpart_plan_set_product(struct rocpart_plan *plan, const char *product,
					    size_t n_gpus, struct rocpart_error *reterr)
{
	const struct rp_product *p = rp_product_by_name(product);

	if (!p) {
		(void)rp_error_set(reterr, -ENOENT, ROCPART_ERR_NOT_FOUND, product,
				   "unknown product '%s'", product);
		return hint_products(reterr);
	}
	if (!p->vram_bytes) {
		(void)rp_error_set(
			reterr, -ENOTSUP, ROCPART_ERR_UNSUPPORTED, product,
			"the partition sizes of %s are not in the product table: plan on a "
			"machine that has it",
			p->name);
		return hint_products(reterr);
	}
	if (n_gpus > MAX_GPUS)
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, product,
				    "a plan has at most %d GPUs, not %zu", MAX_GPUS, n_gpus);
	plan->product = p;
	plan->n_gpus = n_gpus;
	return 0;
}

ROCPART_PUBLIC int rocpart_plan_add_model(struct rocpart_plan *plan, const char *model,
					  struct rocpart_error *reterr)
{
	if (!model || !*model)
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, NULL,
				    "the name of a model is empty: give a catalog name or a path");
	return rp_model_requests_add_model(&plan->models, model) < 0 ? rp_error_nomem(reterr) : 0;
}

ROCPART_PUBLIC void rocpart_plan_set_allow_unvalidated(struct rocpart_plan *plan, bool allow)
{
	plan->allow_unvalidated = allow;
}

ROCPART_PUBLIC void rocpart_plan_set_lenient(struct rocpart_plan *plan, bool lenient)
{
	plan->lenient = lenient;
}

static int read_cordoned(struct rocpart_plan *plan, const struct rp_yaml *list, const char *name,
			 struct rocpart_error *reterr)
{
	int r = 0;

	if (list->kind != RP_YAML_LIST)
		return rp_yaml_must_be(list, name, reterr,
				       "a list of GPUs such as [\"0000:05:00.0\"]");
	for (size_t i = 0; r == 0 && i < list->n; i++) {
		const char *word;

		r = rp_yaml_text(list->items[i], name, &word, reterr);
		if (r == 0 && rp_names_add(&plan->cordoned, word) < 0)
			r = rp_error_nomem(reterr);
	}
	return r;
}

static int read_node(struct rocpart_plan *plan, const struct rp_yaml *node, const char *name,
		     struct rocpart_error *reterr)
{
	const struct rp_yaml *memory = rp_yaml_get(node, "memory");
	const struct rp_yaml *gpus = rp_yaml_get(node, "gpus");
	const struct rp_yaml *cordoned = rp_yaml_get(node, "cordoned");
	int r = 0;

	if (memory)
		r = rp_memory_mode_read(memory, name, &plan->limits.memory, reterr);
	if (r == 0 && gpus)
		r = rp_gpu_rules_read(gpus, name, &plan->limits.rules, reterr);
	if (r == 0 && cordoned)
		r = read_cordoned(plan, cordoned, name, reterr);
	return r;
}

static int name_file(const struct rocpart_desired *desired, char **ret,
		     struct rocpart_error *reterr)
{
	int r = rp_node_file_id(desired->has_name ? desired->path : "-", ret);

	return r < 0 ? rp_error_errno(reterr, r, desired->path,
				      "cannot name the folder of the file")
		     : 0;
}

int rp_plan_load(struct rocpart_plan *plan, const struct rocpart_desired *desired,
		 bool needs_models, struct rocpart_error *reterr)
{
	const struct rp_yaml *models = rp_yaml_get(desired->root, "models");
	int r;

	free(plan->file);
	plan->file = NULL;
	plan->has_models = models != NULL;
	if (!models && needs_models)
		return rp_yaml_error(desired->root, desired->path, reterr,
				     "'models:' is missing: the file names no model to place");
	r = name_file(desired, &plan->file, reterr);
	if (r < 0 || desired->form != RP_DESIRED_NODE)
		return r; /* the forms of other programs have no models */
	plan->file_allows_unvalidated |= desired->allow_unvalidated;
	r = read_node(plan, rp_yaml_get(desired->root, "node"), desired->path, reterr);
	return r < 0 || !models
		       ? r
		       : rp_model_requests_read(models, desired->path, &plan->models, reterr);
}

ROCPART_PUBLIC int rocpart_plan_load_desired(struct rocpart_plan *plan,
					     const struct rocpart_desired *desired,
					     struct rocpart_error *reterr)
{
	return rp_plan_load(plan, desired, true, reterr);
}

ROCPART_PUBLIC int rocpart_plan_load_file(struct rocpart_plan *plan, const char *path,
					  struct rocpart_error *reterr)
{
	struct rocpart_desired *desired = NULL;
	int r = rocpart_desired_open(path, false, &desired, reterr);

	if (r == 0)
		r = rp_plan_load(plan, desired, true, reterr);
	rocpart_desired_free(desired);
	return r;
}

/* An error about a model of a file says of which, and where it stands. */
static int name_request(const struct rp_model_request *w, struct rocpart_error *reterr)
{
	if (!reterr)
		return -EIO;
	(void)rp_fmt(reterr->object, sizeof(reterr->object), "%s", w->place);
	return rp_error_prefix(reterr, "model '%s'", w->name);
}

static int size_options(const struct rp_model_request *w, struct rocpart_size_options **ret,
			struct rocpart_error *reterr)
{
	struct rocpart_size_options *o = NULL;
	int r = rocpart_size_options_new(&o);

	if (r < 0)
		return rp_error_nomem(reterr);
	if (w->dtype)
		r = rocpart_size_options_set_dtype(o, w->dtype, reterr);
	if (r == 0 && w->kv_dtype)
		r = rocpart_size_options_set_kv_dtype(o, w->kv_dtype, reterr);
	if (r == 0 && w->engine)
		r = rocpart_size_options_set_engine(o, w->engine, reterr);
	if (r < 0) {
		rocpart_size_options_free(o);
		return r;
	}
	if (w->context)
		rocpart_size_options_set_context(o, w->context);
	if (w->max_seqs)
		rocpart_size_options_set_max_seqs(o, w->max_seqs);
	rocpart_size_options_set_lenient(o, w->lenient);
	*ret = o;
	return 0;
}

/* A path is read, a name looked up. */
static int open_model(const struct rp_model_request *w, const struct rocpart_catalog *catalog,
		      struct rocpart_model **ret, struct rocpart_error *reterr)
{
	if (access(w->model, F_OK) == 0)
		return rocpart_model_open(w->model, ret, reterr);
	return rocpart_model_find(catalog, w->model, ret, reterr);
}

static int set_bandwidth(const struct rocpart_footprint *fp, const struct rp_model_request *w,
			 struct rp_place_request *q, struct rocpart_error *reterr)
{
	uint64_t bytes = 0;

	if (!w->min_tok_s)
		return 0;
	if (rocpart_footprint_get(fp, ROCPART_FOOTPRINT_ACTIVE_BYTES, &bytes) < 0 || !bytes)
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_CONFIG_SYNTAX, w->place,
				    "model '%s': 'min-tok-s' needs a model whose weights are known",
				    w->name);
	if (rp_mul_u64(bytes, w->min_tok_s, &bytes) < 0)
		return rp_error_set(reterr, -EOVERFLOW, ROCPART_ERR_CONFIG_SYNTAX, w->place,
				    "model '%s': 'min-tok-s' is too large", w->name);
	q->min_bandwidth_mbs = bytes / MB + (bytes % MB != 0);
	return 0;
}

int rp_request_size(struct rp_model_request *w, const struct rocpart_catalog *catalog,
		    uint64_t *ret_bytes, struct rocpart_error *reterr)
{
	struct rocpart_size_options *options = NULL;
	struct rocpart_model *model = NULL;
	struct rocpart_footprint *fp = NULL;
	int r = size_options(w, &options, reterr);

	if (r == 0)
		r = open_model(w, catalog, &model, reterr);
	if (r == 0)
		r = rocpart_footprint_new(model, options, &fp, reterr);
	if (r < 0 && r != -ENOMEM)
		(void)name_request(w, reterr);
	if (r == 0)
		r = rocpart_footprint_get(fp, ROCPART_FOOTPRINT_TOTAL_BYTES, ret_bytes);
	rocpart_model_free(model);
	rocpart_size_options_free(options);
	rocpart_footprint_free(w->footprint);
	w->footprint = fp;
	return r;
}

static int size_request(struct rp_model_request *w, const struct rocpart_catalog *catalog,
			struct rp_place_request *q, struct rocpart_error *reterr)
{
	int r = rp_request_size(w, catalog, &q->bytes, reterr);

	return r < 0 ? r : set_bandwidth(w->footprint, w, q, reterr);
}

static int make_request(struct rp_model_request *w, const struct rocpart_catalog *catalog,
			struct rp_place_request *q, struct rocpart_error *reterr)
{
	*q = (struct rp_place_request){.name = w->name,
				       .bytes = w->bytes,
				       .weight = w->weight,
				       .memory = w->memory,
				       .priority = w->priority,
				       .replicas = (uint32_t)w->replicas,
				       .min_xcds = (uint32_t)w->min_xcds,
				       .share = (uint32_t)w->share,
				       .per_domain = 1,
				       .spread = w->spread};
	return w->bytes ? 0 : size_request(w, catalog, q, reterr);
}

static int make_requests(struct rocpart_plan *plan, const struct rocpart_catalog *catalog,
			 struct rocpart_error *reterr)
{
	free(plan->requests);
	plan->requests = rp_new0(struct rp_place_request, plan->models.n);
	if (!plan->requests)
		return rp_error_nomem(reterr);
	for (size_t i = 0; i < plan->models.n; i++) {
		int r;

		plan->models.v[i].lenient |= plan->lenient;
		r = make_request(&plan->models.v[i], catalog, &plan->requests[i], reterr);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Each replica on a GPU of its own is always enough, if it fits at all. */
static size_t enough_gpus(const struct rocpart_plan *plan)
{
	uint64_t n = 0;

	for (size_t i = 0; i < plan->models.n; i++)
		n += plan->models.v[i].replicas;
	n = n < 16 ? 16 : n;
	return n < MAX_GPUS ? (size_t)n : MAX_GPUS;
}

static int make_machine(struct rocpart_plan *plan, size_t n_gpus, struct rocpart_error *reterr)
{
	bool is_there = plan->product || (plan->snapshot && plan->snapshot->n_gpus);
	int r = 0;

	rp_plan_machine_done(&plan->machine);
	if (is_there)
		r = rp_plan_look_up_gpus(plan, plan->product ? n_gpus : plan->snapshot->n_gpus,
					 reterr);
	if (r < 0)
		return r;
	if (plan->product)
		r = rp_plan_machine_from_product(plan->product, n_gpus, &plan->limits,
						 &plan->machine);
	else if (plan->snapshot && plan->snapshot->n_gpus)
		r = rp_plan_machine_from_snapshot(plan->snapshot, &plan->limits, &plan->machine);
	else
		return rp_error_set(reterr, -ENODEV, ROCPART_ERR_NO_HARDWARE, NULL,
				    "this machine has no GPU to plan for");
	if (r < 0 || rp_plan_cordon_gpus(plan) < 0)
		return rp_error_nomem(reterr);
	for (size_t i = 0; i < plan->machine.n_menus; i++)
		if (plan->machine.menus[i].n_modes == 0)
			return rp_error_set(reterr, -EINVAL, ROCPART_ERR_MODE_UNSUPPORTED,
					    plan->machine.menus[i].product,
					    "'node:' asks for modes that %s cannot have",
					    plan->machine.menus[i].product);
	return rp_plan_check_modes(plan, reterr);
}

/* More replicas than GPUs, and nobody asked for the spread: as even as can be. */
static void relax_spread(struct rocpart_plan *plan)
{
	size_t n = plan->machine.n_gpus;

	for (size_t i = 0; i < plan->models.n; i++)
		if (!plan->models.v[i].has_spread)
			plan->requests[i].per_domain =
				(uint32_t)((plan->models.v[i].replicas + n - 1) / n);
}

/* An error of the planner about a model says where the model stands in the file. */
static int name_place(const struct rocpart_plan *plan, int r, struct rocpart_error *reterr)
{
	for (size_t i = 0; reterr && i < plan->models.n; i++)
		if (rp_str_eq(reterr->object, plan->models.v[i].name))
			return name_request(&plan->models.v[i], reterr);
	return r;
}

/*
 * A partition shared by k replicas gives each a k-th of its bandwidth. So no more may share than
 * the partition with the most bandwidth that can hold the model serves at min-tok-s; the planner
 * sees to each other partition.
 */
static void limit_share(struct rocpart_plan *plan, size_t i)
{
	const struct rp_plan_machine *m = &plan->machine;
	struct rp_place_request *q = &plan->requests[i];
	uint32_t most = 1;

	q->share = (uint32_t)plan->models.v[i].share;
	for (size_t k = 0; k < m->n_menus; k++) {
		for (uint32_t j = 0; j < m->menus[k].n_modes; j++) {
			const struct rp_place_mode *mode = &m->menus[k].modes[j];

			for (uint32_t p = 0; p < mode->n_parts; p++) {
				if (mode->parts[p].usable_bytes >= q->bytes &&
				    rp_view_limit(q, &mode->parts[p]) > most)
					most = rp_view_limit(q, &mode->parts[p]);
			}
		}
	}
	q->share = most;
}

/* Replicas that are there and stay what they are, so that the planner is not asked about them. */
static uint32_t count_as_they_are(const struct rocpart_plan *plan, uint32_t model)
{
	uint32_t n = 0;

	for (size_t i = 0; i < plan->n_matches; i++) {
		const struct rp_lease_match *m = &plan->matches[i];

		n += m->request == model &&
		     (m->kind == RP_MATCH_WITHHELD ||
		      (m->kind == RP_MATCH_KEEP && !m->is_managed && m->tenant == SIZE_MAX));
	}
	return n;
}

/* The models with replicas to plan, and their tenants. Returns how many, or -ENOMEM. */
static long ask(struct rocpart_plan *plan)
{
	RP_AUTO_FREE uint32_t *index = rp_new0(uint32_t, plan->models.n);
	uint32_t n = 0;

	free(plan->asked);
	free(plan->model_of);
	free(plan->asked_tenants);
	plan->asked = rp_new0(struct rp_place_request, plan->models.n);
	plan->model_of = rp_new0(uint32_t, plan->models.n);
	plan->asked_tenants = rp_new0(struct rp_place_tenant, plan->n_tenants);
	if (!index || !plan->asked || !plan->model_of || !plan->asked_tenants)
		return -ENOMEM;
	for (uint32_t i = 0; i < plan->models.n; i++) {
		uint32_t there = count_as_they_are(plan, i);

		if (there >= plan->requests[i].replicas)
			continue;
		index[i] = n;
		plan->model_of[n] = i;
		plan->asked[n] = plan->requests[i];
		plan->asked[n++].replicas -= there;
	}
	for (size_t i = 0; i < plan->n_tenants; i++) {
		plan->asked_tenants[i] = plan->tenants[i];
		plan->asked_tenants[i].request = index[plan->tenants[i].request];
	}
	return n;
}

static int try_on(struct rocpart_plan *plan, size_t n_gpus, const struct rp_plan_options *options,
		  bool pins, struct rocpart_error *reterr)
{
	int r = make_machine(plan, n_gpus, reterr);
	long n;

	if (r < 0)
		return r;
	relax_spread(plan);
	for (size_t i = 0; i < plan->models.n; i++)
		limit_share(plan, i);
	r = rp_plan_take_leases(plan, pins, reterr);
	if (r < 0)
		return r;
	plan->plan = rp_plan_free(plan->plan);
	n = ask(plan);
	if (n < 0)
		return rp_error_nomem(reterr);
	if (n == 0)
		return 0;
	plan->problem = (struct rp_place_problem){
		.menus = plan->machine.menus,
		.gpus = plan->machine.gpus,
		.requests = plan->asked,
		.n_menus = (uint32_t)plan->machine.n_menus,
		.n_gpus = (uint32_t)plan->machine.n_gpus,
		.n_requests = (uint32_t)n,
		.tenants = plan->asked_tenants,
		.n_tenants = (uint32_t)plan->n_tenants,
		.holders = plan->holders,
		.n_holders = (uint32_t)plan->n_holders,
		.allow_unvalidated = plan->allow_unvalidated || plan->file_allows_unvalidated,
		.allow_moves = true,
	};
	r = rp_plan_solve(&plan->problem, options, &plan->plan, reterr);
	return r < 0 ? name_place(plan, r, reterr) : 0;
}

static bool has_pinned_change(const struct rocpart_plan *plan)
{
	for (size_t i = 0; i < plan->n_matches; i++)
		if (plan->matches[i].kind == RP_MATCH_CHANGE &&
		    plan->matches[i].tenant != SIZE_MAX &&
		    plan->tenants[plan->matches[i].tenant].pinned)
			return true;
	return false;
}

/* What changes stays where it is, unless there is room for all only when it moves. */
static int solve_on(struct rocpart_plan *plan, size_t n_gpus, const struct rp_plan_options *options,
		    struct rocpart_error *reterr)
{
	int r = try_on(plan, n_gpus, options, true, reterr);

	if (r < 0 || !plan->plan || plan->plan->feasible || !has_pinned_change(plan))
		return r;
	return try_on(plan, n_gpus, options, false, reterr);
}

/*
 * GPUs that one does not have come in hives of eight. Two hives can be in both memory modes that a
 * product has, and are searched exactly; more are taken only when two are not enough. A bound for
 * few GPUs holds for more of them: relax_spread() asks for less where they are few.
 */
static size_t more_gpus(const struct rp_plan *plan, size_t n, size_t most)
{
	size_t next = n + (n < 128 ? 8 : n / 128 * 8);

	if (plan->bound >= most)
		return most;
	if (plan->bound > next)
		next = ((size_t)plan->bound + 7) / 8 * 8;
	return next < most ? next : most;
}

static int solve_growing(struct rocpart_plan *plan, uint64_t max_work, struct rocpart_error *reterr)
{
	size_t most = plan->n_gpus ? plan->n_gpus : enough_gpus(plan);

	for (size_t n = most < 16 ? most : 16;; n = more_gpus(plan->plan, n, most)) {
		const struct rp_plan_options options = {.max_work = max_work,
							.no_advice = n < most};
		int r = solve_on(plan, n, &options, reterr);

		if (r < 0 || plan->plan->feasible || n == most)
			return r;
	}
}

ROCPART_PUBLIC int rocpart_plan_solve(struct rocpart_plan *plan,
				      const struct rocpart_catalog *catalog, uint64_t max_work,
				      struct rocpart_error *reterr)
{
	const struct rp_plan_options options = {.max_work = max_work};
	int r;

	if (!plan->models.n)
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, NULL,
				    "no model to place was given");
	r = make_requests(plan, catalog, reterr);
	if (r < 0)
		return r;
	return plan->product ? solve_growing(plan, max_work, reterr)
			     : solve_on(plan, 0, &options, reterr);
}

ROCPART_PUBLIC bool rocpart_plan_is_feasible(const struct rocpart_plan *plan)
{
	return plan->plan && plan->plan->feasible;
}

ROCPART_PUBLIC int rocpart_plan_to_json(const struct rocpart_plan *plan, char **ret_text,
					struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	RP_AUTO_JSON struct rp_json *j = NULL;
	int r;

	if (!plan->plan)
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, NULL,
				    "the plan has not been solved");
	r = rp_plan_to_json(plan->plan, &j);
	if (r == 0)
		r = rp_json_print(j, true, &text);
	rp_strbuf_add_char(&text, '\n');
	if (r < 0 || rp_strbuf_failed(&text))
		return rp_error_nomem(reterr);
	*ret_text = rp_strbuf_steal(&text);
	return *ret_text ? 0 : rp_error_nomem(reterr);
}
