/* SPDX-License-Identifier: MIT */
/*
 * The journey of docs/migration.md in C: CPX/NPS4, eight devices, a model on partition 0, and what
 * its process needs. The same calls work on hardware and on a simulated machine.
 *
 * usage: mission MACHINE CATALOG [GPU]
 *   MACHINE  "real", or the folder of a simulated machine (see rocpart_sim_create())
 *   CATALOG  file or folder of models, e.g. models/
 *   GPU      index of the GPU, 0 unless given as one digit
 */
#include <stdio.h>
#include <string.h>

#include <rocpart/rocpart.h>

#define MODEL "meta-llama/Llama-3.1-8B-Instruct"

static int say(const char *what, const struct rocpart_error *err)
{
	fprintf(stderr, "mission: %s: %s%s%s\n", what, err->message, err->hint[0] ? "; " : "",
		err->hint);
	return -1;
}

/* Every GPU into CPX/NPS4: the memory mode is one for the whole hive. Already so is success. */
static int switch_modes(struct rocpart_machine *machine)
{
	struct rocpart_snapshot *snapshot = NULL;
	struct rocpart_change *change = NULL;
	struct rocpart_error err = {0};
	int r = rocpart_machine_observe(machine, &snapshot, &err);

	if (r == 0)
		r = rocpart_change_new(machine, snapshot, &change, &err);
	if (r == 0)
		r = rocpart_change_set_modes(change, NULL, ROCPART_COMPUTE_CPX, ROCPART_MEMORY_NPS4,
					     &err);
	if (r == 0)
		r = rocpart_change_apply(change, &err);
	rocpart_change_free(change);
	rocpart_snapshot_unref(snapshot);
	return r < 0 ? say("cannot switch", &err) : 0;
}

/* What the model needs, from its catalog entry: weights, KV cache, activations, process. */
static int size_model(const char *catalog_path, struct rocpart_footprint **ret)
{
	struct rocpart_catalog *catalog = NULL;
	struct rocpart_model *model = NULL;
	struct rocpart_error err = {0};
	int r = rocpart_catalog_new(&catalog);

	if (r == 0)
		r = rocpart_catalog_load(catalog, catalog_path, &err);
	if (r == 0)
		r = rocpart_model_find(catalog, MODEL, &model, &err);
	if (r == 0)
		r = rocpart_footprint_new(model, NULL, ret, &err);
	rocpart_model_free(model);
	rocpart_catalog_free(catalog);
	return r < 0 ? say("cannot size " MODEL, &err) : 0;
}

/* A durable lease of its bytes, so that nobody else is given them. */
static int place_model(struct rocpart_machine *machine, const struct rocpart_footprint *footprint,
		       const char *partition)
{
	struct rocpart_place_options *options = NULL;
	struct rocpart_leases *leases = NULL;
	struct rocpart_error err = {0};
	uint64_t bytes = 0;
	int r = rocpart_footprint_get(footprint, ROCPART_FOOTPRINT_TOTAL_BYTES, &bytes);

	if (r == 0)
		r = rocpart_place_options_new(MODEL, bytes, &options, &err);
	if (r == 0)
		r = rocpart_place_options_set_partition(options, partition, &err);
	if (r == 0)
		r = rocpart_place(machine, options, &leases, &err);
	if (r == 0)
		printf("lease %llu: %.1f GiB\n",
		       (unsigned long long)rocpart_leases_get(leases, 0)->id,
		       (double)bytes / (1024.0 * 1024.0 * 1024.0));
	rocpart_leases_free(leases);
	rocpart_place_options_free(options);
	return r < 0 ? say("cannot place " MODEL, &err) : 0;
}

/* The index is that of the machine now: it moves when a GPU is switched, so it is never stored. */
static int print_environment(struct rocpart_machine *machine, const char *partition)
{
	struct rocpart_handout *handout = NULL;
	struct rocpart_error err = {0};
	const char *name, *value;

	if (rocpart_handout_new(machine, &partition, 1, &handout, &err) < 0)
		return say("cannot hand out the partition", &err);
	for (size_t i = 0;
	     rocpart_handout_get_variable(handout, ROCPART_VIEW_HOST, i, &name, &value) == 0; i++)
		printf("%s=%s\n", name, value);
	rocpart_handout_free(handout);
	return 0;
}

static int show(struct rocpart_machine *machine, const char *partition)
{
	struct rocpart_snapshot *snapshot = NULL;
	const struct rocpart_partition *p = NULL;
	struct rocpart_error err = {0};
	int r = rocpart_machine_observe(machine, &snapshot, &err);

	if (r == 0)
		r = rocpart_snapshot_find_partition(snapshot, partition, &p, &err);
	if (r < 0) {
		(void)say("cannot look", &err);
	} else {
		printf("Created %zu logical devices\n",
		       rocpart_gpu_get_partition_count(rocpart_partition_get_gpu(p)));
		r = print_environment(machine, partition);
	}
	rocpart_snapshot_unref(snapshot);
	return r;
}

int main(int argc, char **argv)
{
	struct rocpart_footprint *footprint = NULL;
	struct rocpart_machine *machine = NULL;
	struct rocpart_error err = {0};
	char partition[] = "0/0";
	int r;

	if (argc < 3 || argc > 4 || (argc == 4 && strlen(argv[3]) != 1)) {
		fprintf(stderr, "usage: mission MACHINE CATALOG [GPU]\n");
		return 2;
	}
	if (argc == 4)
		partition[0] = argv[3][0];
	if (strcmp(argv[1], "real") == 0)
		r = rocpart_machine_open_real(NULL, &machine, &err);
	else
		r = rocpart_machine_open_sim(argv[1], &machine, &err);
	if (r < 0)
		(void)say("cannot open the machine", &err);
	if (r == 0)
		r = size_model(argv[2], &footprint);
	if (r == 0)
		r = switch_modes(machine);
	if (r == 0)
		r = place_model(machine, footprint, partition);
	if (r == 0)
		r = show(machine, partition);
	rocpart_footprint_free(footprint);
	rocpart_machine_close(machine);
	return r < 0 ? 1 : 0;
}
