/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is the agent's: its process, its socket, its maps, its pins, its files.
 *
 * Guarantee: who is governed by a policy in enforce mode, and whose policies do not all say `agent: allow`,
 * sends the agent no signal, changes nothing of how it is scheduled or of its limits, does not connect to its
 * socket, gets no descriptor of its maps, neither removes or renames its pins nor unmounts, moves or mounts
 * on their file system where the agent has it, and changes none of its files: what is in its state
 * (/run/pavise), its log, its program, and the policies that it was started with, whether their data, names
 * or attributes, nor what shows it in /proc. It locks none of them, renames no folder above them, does not
 * stop, end or reconfigure a file system that the agent's folders are on, and does not make the agent wait
 * for leave to open a file (fanotify). Nobody at all removes or unmounts the pins by accident: not before
 * `pavise unload` has lifted the lock.
 *
 * How: the agent tells who it is (struct pv_agent): its process, its files and the folder of the pins by
 * device, inode and generation, the mount that shows the pins, its maps by number. None of these is a name
 * that somebody can set. Hooks that meet one of them ask the profile for the cell of `agent`, which the
 * compiler made a denial. It is asked after what rules say of the same operation, so that there is one event
 * of a denial. A file is looked up when it is opened for writing and when a name or an attribute changes,
 * and what is permitted then is not kept; a rename by the agent voids what was kept before. Of a folder that
 * is the agent's whole, so is what is in it; of its state two levels down, since the sets in /run/pavise/sets
 * are not deeper. A mount over one of them, or that takes it away, is asked about as one of the pins' is.
 *
 * Why that is sound: an inode is what it is by whatever name, mount or namespace, and names in a folder are
 * changed through the folder. None of the agent's files and folders can be given another name meanwhile, so
 * that what the next agent reads is what this one left, as far as the folders above them lead there. The
 * words stand in the shared state, which is one of the maps; who cannot get a descriptor of that cannot
 * change them. The process is known from when its policies are in force until it ends, and is forgotten in
 * its exit, before its number can be another's. The rest is known from when the pins have their name, and
 * stays so without an agent. A socket is known by who listens, which the kernel notes at listen(2) and a
 * process cannot set. The kernel lets go of pins with the last mount of their file system, which the agent's
 * own keeps. That goes with what it is on, where that is unmounted lazily, and with another mount of it that
 * shares what happens to it (mounts(7), peer groups); so of what is unmounted the whole tree is looked at.
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
static __noinline int agent_decide(u32 hook, u64 inode)
{
	struct pv_question q = {};

	if (by_agent() || !governed())
		return 0;
	question_table(&q, hook, PV_ACC_AGENT);
	q.inode = inode;
	return verdict(decide_table(&q));
}

static __always_inline int agent_hook(u32 hook, bool of_agent, int ret)
{
	return ret || !of_agent ? ret : agent_decide(hook, 0) ? verdict(-EACCES) : 0;
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

/* Is the file in the first `n` of the list? No branches, as above, and verified once a program. */
__weak int own_search(u64 ino, u32 dev, u32 generation, u32 n)
{
	u64 found = 0;

#pragma clang loop unroll(disable)
	for (u32 i = 0; i < PV_OWN_ALL; i++) {
		const struct pv_own *own = &state.agent.own[i];
		u64 differs = own->ino ^ ino;

		differs = (differs >> 32) | (u32)differs | (own->dev ^ dev) | (own->generation ^ generation);
		barrier_var(differs);
		found |= (differs - 1) >> 63;
		if (i + 1 == n)
			break;
	}
	return found;
}

/* Most files are told from the agent's by one look at the filter. */
static __always_inline bool is_listed(const struct inode *inode, u32 n)
{
	u64 ino = inode->i_ino;

	return ino && state.agent.filter & PV_OWN_BIT(ino) &&
	       own_search(ino, inode->i_sb->s_dev, inode->i_generation, n);
}

/* Is it the folder of the pins? */
static __always_inline bool is_pins(const struct inode *inode)
{
	return is_listed(inode, PV_OWN_PINS + 1);
}

/* Is a folder's entry a pin, or the folder of the pins? */
static __always_inline bool is_pin(struct path *folder, struct dentry *entry)
{
	return is_pins(FIELDS(path, folder)->dentry->d_inode) || is_pins(FIELDS(dentry, entry)->d_inode);
}

/* Is one of the agent's folders on this device? */
__weak int own_device(u32 dev)
{
	u64 found = 0;

#pragma clang loop unroll(disable)
	for (u32 i = 0; i < PV_OWN_FOLDERS; i++) {
		u64 differs = state.agent.own[i].dev ^ dev;

		barrier_var(differs);
		found |= (differs - 1) >> 63;
	}
	return found;
}

#define PROC_SUPER_MAGIC 0x9fa0

/*
 * Is an inode of procfs about the agent: /proc/PID/oom_score_adj and its like, also by a thread's number? By
 * the process that it shows, so whichever procfs it is of. A function of its own for the verifier.
 */
__weak int own_process(u64 inode)
{
	u64 at = inode - bpf_core_field_offset(struct proc_inode, vfs_inode);
	u32 tgid = 0;

	if (!READ_FIELD(&at, proc_inode, at, pid) || !at || !READ_FIELD(&at, pid, at, tasks[0].first) || !at)
		return false;
	at -= bpf_core_field_offset(struct task_struct, pid_links[0]);
	return READ_FIELD(&tgid, task_struct, at, tgid) && is_agent(tgid);
}

/* The same of a name there. The inode goes by way of memory, which turns it into a number for the verifier.
 */
static __always_inline bool shows_agent(u64 dentry)
{
	u64 inode = 0;

	return !bpf_probe_read_kernel(&inode, sizeof(inode),
				      (void *)(dentry + bpf_core_field_offset(struct dentry, d_inode))) &&
	       inode && own_process(inode);
}

/*
 * Is it a file or a folder of the agent's, or in one of its folders? Of what was opened by a handle the
 * kernel may not know the folder: then it may be any on the device.
 */
static __always_inline bool is_own_place(const struct dentry *dentry)
{
	const struct dentry *entry = FIELDS(dentry, dentry), *folder = entry->d_parent;

	if (is_listed(entry->d_inode, PV_OWN) || is_listed(folder->d_inode, PV_OWN_FOLDERS) ||
	    is_listed(folder->d_parent->d_inode, PV_OWN_DEEP))
		return true;
	return folder == entry && entry->d_sb->s_root != entry && own_device(entry->d_sb->s_dev);
}

/* The same, or shows it the agent in /proc? */
static __always_inline bool is_own(const struct dentry *dentry)
{
	if (FIELDS(dentry, dentry)->d_sb->s_magic == PROC_SUPER_MAGIC)
		return shows_agent((u64)dentry);
	return is_own_place(dentry);
}

/* Is it one of the folders by which the agent's are found? */
static __always_inline bool leads_to_own(const struct dentry *dentry)
{
	return is_listed(FIELDS(dentry, dentry)->d_inode, PV_OWN_ALL);
}

/* A change that `ret` permits so far, by a governed task, of the file or the name `dentry`. */
static __always_inline int own_hook(u32 hook, const struct dentry *dentry, int ret)
{
	if (ret || !is_own(dentry))
		return ret;
	return agent_decide(hook, (u64)FIELDS(dentry, dentry)->d_inode) ? verdict(-EACCES) : 0;
}

/* A removal that `ret` permits so far, of a pin or what holds it. */
static __always_inline int lock_hook(bool pin, int ret)
{
	return !ret && pin && state.locked ? verdict_perm() : ret;
}

#endif
