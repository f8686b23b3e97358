/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Containers as OCI runtimes describe them, see oci.h.
 *
 * The order of the tables is a matter of trust. CRI-O passes the annotations that a pod's author wrote
 * on to the container, among them any that another runtime would set, and sets its own over them; so
 * its keys come first. containerd passes none on unless it is told to. The last keys are for runtimes
 * that set none, such as podman, and for who starts a container by hand.
 */
#include <string.h>

#include "subject/oci.h"
#include "util/util.h"

static const char *const name_keys[] = {
	"io.kubernetes.container.name",	    /* CRI-O */
	"io.kubernetes.cri.container-name", /* containerd */
	"nerdctl/name",
	"io.pavise.name",
};

static const char *const image_keys[] = {
	"io.kubernetes.cri-o.ImageName",
	"io.kubernetes.cri.image-name", /* containerd */
	"org.opencontainers.image.ref.name",
	"io.pavise.image",
};

/* Annotations whose text is a JSON object of labels. */
static const char *const label_keys[] = {
	"io.kubernetes.cri-o.Labels",
};

/* The first of these annotations that there is and that says something. */
static json_t *first_of(json_t *annotations, const char *const *keys, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		json_t *value = json_object_get(annotations, keys[i]);

		if (json_string_length(value))
			return value;
	}
	return NULL;
}

/* Texts only, that a policy can say; those that are there already are replaced. */
static int add_labels(json_t *labels, json_t *from, size_t longest)
{
	json_t *value;
	const char *key;

	json_object_foreach (from, key, value) {
		const char *text = json_string_value(value);

		if (!*key || !text || !is_plain_text(key, longest) || !is_plain_text(text, longest))
			continue;
		if (json_object_set(labels, key, value))
			return -1;
	}
	return 0;
}

static int add_listed_labels(json_t *labels, json_t *annotations, size_t longest)
{
	int err = 0;

	for (size_t i = 0; !err && i < ARRAY_SIZE(label_keys); i++) {
		const char *text = json_string_value(json_object_get(annotations, label_keys[i]));
		json_t *listed = text ? json_loads(text, 0, NULL) : NULL;

		err = add_labels(labels, listed, longest);
		json_decref(listed);
	}
	return err;
}

json_t *oci_container(json_t *state, json_t *config, size_t longest)
{
	json_t *annotations = json_object(), *labels = json_object(), *container = NULL;
	json_t *id = json_object_get(state, "id"), *name, *image;
	json_t *of_config = json_object_get(config, "annotations");
	json_t *of_state = json_object_get(state, "annotations");
	int err = annotations && labels ? 0 : -1;

	if (!err && json_is_object(of_config))
		err = json_object_update(annotations, of_config);
	if (!err && json_is_object(of_state))
		err = json_object_update(annotations, of_state);
	err = err || add_labels(labels, annotations, longest);
	err = err || add_listed_labels(labels, annotations, longest);
	name = first_of(annotations, name_keys, ARRAY_SIZE(name_keys));
	image = first_of(annotations, image_keys, ARRAY_SIZE(image_keys));
	if (!err)
		container = json_pack("{s:O*, s:O*, s:O*, s:O}", "id", id, "name", name ? name : id, "image",
				      image, "labels", labels);
	json_decref(annotations);
	json_decref(labels);
	return container;
}

char *oci_cgroup(const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		if (!strncmp(text, "0::/", 4))
			return strndup(text + 3, length - 3);
		text += length + (text[length] == '\n');
	}
	return NULL;
}
