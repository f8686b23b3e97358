/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is the agent's: its process, its socket, its maps, its pins.
 *
 * Guarantee: who is governed by a policy in enforce mode, and whose policies do not all say `agent: allow`,
 * sends the agent no signal, changes nothing of how it is scheduled or of its limits, does not connect to its
 * socket, gets no descriptor of its maps, and neither removes or renames its pins nor unmounts, moves or
 * mounts on their file system where the agent has it. Nobody at all removes or unmounts these by accident:
 * not before `pavise unload` has lifted the lock.
 *
 * How: the agent tells who it is (struct pv_agent): its process, the folder of the pins by device and inode,
 * the mount that shows it, its maps by number. None of these is a name that somebody can set. Hooks that
 * meet one of them ask the profile for the cell of `agent`, which the compiler made a denial. It is asked
 * after what rules say of the same operation, so that there is one event.
 *
 * Why that is sound: the words stand in the shared state, which is one of the maps; who cannot get a
 * descriptor of that cannot change them. The process is known from when its policies are in force until it
 * ends, and is forgotten in its exit, before its number can be another's. Maps and pins are known from when
 * the pins have their name, and stay so without an agent. A socket is known by who listens, which the kernel
 * notes at listen(2) and a process cannot set. The kernel lets go of pins with the last mount of their file
 * system, which the agent's own keeps. That goes with what it is on, where that is unmounted lazily, and
 * with another mount of it that shares what happens to it (mounts(7), peer groups); so of what is unmounted
 * the whole tree is looked at.
 *
 * An image cannot be written: it is frozen before it is put in force. Links cannot be detached by a
 * descriptor, so that those of links need no guard; nor need those of programs, as long as bpf(2) loads none:
 * who may load programs has code in the kernel, see SECURITY.md.
 */
#ifndef PAVISE_AGENT_BPF_H
#define PAVISE_AGENT_BPF_H

#include "system.bpf.h"

/* Is the process of this number the agent's? */
static __always_inline bool is_agent(u32 tgid)
{
	return tgid && tgid == state.agent.pid;
}

/* Does the agent itself act? It may be governed, too. */
static __always_inline bool by_agent(void)
{
	return is_agent(bpf_get_current_pid_tgid() >> 32);
}

/* Decide for something of the agent's. A function of its own for the stack. */
static __noinline int agent_decide(u32 hook)
{
	struct pv_question q = {};

	if (by_agent() || !governed())
		return 0;
	question_table(&q, hook, PV_ACC_AGENT);
	return verdict(decide_table(&q));
}

static __always_inline int agent_hook(u32 hook, bool of_agent, int ret)
{
	return ret || !of_agent ? ret : agent_decide(hook) ? verdict(-EACCES) : 0;
}

/* Is a number, other than 0, in a list? Without branches, each of which would double the verifier's work. */
#define IN_LIST(id, list, n)                              \
	({                                                \
		u64 in_ = 0;                              \
		for (u32 i_ = 0; i_ < (n); i_++) {        \
			u64 differs_ = (list)[i_] ^ (id); \
			barrier_var(differs_);            \
			in_ |= (differs_ - 1) >> 63;      \
		}                                         \
		in_ && (id);                              \
	})

static __always_inline bool is_agents_map(u32 id)
{
	return IN_LIST(id, state.agent.maps, PV_AGENT_MAPS);
}

/* Is it the mount by which the agent sees the pins? */
static __always_inline bool is_pins_mount(u32 id)
{
	return id && state.agent.mount == id;
}

/* Objects that hooks are given are read as KERNEL() ones where there are such: see kernel.bpf.h. */
#define FIELDS(type, object) (can_cast() ? KERNEL(type, object) : (object))

/* Is it the folder of the pins? */
static __always_inline bool is_pins(const struct inode *inode)
{
	u64 ino = state.agent.pins_ino;

	return ino && inode->i_ino == ino && inode->i_sb->s_dev == state.agent.pins_dev;
}

/* Is a folder's entry a pin, or the folder of the pins? */
static __always_inline bool is_pin(struct path *folder, struct dentry *entry)
{
	return is_pins(FIELDS(path, folder)->dentry->d_inode) || is_pins(FIELDS(dentry, entry)->d_inode);
}

/* A removal that `ret` permits so far, of a pin or what holds it. */
static __always_inline int pin_hook(u32 hook, bool pin, int ret)
{
	ret = agent_hook(hook, pin, ret);
	return !ret && pin && state.locked ? verdict_perm() : ret;
}

#endif
