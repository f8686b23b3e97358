/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The partition of names: the features of random names are those that the oracle of patterns gives
 * them, every name that there can be is in a region, and every region stands for a name there can be.
 */
#include "oracle.c"

#include <stdio.h>
#include <sys/socket.h>

#include "author/partition.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const patterns[] = {"/",	      "/**",   "/*",	 "/a",	"/a/**",     "/a{,/**}",
				       "/**/b",	      "/a/?",  "/[!a]*", "/.*", "/{,a}",     "/a.b",
				       "/*/\xc3\xa9", "/a**b", "/b?",	 "/..", "/{.,..}/**"};

static bool is_normal(const char *path)
{
	if (!strcmp(path, "/"))
		return true;
	while (*path == '/') {
		size_t n = strcspn(++path, "/");

		if (!n || (n == 1 && *path == '.') || (n == 2 && !strncmp(path, "..", 2)))
			return false;
		path += n;
	}
	return !*path;
}

static void random_path(struct random *r, char *path)
{
	static const char *const parts[] = {"a",   "b",	  "ab",	      ".",    "..", ".a",
					    "...", "a.b", "\xc3\xa9", "\xff", "bc"};

	strcpy(path, "");
	for (unsigned i = random_below(r, 4); i > 0; i--) {
		strcat(path, "/");
		strcat(path, parts[random_below(r, COUNT(parts))]);
	}
	if (!*path)
		strcpy(path, "/");
}

static const struct region *find_region(const struct partition *p, const uint32_t *features, size_t n)
{
	for (size_t i = 0; i < p->n_regions; i++) {
		if (p->regions[i].n_features == n &&
		    (!n || !memcmp(p->regions[i].features, features, n * sizeof(*features))))
			return &p->regions[i];
	}
	return NULL;
}

static void test_paths(void **state)
{
	struct random r = {random_seed(1)};
	uint32_t numbers[COUNT(patterns)], again;
	struct partition p;

	(void)state;
	partition_init(&p, SHAPE_PATH);
	for (size_t i = 0; i < COUNT(patterns); i++)
		assert_true(partition_add_pattern(&p, patterns[i], &numbers[i]) >= 0);
	assert_true(partition_add_pattern(&p, patterns[3], &again) >= 0);
	assert_int_equal(again, numbers[3]);
	assert_int_equal(partition_divide(&p), 0);
	for (size_t i = 0; i < p.n_regions; i++) {
		const struct region *region = &p.regions[i];
		size_t n;

		assert_true(is_normal((const char *)region->name));
		assert_int_equal(strlen((const char *)region->name), region->length);
		assert_ptr_equal(partition_features(&p, region->name, region->length, &n), region->features);
	}
	for (unsigned i = 0; i < 5000; i++) {
		const struct region *region;
		const uint32_t *features;
		char path[64];
		size_t n;

		random_path(&r, path);
		if (!is_normal(path))
			continue;
		features = partition_features(&p, path, strlen(path), &n);
		region = find_region(&p, features, n);
		assert_non_null(region);
		assert_true(region->length <= strlen(path));
		for (size_t k = 0; k < COUNT(patterns); k++)
			assert_int_equal(region_has(region, numbers[k]),
					 oracle_matches(patterns[k], path, strlen(path)));
	}
	partition_free(&p);
}

static bool matches(const struct partition *p, const char *name, uint32_t feature)
{
	size_t n;
	const uint32_t *features = partition_features(p, name, strlen(name), &n);

	return region_has(&(struct region){.features = features, .n_features = n}, feature);
}

static void test_cgroups(void **state)
{
	struct partition p;
	uint32_t root, x, literal, unit;

	(void)state;
	partition_init(&p, SHAPE_PATH);
	assert_true(partition_add_below(&p, "/", false, &root) >= 0);
	assert_true(partition_add_below(&p, "/[x]", false, &x) >= 0);
	assert_true(partition_add_below(&p, "/[x]", true, &literal) >= 0);
	assert_true(partition_add_unit(&p, "w*.service", &unit) >= 0);
	assert_int_equal(partition_divide(&p), 0);
	assert_true(matches(&p, "/", root) && matches(&p, "/a", root) && matches(&p, "/a/b", root));
	assert_true(matches(&p, "/x", x) && matches(&p, "/x/y/z", x));
	assert_false(matches(&p, "/", x) || matches(&p, "/xy", x) || matches(&p, "/y/x", x));
	assert_true(matches(&p, "/[x]/y", literal));
	assert_false(matches(&p, "/x", literal));
	assert_true(matches(&p, "/web.service", unit) && matches(&p, "/a.slice/b.slice/w.service/c", unit));
	assert_false(matches(&p, "/", unit) || matches(&p, "/a/web.service", unit) ||
		     matches(&p, "/a.slice/b/w.service", unit) || matches(&p, "/w.slice", unit));
	partition_free(&p);
}

