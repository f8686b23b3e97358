# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: a socket can be made, given an address and used only as the
# network section says, whatever dress the address wears.
#
# How: rules that each deny one kind of address or operation, each tried
# beside a neighbour that differs in the address, the port, the protocol or
# the family only.  All addresses are local.  Nothing listens, so that a
# permitted TCP connection is refused by its peer: ECONNREFUSED.

P=$BIN/probe_net
ip link set lo up
ip route add local 10.16.0.0/12 dev lo
ip -6 route add local 2001:db8::/31 dev lo
govern <<EOP
  network:
    default: allow
    rules:
      - deny: connect
        to: [127.0.0.2, 10.20.0.0/16]
      - deny: connect
        to: 127.0.0.1
        ports: [7000-7009, 7100]
      - deny: connect
        to: ["::1", "2001:db8::/32"]
        ports: 7200
      - deny: connect
        ports: 7300
        protocols: udp
      - deny: bind
        ports: 7400
      - deny: listen
        ports: 7500
      - deny: accept
        ports: 7600
      - deny: socket
        families: [netlink, packet]
      - deny: socket
        protocols: raw
      - deny: bind
        to: 127.0.0.3
      - deny: listen
        to: 0.0.0.0
        ports: 0
      - deny: socket
        protocols: [icmp, icmpv6]
EOP

connect_test() {
	deny_test "$1" socket_connect connect "$2" "$3" "$4" "$5" "$P" connect @
}

SUCCESS=ECONNREFUSED
connect_test "connect to an address" 'network[0]' 127.0.0.2 127.0.0.2:80 127.0.0.4:80
connect_test "connect to the first of a block" 'network[0]' 10.20.0.0/16 10.20.0.0:80 10.19.255.255:80
connect_test "connect to the last of a block" 'network[0]' 10.20.0.0/16 10.20.255.255:80 10.21.0.0:80
connect_test "connect to the first of a range of ports" 'network[1]' 127.0.0.1 127.0.0.1:7000 127.0.0.1:6999
connect_test "connect to the last of a range of ports" 'network[1]' 127.0.0.1 127.0.0.1:7009 127.0.0.1:7010
connect_test "connect to a port" 'network[1]' 127.0.0.1 127.0.0.1:7100 127.0.0.1:7101
connect_test "connect by IPv6" 'network[2]' ::1 ::1:7200 ::1:7201
connect_test "connect to an IPv6 block" 'network[2]' 2001:db8::/32 2001:db8:ffff::1:7200 2001:db9::1:7200
SHOWN=127.0.0.2:80
connect_test "connect to an IPv4-mapped address" 'network[0]' 127.0.0.2 ::ffff:127.0.0.2:80 ::ffff:127.0.0.4:80
SHOWN=127.0.0.1:7000
connect_test "connect to 0.0.0.0" 'network[1]' 127.0.0.1 0.0.0.0:7000 0.0.0.0:6999
connect_test "connect to ::ffff:0.0.0.0" 'network[1]' 127.0.0.1 ::ffff:0.0.0.0:7000 ::ffff:0.0.0.0:6999
SHOWN=::1:7200
connect_test "connect to ::" 'network[2]' ::1 :::7200 :::7201
SHOWN=
deny_test "TCP fast open" socket_sendmsg connect 'network[0]' 127.0.0.2 127.0.0.2:80 127.0.0.4:80 "$P" fastopen @
deny_test "TCP fast open by IPv6" socket_sendmsg connect 'network[2]' ::1 ::1:7200 ::1:7201 "$P" fastopen @
if [ -e /proc/sys/net/mptcp/enabled ]; then
	deny_test "connect by MPTCP" socket_connect connect 'network[0]' 127.0.0.2 127.0.0.2:80 127.0.0.4:80 \
		"$P" connect-mptcp @
else
	skip "$NAME/connect by MPTCP" "the kernel has none"
fi
allow_test "TCP where UDP is denied" "$P" connect 127.0.0.1:7300

# Datagrams.
SUCCESS=0
for how in send sendmsg sendmmsg; do
	deny_test "UDP, $how" socket_sendmsg connect 'network[3]' - 127.0.0.1:7300 127.0.0.1:7301 "$P" $how @
done
deny_test "UDP, connect" socket_connect connect 'network[3]' - 127.0.0.1:7300 127.0.0.1:7301 "$P" connect-udp @
deny_test "UDP by IPv6" socket_sendmsg connect 'network[3]' - ::1:7300 ::1:7301 "$P" send @
deny_test "UDP, an IPv4 address on an IPv6 socket" socket_sendmsg connect 'network[0]' 127.0.0.2 \
	127.0.0.2:9 127.0.0.4:9 "$P" send-mixed @
