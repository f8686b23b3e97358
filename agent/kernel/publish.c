/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Publishing an image, and reading back the one in force.
 *
 * An image is filled while nobody can see it, frozen against further writes from user space, and put
 * in force by one update of the outer map, which returns when no program can still hold the image
 * before. Programs cannot write it (the maps hold data that only user space fills). The shared
 * generation follows last: a label that names it was resolved with this image or a newer one.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "kernel/kernel.h"
#include "policy/diag.h"
#include "util/util.h"

static int check_image(const struct image *image, struct refusal *r)
{
	struct diags d = {0};
	CLEANUP_FREE char *text = NULL;
	size_t length = 0;
	int err = image_validate(image->blocks, image->n_blocks, &d);
	FILE *out;

	if (!err)
		return 0;
	out = open_memstream(&text, &length);
	if (out) {
		diags_print(&d, out);
		fclose(out);
	}
	diags_free(&d);
	return refuse(
		r, -err, PAVISE_PUBLISH_FAILED,
		"the compiled image did not pass its check, so the one before stays in force; this is a "
		"defect of pavise, please report it: %s",
		text ? text : "");
}

static int fill(int fd, const struct image *image)
{
	for (uint32_t i = 0; i < image->n_blocks; i++)
		if (bpf_map_update_elem(fd, &i, image->blocks + (size_t)i * PV_BLOCK_SIZE, BPF_ANY))
			return -errno;
	return bpf_map_freeze(fd) ? -errno : 0;
}

int kernel_publish(struct kernel *k, const struct image *image, struct refusal *r)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = k->image_flags);
	CLEANUP_CLOSE int fd = -1;
	uint32_t zero = 0;
	int err;

	err = check_image(image, r);
	if (err)
		return err;
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "pv_image", sizeof(uint32_t), PV_BLOCK_SIZE,
			    (uint32_t)image->n_blocks, &options);
	if (fd < 0)
		return refuse(r, errno, PAVISE_PUBLISH_FAILED,
			      "no map for an image of %zu blocks (%s); the image before stays in force",
			      image->n_blocks, strerror(errno));
	err = fill(fd, image);
	if (!err && bpf_map_update_elem(k->maps[KMAP_IMAGES], &zero, &fd, BPF_ANY))
		err = -errno;
	if (err)
		return refuse(r, -err, PAVISE_PUBLISH_FAILED,
			      "the image cannot be published (%s); the one before stays in force",
			      strerror(-err));
	__atomic_store_n(&k->state->generation, image->generation, __ATOMIC_RELEASE);
	return 0;
}

void kernel_repair_generation(struct kernel *k, uint32_t generation)
{
	__atomic_store_n(&k->state->generation, generation, __ATOMIC_RELEASE);
}

uint32_t kernel_generation(const struct kernel *k)
{
	return __atomic_load_n(&k->state->generation, __ATOMIC_ACQUIRE);
}

int kernel_image(struct kernel *k, unsigned char **blocks, size_t *n_blocks)
{
	CLEANUP_FREE unsigned char *buffer = NULL;
	CLEANUP_CLOSE int fd = -1;
	struct bpf_map_info info = {0};
	uint32_t zero = 0, id = 0, size = sizeof(info);

	if (bpf_map_lookup_elem(k->maps[KMAP_IMAGES], &zero, &id))
		return -errno;
	fd = bpf_map_get_fd_by_id(id);
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	if (info.value_size != PV_BLOCK_SIZE || !info.max_entries || info.max_entries > PV_BLOCKS_MAX)
		return -EINVAL;
	buffer = malloc((size_t)info.max_entries * PV_BLOCK_SIZE);
	if (!buffer)
		return -ENOMEM;
	for (uint32_t i = 0; i < info.max_entries; i++)
		if (bpf_map_lookup_elem(fd, &i, buffer + (size_t)i * PV_BLOCK_SIZE))
			return -errno;
	*blocks = take_ptr(buffer);
	*n_blocks = info.max_entries;
	return 0;
}
