/* SPDX-License-Identifier: MIT */
/* The KFD's 16-bit name of a node: a hash of where it is and what it has. */
#include "sim/machine.h"

#define ID_WORDS 8

static uint32_t crc16(uint32_t crc, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? (crc >> 1) ^ 0xA001U : crc >> 1;
	}
	return crc;
}

static uint32_t hash_crc16(const uint32_t *words)
{
	uint32_t crc = 0;

	for (size_t i = 0; i < ID_WORDS; i++) {
		uint8_t bytes[4] = {(uint8_t)words[i], (uint8_t)(words[i] >> 8),
				    (uint8_t)(words[i] >> 16), (uint8_t)(words[i] >> 24)};

		crc = crc16(crc, bytes, sizeof(bytes));
	}
	return crc & 0xffff;
}

/* Up to 6.9: the XOR of hash_32(word, 16), golden ratio hashing. */
static uint32_t hash_xor(const uint32_t *words)
{
	uint32_t hash = 0;

	for (size_t i = 0; i < ID_WORDS; i++)
		hash ^= (words[i] * 0x61C88647U) >> 16;
	return hash;
}

static bool taken(const struct rp_sim *sim, uint32_t id)
{
	for (size_t i = 0; i < sim->state.n_nodes; i++) {
		if (sim->state.nodes[i].gpu_id == id)
			return true;
	}
	return false;
}

uint32_t rp_sim_gpu_id(const struct rp_sim *sim, size_t gpu, uint32_t partition)
{
	const struct rp_sim_gpu *g = &sim->profile->gpus[gpu];
	uint64_t bytes = rp_sim_partition_bytes(sim, gpu, partition);
	uint32_t xccs = rp_sim_partition_xccs(sim, gpu);
	const uint32_t words[ID_WORDS] = {
		g->devfn,
		g->product->subsystem_vendor | g->product->subsystem_device << 16,
		g->domain,
		g->product->device,
		g->bus,
		(uint32_t)bytes,
		(uint32_t)(bytes >> 32),
		partition * xccs | xccs << 16,
	};
	uint32_t id;

	if (sim->profile->abi == RP_SIM_G1)
		return hash_xor(words);
	id = hash_crc16(words);
	if (id == 0)
		id = 1;
	while (taken(sim, id))
		id = id == 0xffff ? 1 : id + 1;
	return id;
}
