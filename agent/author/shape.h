/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which names there can be: small automata over bytes, for paths and for names of sockets. */
#ifndef PAVISE_AUTHOR_SHAPE_H
#define PAVISE_AUTHOR_SHAPE_H

#include <stdint.h>

#include "author/partition.h"

#define SHAPE_START  0
#define SHAPE_DEAD   255
#define SHAPE_STATES 200

/* The state after one more byte. */
unsigned shape_step(enum partition_shape shape, unsigned state, uint8_t byte);

/* What a name that ends in a state is: 0 none, else a number for its kind (family and protocol). */
unsigned shape_kind(enum partition_shape shape, unsigned state);

/* The byte to try as number 0..255 in a state, so that names look familiar. */
uint8_t shape_byte(enum partition_shape shape, unsigned state, unsigned number);

#endif
