/* SPDX-License-Identifier: Apache-2.0 */
/* The system call filter and the security modules. */
#include <errno.h>
#include <linux/seccomp.h>

#include "run/ctx.h"
#include "run/exec.h"
#include "run/procfd.h"
#include "run/seccomp.h"
#include "run/seccomp_cache.h"
#include "run/seccomp_notify.h"
#include "sys/lsm.h"
#include "sys/seccomp_load.h"

int do_seccomp_build(struct ctx *c, const struct step *s, struct err *e)
{
	const struct oci_seccomp *spec = c->spec->linux_.seccomp;
	uint32_t flags = seccomp_flags(spec);

	(void)s;
	/* Our own wish need not be asked for: do_seccomp() does without. */
	if ((spec->has_flags || (flags & SECCOMP_FILTER_FLAG_NEW_LISTENER)) &&
	    !seccomp_flags_known(flags)) {
		if (spec->has_flags)
			return err_set(
				e, EOPNOTSUPP,
				"/linux/seccomp/flags: this kernel does not know all of them");
		flags &= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	}
	c->seccomp_flags = flags;
	if (c->debug)
		c->debug(c, "seccomp filter flags: %u", flags);
	return seccomp_cached(c->state_root_fd, spec, c->arena, &c->seccomp, e);
}

int do_seccomp(struct ctx *c, const struct step *s, struct err *e)
{
	int r;

	exec_clean(c); /* what the filter need not allow then */
	if (c->seccomp_flags & SECCOMP_FILTER_FLAG_NEW_LISTENER)
		return seccomp_load_notify(c, s, e);
	r = seccomp_install(c->seccomp, c->seccomp_flags);
	if (r == -EINVAL && c->seccomp_flags && !c->spec->linux_.seccomp->has_flags)
		r = seccomp_install(c->seccomp, 0);
	return r < 0 ? err_set(e, -r, "load the filter: %m") : 0;
}

int do_lsm(struct ctx *c, const struct step *s, struct err *e)
{
	const struct oci_process *p = s->process.process;
	int proc = procfd_get(c, e), r = 0;

	if (proc < 0)
		return proc;
	if (p->apparmor_profile && p->apparmor_profile[0])
		r = lsm_apparmor_on_exec(proc, p->apparmor_profile, e);
	if (r == 0 && p->selinux_label && p->selinux_label[0])
		r = lsm_selinux_on_exec(proc, p->selinux_label, e);
	return r;
}