deny_test "UDP, AF_UNSPEC on an IPv4 socket" socket_sendmsg connect 'network[0]' 127.0.0.2 \
	127.0.0.2:9 127.0.0.4:9 "$P" send-unspec @
SHOWN=inet6/dgram/udp
deny_test "UDP, AF_UNSPEC on an IPv6 socket" socket_sendmsg connect - - \
	send-unspec-connected connect-udp "$P" @ ::1:9
SHOWN=
allow_test "UDP, dissolving an association" "$P" disconnect 127.0.0.1:9

# Local addresses.
deny_test "bind" socket_bind bind 'network[4]' - 127.0.0.1:7400 127.0.0.1:7401 "$P" bind @
deny_test "bind, UDP" socket_bind bind 'network[4]' - 127.0.0.1:7400 127.0.0.1:7401 "$P" bind-udp @
deny_test "bind, IPv6" socket_bind bind 'network[4]' - :::7400 :::7401 "$P" bind @
deny_test "bind to an address" socket_bind bind 'network[9]' 127.0.0.3 127.0.0.3:7401 127.0.0.4:7401 "$P" bind @
SHOWN=127.0.0.3:7401
deny_test "bind to an IPv4-mapped address" socket_bind bind 'network[9]' 127.0.0.3 \
	::ffff:127.0.0.3:7401 ::ffff:127.0.0.4:7401 "$P" bind @
SHOWN=
deny_test "bind, AF_UNSPEC" socket_bind bind 'network[4]' - 0.0.0.0:7400 0.0.0.0:7401 "$P" bind-unspec @
deny_test "listen" socket_listen listen 'network[5]' - 127.0.0.1:7500 127.0.0.1:7501 "$P" listen @
deny_test "listen, IPv6" socket_listen listen 'network[5]' - ::1:7500 ::1:7501 "$P" listen @
SHOWN=0.0.0.0:0
deny_test "listen without an address" socket_listen listen 'network[10]' 0.0.0.0 2 10 "$P" listen-unbound @
SHOWN=
deny_test "accept" socket_accept accept 'network[6]' - 127.0.0.1:7600 127.0.0.1:7601 "$P" accept @
deny_test "accept, IPv6" socket_accept accept 'network[6]' - ::1:7600 ::1:7601 "$P" accept @

# Creation: the third word is the protocol.
SHOWN=netlink/raw/0
deny_test "netlink socket" socket_create socket 'network[7]' - 16 1 "$P" socket @ 3 0
SHOWN=packet/dgram/0
modprobe -q af_packet
deny_test "packet socket" socket_create socket 'network[7]' - 17 1 "$P" socket @ 2 0
SHOWN=inet/raw/tcp
deny_test "raw socket" socket_create socket 'network[8]' - 3 1 "$P" socket 2 @ 6
SHOWN=inet6/raw/tcp
deny_test "raw socket, IPv6" socket_create socket 'network[8]' - 3 1 "$P" socket 10 @ 6
echo "0 2147483647" >/proc/sys/net/ipv4/ping_group_range
SHOWN=inet/dgram/icmp
deny_test "ping socket" socket_create socket 'network[11]' - 1 17 "$P" socket 2 2 @
SHOWN=
allow_test "unix socket" "$P" socket 1 1 0
events_check

# The other way round: nothing but what is permitted.
govern only <<EOP
  network:
    default: deny
    rules:
      - allow: connect
        to: 127.0.0.0/8
        ports: 8000-8099
        protocols: tcp
      - allow: bind
        to: 127.0.0.1
        ports: 8080-8082
      - allow: listen
        ports: [8080, 8082]
      - allow: accept
        ports: 8080
EOP
SUCCESS=ECONNREFUSED
connect_test "default deny, connect to another port" network - 127.0.0.1:8100 127.0.0.1:8099
connect_test "default deny, connect to another address" network - 10.20.0.1:8000 127.255.255.254:8000
SUCCESS=0
deny_test "default deny, bind to another port" socket_bind bind network - 127.0.0.1:8083 127.0.0.1:8082 \
	"$P" bind @
deny_test "default deny, bind to another address" socket_bind bind network - 0.0.0.0:8080 127.0.0.1:8080 \
	"$P" bind @
deny_test "default deny, listen" socket_listen listen network - 127.0.0.1:8081 127.0.0.1:8082 "$P" listen @
deny_test "default deny, accept" socket_accept accept network - 127.0.0.1:8082 127.0.0.1:8080 "$P" accept @
SHOWN=netlink/raw/0
deny_test "default deny, netlink socket" socket_create socket network - 16 1 "$P" socket @ 3 0
SHOWN=inet/raw/tcp
deny_test "default deny, raw socket" socket_create socket network - 3 1 "$P" socket 2 @ 6
SHOWN=
allow_test "default deny, unix socket" "$P" socket 1 1 0
events_check
