# shellcheck shell=sh disable=SC2016
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Namespaces that are entered: network namespaces with names, and those of another process.
ip netns add one && ip netns add two && ip link add left netns one type veth peer name right netns two
ip -n one address add 10.9.0.1/24 dev left && ip -n one link set left up && ip -n two address add 10.9.0.2/24 dev right && ip -n two link set right up
ip netns exec one ping -c 1 -W 5 10.9.0.2 | grep received
ip netns list | sort && ip netns delete one && ip netns delete two
unshare -fmpu --mount-proc --kill-child sh -c 'hostname inside && echo >"$S/ready"; sleep 60' &
for _ in 1 2 3 4 5 6 7 8 9 10; do [ -e "$S/ready" ] || sleep 0.3; done
nsenter -t "$(pgrep -n -x sleep)" -a hostname
pkill -n -x sleep
wait
lsns -n -o TYPE -p $$ | sort
