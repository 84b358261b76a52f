/* SPDX-License-Identifier: Apache-2.0 */
#include "run/seccomp_agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/jsonw.h"
#include "sys/fdpass.h"

enum { AGENT_TIMEOUT_S = 10 };

void seccomp_agent_json(const struct seccomp_agent *agent, pid_t pid, struct arena *a, char **ret,
			size_t *ret_len)
{
	struct jsonw w;

	jsonw_init(&w, a, 0);
	jsonw_obj(&w);
	jsonw_kstr(&w, "ociVersion", OCI_VERSION);
	jsonw_key(&w, "fds");
	jsonw_arr(&w);
	jsonw_str(&w, "seccompFd");
	jsonw_arr_end(&w);
	jsonw_ki64(&w, "pid", pid);
	if (agent->metadata)
		jsonw_kstr(&w, "metadata", agent->metadata);
	jsonw_key(&w, "state");
	state_oci_json(agent->state, agent->status, NULL, &w);
	jsonw_obj_end(&w);
	*ret = w.buf;
	*ret_len = w.len;
}

static int failed(const struct seccomp_agent *agent, int code, struct err *e)
{
	if (code == EAGAIN) /* SO_SNDTIMEO's word for it */
		code = ETIMEDOUT;
	return err_set(e, code, "failed to connect with seccomp agent %s: %m", agent->path);
}

static int connect_to(const struct seccomp_agent *agent, struct err *e)
{
	const struct timeval timeout = { .tv_sec = AGENT_TIMEOUT_S };
	autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), at = -1;
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(sa);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) < 0)
		return err_set(e, errno, "socket: %m");
	if (agent->path[0] == '@') { /* a name in the network namespace, without the '@' */
		size_t n = strlen(agent->path);

		if (n > sizeof(sa.sun_path))
			return failed(agent, ENAMETOOLONG, e);
		memcpy(sa.sun_path + 1, agent->path + 1, n - 1);
		len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	} else {
		/* Through an O_PATH descriptor, since the path may be longer than sun_path. */
		at = open(agent->path, O_PATH | O_CLOEXEC);
		if (at < 0)
			return failed(agent, errno, e);
		(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "/proc/self/fd/%d", at);
	}
	if (connect(fd, (struct sockaddr *)&sa, len) < 0)
		return failed(agent, errno, e);
	return take_fd(fd);
}

int seccomp_agent_tell(const struct seccomp_agent *agent, pid_t pid, int listener, struct arena *a,
		       struct err *e)
{
	autoclose int fd = connect_to(agent, e);
	char *text;
	size_t len;
	ssize_t n;

	if (fd < 0)
		return fd;
	seccomp_agent_json(agent, pid, a, &text, &len);
	/* The listener goes with the first byte. */
	n = fdpass_send(fd, text, len, listener);
	while (n >= 0 && (size_t)n < len) {
		text += n;
		len -= (size_t)n;
		do
			n = send(fd, text, len, MSG_NOSIGNAL);
		while (n < 0 && errno == EINTR);
		n = n < 0 ? -errno : n;
	}
	return n < 0 ? failed(agent, (int)-n, e) : 0;
}
