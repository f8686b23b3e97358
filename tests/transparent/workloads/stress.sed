# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
s/\[[0-9]+\]//g
s/process [0-9]+/process N/g
