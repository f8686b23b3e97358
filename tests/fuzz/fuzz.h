/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the fuzz targets share.
 *
 * A target is one function over bytes, fuzz_NAME(), which ends the process where a promise of the code
 * under test is broken. It is called by libFuzzer (`make fuzz`, where each target is a program) and by
 * tests/unit/test_fuzz_corpus.c, which includes all of them and replays tests/fuzz/corpus/NAME.
 */
#ifndef PAVISE_TESTS_FUZZ_H
#define PAVISE_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                                               \
	do {                                                                                           \
		if (!(condition)) {                                                                    \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                       \
		}                                                                                      \
	} while (0)

#ifdef FUZZ_REPLAY
#define FUZZ_TARGET(name)
#else
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
#define FUZZ_TARGET(name)                                            \
	int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) \
	{                                                            \
		name(data, size);                                    \
		return 0;                                            \
	}
#endif

#endif
