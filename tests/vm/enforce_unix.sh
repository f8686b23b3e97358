# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: a unix socket is bound, listened at, accepted from, connected to
# and sent to only as the rules about its name say, however the name was
# given; what has no name passes.
#
# How: a server that no policy governs has a socket with a path and one with
# an abstract name for each rule and for each neighbour.

P=$BIN/probe_unix
for d in serve good connect bind listen accept; do mkdir -p "$T/$d"; done
ln -s ../connect "$T/good/folder"
ln -s ../connect/stream "$T/good/link"
ln -s ../bind "$T/good/bind"
N=@pavise-suite
"$P" serve "$T/good/stream" "$T/good/dgram" "$T/good/dgram-2" "$T/good/seqpacket" \
	"$T/connect/stream" "$T/connect/dgram" "$T/connect/seqpacket" \
	$N-good-stream $N-good-dgram $N-good-dgram-2 $N-good-seqpacket \
	$N-connect-stream $N-connect-dgram $N-connect-seqpacket $N-good@nul $N-connect@nul >"$T/served" 2>&1 &
server=$!
check "$NAME/the server is there" wait_until 30 grep -q '^ready$' "$T/served"
ln "$T/connect/stream" "$T/good/hard"
govern <<EOP
  network:
    default: allow
    rules:
      - deny: connect
        unix: $T/connect/**
      - deny: connect
        unix: "$N-connect**"
      - deny: bind
        unix: [$T/bind/*, "$N-bind*"]
      - deny: listen
        unix: [$T/listen/*, "$N-listen*"]
      - deny: accept
        unix: [$T/accept/*, "$N-accept*"]
      - deny: bind
        unix: "@**"
        except: ["$N-**"]
EOP

# connect_test NAME HOOK WHAT WORD...: by path and by abstract name.
connect_test() {
	connect_name=$1
	connect_hook=$2
	connect_what=$3
	shift 3
	deny_test "$connect_name, path" "$connect_hook" connect 'network[0]' "$T/connect/**" \
		"$T/connect/$connect_what" "$T/good/$connect_what" "$P" "$@"
	deny_test "$connect_name, abstract" "$connect_hook" connect 'network[1]' "$N-connect**" \
		"$N-connect-$connect_what" "$N-good-$connect_what" "$P" "$@"
}
connect_test "connect" unix_stream_connect stream connect @
connect_test "connect, seqpacket" unix_stream_connect seqpacket connect-seqpacket @
connect_test "connect, datagrams" unix_may_send dgram connect-dgram @
connect_test "a datagram" unix_may_send dgram send @
connect_test "a datagram elsewhere than connected" unix_may_send dgram send-elsewhere "$T/good/dgram" @
connect_test "the second of two datagrams" unix_may_send dgram sendmmsg "$T/good/dgram" @
deny_test "connect, a NUL in the name" unix_stream_connect connect 'network[1]' "$N-connect**" \
	"$N-connect@nul" "$N-good@nul" "$P" connect @

# The name that counts is the one that the socket was bound to.
SHOWN=$T/connect/stream
deny_test "connect by a relative name" unix_stream_connect connect 'network[0]' "$T/connect/**" \
	../connect/stream stream "$P" in "$T/good" connect @
deny_test "connect by a symbolic link" unix_stream_connect connect 'network[0]' "$T/connect/**" \
	"$T/good/link" "$T/good/stream" "$P" connect @
deny_test "connect through a linked folder" unix_stream_connect connect 'network[0]' "$T/connect/**" \
	"$T/good/folder/stream" "$T/good/stream" "$P" connect @
deny_test "connect by a hard link" unix_stream_connect connect 'network[0]' "$T/connect/**" \
	"$T/good/hard" "$T/good/stream" "$P" connect @
deny_test "connect in a mount namespace" unix_stream_connect connect 'network[0]' "$T/connect/**" \
	"$T/connect/stream" "$T/good/stream" unshare -m "$P" connect @
deny_test "connect through a bind mount" unix_stream_connect connect 'network[0]' "$T/connect/**" \
	"$T/connect" "$T/good" unshare -m sh -c "mount --bind \"\$1\" \"$T/serve\" && exec \"$P\" connect \"$T/serve/stream\"" sh @
SHOWN=

# Binding, and the rest of a server's life.
new() {
	rm -f "$T/bind"/* "$T/listen"/* "$T/accept"/* "$T/good/new"
}
PREPARE=new
deny_test "bind, path" path_mknod bind 'network[2]' "$T/bind/*" "$T/bind/new" "$T/good/new" "$P" bind @
deny_test "bind, datagrams, path" path_mknod bind 'network[2]' "$T/bind/*" "$T/bind/new" "$T/good/new" \
	"$P" bind-dgram @
deny_test "bind, abstract" socket_bind bind 'network[2]' "$N-bind*" "$N-bind-new" "$N-good-new" "$P" bind @
deny_test "bind, datagrams, abstract" socket_bind bind 'network[2]' "$N-bind*" "$N-bind-new" "$N-good-new" \
	"$P" bind-dgram @
deny_test "bind, a NUL in the name" socket_bind bind 'network[2]' "$N-bind*" "$N-bind@@new@" "$N-good@@new@" "$P" bind @
SHOWN=$T/bind/new
deny_test "bind by a relative name" path_mknod bind 'network[2]' "$T/bind/*" new ../good/new "$P" in "$T/bind" bind @
deny_test "bind through a linked folder" path_mknod bind 'network[2]' "$T/bind/*" "$T/good/bind/new" "$T/good/new" \
	"$P" bind @
SHOWN=
run_in "$GROUP/enforce" "$P" bind "$T/bind/new"
check "$NAME/a denied bind leaves no file" test ! -e "$T/bind/new"
expect_event "$NAME/a denied bind leaves no file, event" "$RUN" deny path_mknod bind "$GOVERNOR-enforce" \
	'network[2]' "$(rule_line 'network[2]')" explicit_deny "$T/bind/*" "$T/bind/new"
deny_test "listen, path" socket_listen listen 'network[3]' "$T/listen/*" "$T/listen/new" "$T/good/new" "$P" listen @
deny_test "listen, abstract" socket_listen listen 'network[3]' "$N-listen*" "$N-listen-new" "$N-good-new" "$P" listen @
deny_test "accept, path" socket_accept accept 'network[4]' "$T/accept/*" "$T/accept/new" "$T/good/new" "$P" accept @
deny_test "accept, abstract" socket_accept accept 'network[4]' "$N-accept*" "$N-accept-new" "$N-good-new" "$P" accept @
SHOWN=@
deny_test "bind without a name" socket_bind bind 'network[5]' '@**' autobind socketpair "$P" @
SHOWN=
PREPARE=:

# What has no name, and what is no socket's.
allow_test "socketpair" "$P" socketpair
SUCCESS=EINVAL
allow_test "listen without a name" "$P" listen-unnamed
SUCCESS=
allow_test "a datagram from a socket that gets its name by the way" "$P" autobind-passcred "$T/good/dgram"
SUCCESS=ECONNREFUSED
allow_test "a name that nobody has" "$P" connect "$N-connect-nobody"
SUCCESS=ENOENT
allow_test "a path that is not there" "$P" connect "$T/connect/nothing"
SUCCESS=
events_check

# Without a rule about unix sockets the default is about them, too.
govern only <<EOP
  network:
    default: deny
    rules:
      - allow: bind
        unix: $T/bind/*
      - allow: connect
        unix: ["$T/{good,bind}/*", "$N-good-*"]
EOP
PREPARE=new
deny_test "default deny, connect" unix_stream_connect connect network - "$T/connect/stream" "$T/good/stream" \
	"$P" connect @
deny_test "default deny, connect, abstract" unix_stream_connect connect network - $N-connect-stream $N-good-stream \
	"$P" connect @
deny_test "default deny, a datagram" unix_may_send connect network - $N-connect-dgram $N-good-dgram "$P" send @
deny_test "default deny, bind" path_mknod bind network - "$T/listen/new" "$T/bind/new" "$P" bind @
deny_test "default deny, bind, abstract" socket_bind bind network - "$N-bind-new" "$T/bind/new" "$P" bind @
SHOWN=$T/bind/new
deny_test "default deny, listen" socket_listen listen network - listen bind "$P" @ "$T/bind/new"
SHOWN=@
deny_test "default deny, bind without a name" socket_bind bind network - autobind socketpair "$P" @
SHOWN=
allow_test "default deny, socketpair" "$P" socketpair
events_check

# No rule at all.
govern none <<EOP
  network:
    default: deny
EOP
deny_test "nothing but a default, connect" unix_stream_connect connect network - "$T/good/stream" - \
	sh -c "case \$1 in -) \"$P\" socketpair ;; *) \"$P\" connect \"\$1\" ;; esac" sh @
events_check

# A policy without the section is about no socket.
govern silent <<EOP
  files:
    default: allow
EOP
allow_test "no section, connect" "$P" connect "$T/connect/stream"
allow_test "no section, bind" "$P" bind "$T/bind/new"

# A rule without conditions is about every socket.
govern every <<EOP
  network:
    default: allow
    rules:
      - deny: connect
        except: 127.0.0.0/8
EOP
deny_test "a rule about every socket" unix_stream_connect connect 'network[0]' - "$T/good/stream" "$T/good/dgram" \
	sh -c "case \$1 in *dgram) \"$BIN/probe_net\" connect-udp 127.0.0.1:9 ;; *) \"$P\" connect \"\$1\" ;; esac" sh @
events_check
kill $server
wait $server || true
