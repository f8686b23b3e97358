# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# podman with crun: an image of busybox imported, run without a network and with a bridge, executed in, and
# once more on the vfs driver.
mkdir -p "$S/image/bin" "$S/image/etc" "$S/image/tmp" "$S/conf" && cp /usr/bin/busybox "$S/image/bin/"
for name in sh cat ls id ip mount echo touch hostname ps nc sleep chmod chown wc; do ln -s busybox "$S/image/bin/$name"; done
echo 'root:x:0:0:root:/:/bin/sh' >"$S/image/etc/passwd"
printf '{"default":[{"type":"insecureAcceptAnything"}]}\n' >"$S/policy.json"
mkdir -p "$HOME/.config/containers" /etc/containers && cp "$S/policy.json" /etc/containers/policy.json
driver=overlay
ln -s /usr/sbin/xtables-nft-multi "$S/iptables" && ln -s iptables "$S/ip6tables" && PATH=$S:$PATH # an alternative in Debian
engine() {
	podman --root "$S/$driver" --runroot "$S/run-$driver" --tmpdir "$S/tmp-$driver" --storage-driver "$driver" \
		--cgroup-manager cgroupfs --events-backend none --network-config-dir "$S/conf" "$@" 2>&1
}
tar -c -C "$S/image" --sort=name --mtime=@1700000000 . | engine import -q - box >"$S/id" && echo imported
run() { engine run --rm --log-driver none --hostname box --cgroups "$groups" "$@"; }
groups=enabled
run --network none localhost/box sh -c 'id; hostname; ls /; cat /proc/1/comm; mount | wc -l; touch /new /denied && chmod 600 /new; ip -o link | wc -l; exit 3'
echo "status $?"
chmod 777 "$T"
run --network none --read-only --cap-drop all --user 1000:1000 -v "$T:/host" localhost/box sh -c 'touch /x; touch /host/x; echo a >/host/given; chmod 600 /host/given; grep Cap /proc/self/status; id; cat /host/absent'
run localhost/box sh -c 'ip -o -4 addr show eth0 | wc -l; ip route | wc -l; nc -w 1 10.88.0.1 9 2>&1; echo "nc $?"'
engine run -d --network none --name long --hostname box localhost/box sleep 100 >"$S/long" && engine exec long sh -c 'echo in; ps -o comm | grep -cx sleep'
engine rm -t 0 -f long >"$S/long" && engine ps -a -q
driver=vfs
tar -c -C "$S/image" --sort=name --mtime=@1700000000 . | engine import -q - box >"$S/id" && echo imported
run --network none localhost/box sh -c 'touch /new && ls / | wc -l'
echo "status $?"
driver=overlay
engine network prune -f >/dev/null
umount -q "$S"/*/overlay "$S"/overlay "$S"/vfs 2>/dev/null
ip link delete podman0 2>/dev/null
true
