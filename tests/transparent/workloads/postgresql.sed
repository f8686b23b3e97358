# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
s/process with PID [0-9]+/process with PID N/
