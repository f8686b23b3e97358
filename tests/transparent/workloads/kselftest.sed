# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
s/\[[0-9]+\]/[N]/
s/\([0-9]+,42,1\)/(N,42,1)/
s|/proc/[0-9]+/|/proc/N/|
