# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
s/, time [0-9]+ms//