/* Regions of sockets by what is at their beginning, and whether the name is longer than two bytes. */
static unsigned count(const struct partition *p, unsigned family, int protocol, bool address)
{
	unsigned n = 0;

	for (size_t i = 0; i < p->n_regions; i++)
		n += p->regions[i].name[0] == family && (protocol < 0 || p->regions[i].name[1] == protocol) &&
		     (p->regions[i].length > 2) == address;
	return n;
}

static void test_sockets(void **state)
{
	static const uint8_t four[] = {PV_PROTO_TCP, PV_PROTO_UDP, PV_PROTO_SCTP, PV_PROTO_ICMP,
				       PV_PROTO_RAW};
	struct policy_cidr block = {.family = 4, .bits = 8, .addr = {10}}, six = {.family = 6, .bits = 0};
	struct policy_cidr mapped = {.family = 6, .bits = 96, .addr = {[10] = 255, [11] = 255}};
	struct policy_ports port = {443, 600};
	uint32_t ten, ports, any, family, never;
	struct partition p;

	(void)state;
	partition_init(&p, SHAPE_SOCKET);
	assert_true(partition_add_addresses(&p, &block, &port, 1, &ten) >= 0);
	assert_true(partition_add_addresses(&p, NULL, &port, 1, &ports) >= 0);
	assert_true(partition_add_addresses(&p, &six, NULL, 0, &any) >= 0);
	assert_true(partition_add_addresses(&p, &mapped, NULL, 0, &never) >= 0);
	assert_true(partition_add_family(&p, AF_NETLINK, &family) >= 0);
	assert_int_equal(partition_divide(&p), 0);
	for (unsigned i = 0; i < COUNT(four); i++) {
		assert_int_equal(count(&p, PV_FAM_INET, four[i], false), 1);
		assert_int_equal(count(&p, PV_FAM_INET, four[i], true), 3); /* both, the ports, neither */
	}
	assert_int_equal(count(&p, PV_FAM_INET, -1, true), 3 * COUNT(four));
	assert_int_equal(count(&p, PV_FAM_INET6, -1, false), 5);
	assert_int_equal(count(&p, PV_FAM_INET6, -1, true), 2 * 5);
	assert_int_equal(count(&p, PV_FAM_OTHER, -1, false), 2);
	assert_int_equal(count(&p, PV_FAM_UNIX, -1, true), 1);
	for (size_t i = 0; i < p.n_regions; i++) {
		assert_false(region_has(&p.regions[i], never)); /* such an address is an IPv4 one */
		assert_int_equal(p.regions[i].length > 2 && p.regions[i].name[0] == PV_FAM_INET6,
				 region_has(&p.regions[i], any));
	}
	partition_free(&p);
}

/* All ports, tried one by one. */
static void test_ports(void **state)
{
	static const struct policy_ports ranges[] = {{0, 65535},     {80, 80},	   {255, 256},
						     {1000, 1023},   {1000, 1024}, {0, 0},
						     {65535, 65535}, {511, 1024},  {256, 511}};

	(void)state;
	for (size_t i = 0; i < COUNT(ranges); i++) {
		struct partition p;
		uint32_t feature;

		partition_init(&p, SHAPE_SOCKET);
		assert_true(partition_add_addresses(&p, NULL, &ranges[i], 1, &feature) >= 0);
		assert_int_equal(partition_divide(&p), 0);
		for (unsigned port = 0; port < 65536; port++) {
			uint8_t name[] = {PV_FAM_INET, PV_PROTO_TCP, 10, 0, 0, 1, port >> 8, port & 255};
			size_t n;

			partition_features(&p, name, sizeof(name), &n);
			assert_int_equal(n, port >= ranges[i].first && port <= ranges[i].last);
		}
		partition_free(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_cgroups),
		cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_ports),
	};

	return cmocka_run_group_tests_name("author_partition", tests, NULL, NULL);
}
