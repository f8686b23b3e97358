# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# fio: written, read back and verified, by each way into the kernel that there is.
cd "$T" || exit
for engine in psync mmap libaio io_uring; do
	fio --name=job --filename="$T/$engine" --ioengine="$engine" --rw=randwrite --size=64k --bs=4k --iodepth=8 --randseed=1 \
		--verify=pattern --verify_pattern=0xdecafbad --verify_fatal=1 --do_verify=1 --end_fsync=1 --output="$S/out" --output-format=json
	echo "$engine: $?"
	jq -c '.jobs[] | [.error, .read.io_bytes, .write.io_bytes, .write.total_ios]' "$S/out"
done
fio --name=many --directory="$T" --ioengine=psync --rw=randrw --nrfiles=4 --size=64k --bs=4k --numjobs=3 --thread --randseed=2 \
	--fallocate=none --unlink=1 --output="$S/out" --output-format=json
echo "many: $?"
jq -c '[.jobs[].error]' "$S/out"
