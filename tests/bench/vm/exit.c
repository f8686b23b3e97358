/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The smallest program, for measuring exec: it ends with 0, and needs no library, no loader and no file
 * but itself.
 */
void _start(void);

void _start(void)
{
	__asm__ volatile("syscall" : : "a"(60), "D"(0) : "rcx", "r11");
	__builtin_unreachable();
}
