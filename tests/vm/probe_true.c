/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A program that can be seen to have run: prints 0. */
#include <stdio.h>

int main(void)
{
	puts("0");
	return 0;
}
