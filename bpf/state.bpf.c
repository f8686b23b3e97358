// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What all programs and the agent share in one place (struct pv_state). It is in each object, to which the
 * loader gives one map for it.
 */
#include "maps.bpf.h"

struct pv_state state SEC(".data.state") = {};

char LICENSE[] SEC("license") = "Dual BSD/GPL";
