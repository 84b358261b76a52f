/* SPDX-License-Identifier: Apache-2.0 */
#include "init/tell.h"

#include "init/kern.h"

/* --- lines --- */

/* What is being said, and what is put together meanwhile. Not on the stack: its pages are
 * written to by everybody who enters a function with 4 KiB of locals, whether it says something
 * or not, and an init that is silent is to be small. */
static struct init_text line, aside;

static void start_line(const struct init_teller *t, struct init_text *l, const char *level)
{
	init_text_start(l);
	switch (t->voice) {
	case INIT_VOICE_TINI:
		init_text_str(l, "[");
		init_text_str(l, level);
		init_text_str(l, " tini (");
		init_text_num(l, t->self);
		init_text_str(l, ")] ");
		return;
	case INIT_VOICE_DUMB: init_text_str(l, "[dumb-init] "); return;
	case INIT_VOICE_CATATONIT: init_text_str(l, "catatonit: "); return;
	case INIT_VOICE_ATOLL:
	case INIT_VOICES: init_text_str(l, "atoll-init: "); return;
	}
}

static void end_line(struct init_text *l)
{
	if (l->len == INIT_TEXT_MAX - 1)
		l->len--; /* a line that was cut off ends as a line all the same */
	init_text_str(l, "\n");
}

static void write_now(struct init_text *l)
{
	end_line(l);
	kern_write(2, l->buf, l->len);
}

static void write_log(struct init_teller *t, struct init_text *l)
{
	end_line(l);
	init_out_line(&t->log, l);
}

static bool is_said(const struct init_teller *t, enum init_level level)
{
	return t->level >= level;
}

static bool is_atoll(const struct init_teller *t)
{
	return t->voice == INIT_VOICE_ATOLL || t->voice == INIT_VOICE_CATATONIT;
}

/* "a N b" */
static void put(struct init_text *l, const char *a, int64_t n, const char *b)
{
	init_text_str(l, a);
	init_text_num(l, n);
	init_text_str(l, b);
}

/* --- JSON: no value needs quoting, they are numbers and our own words --- */

static bool start_json(const struct init_teller *t, struct init_text *l, const char *event)
{
	if (t->status.fd < 0)
		return false;
	init_text_start(l);
	init_text_str(l, "{\"event\":\"");
	init_text_str(l, event);
	init_text_str(l, "\"");
	return true;
}

static void json_num(struct init_text *l, const char *key, int64_t n)
{
	init_text_str(l, ",\"");
	init_text_str(l, key);
	put(l, "\":", n, "");
}

static void json_str(struct init_text *l, const char *key, const char *value)
{
	init_text_str(l, ",\"");
	init_text_str(l, key);
	init_text_str(l, "\":\"");
	init_text_str(l, value);
	init_text_str(l, "\"");
}

static void json_signal(struct init_text *l, int signo)
{
	json_num(l, "signal", signo);
	if (init_sig_name(signo))
		json_str(l, "name", init_sig_name(signo));
}

static void json_death(struct init_text *l, const struct init_news *news)
{
	static const uint64_t none[4];

	json_num(l, "pid", news->pid);
	if (init_killed_by(news->status))
		json_signal(l, init_killed_by(news->status));
	else
		json_num(l, "status", init_exit_status(news->status, none));
}

static void end_json(struct init_teller *t, struct init_text *l)
{
	init_text_str(l, "}\n");
	if (t->status.lost > 0 && start_json(t, &aside, "lost")) {
		unsigned int n = t->status.lost;

		json_num(&aside, "lines", n);
		init_text_str(&aside, "}\n");
		init_out_line(&t->status, &aside);
		if (t->status.lost > 0) { /* no room yet: it counts as it did before */
			t->status.lost = n + 1;
			return;
		}
	}
	init_out_line(&t->status, l);
}

/* --- what went wrong --- */

void init_tell_error(const struct init_teller *t, const char *what, long err)
{
	start_line(t, &line, "FATAL");
	init_text_str(&line, what);
	if (err) {
		init_text_str(&line, ": ");
		init_text_err(&line, err);
	}
	write_now(&line);
}

void init_tell_exec_failed(const struct init_teller *t, const char *command, bool is_there,
			   long err)
{
	start_line(t, &line, "FATAL");
	if (t->voice == INIT_VOICE_TINI)
		init_text_str(&line, "exec ");
	if (is_atoll(t))
		init_text_str(&line, "cannot execute '");
	init_text_str(&line, command);
	init_text_str(&line, t->voice == INIT_VOICE_TINI ? " failed: "
			     : is_atoll(t)               ? "': "
							 : ": ");
	if (is_there)
		init_text_str(&line,
			      "it is there, but the interpreter or loader that it names is not");
	else if (is_atoll(t) && err == -ENOENT && !init_has_slash(command))
		init_text_str(&line, "command not found in PATH");
	else
		init_text_err(&line, err);
	write_now(&line);
}

void init_tell_note(struct init_teller *t, const char *what, long err)
{
	if (!is_said(t, INIT_SAY_DEBUG))
		return;
	start_line(t, &line, "DEBUG");
	init_text_str(&line, what);
	if (err) {
		put(&line, " (errno=", err < 0 ? -err : err, " ");
		init_text_err(&line, err);
		init_text_str(&line, ").");
	}
	write_log(t, &line);
}

void init_tell_no_reaper(struct init_teller *t)
{
	if (!is_said(t, INIT_SAY_WARNINGS))
		return;
	start_line(t, &line, "WARN ");
	init_text_str(&line, "not PID 1 and no subreaper: orphans go elsewhere, so zombie reaping "
			     "won't work. Use -s or set TINI_SUBREAPER.");
	write_log(t, &line);
}

/* --- what happened --- */

void init_tell_started(struct init_teller *t, const char *command, int pid)
{
	if (start_json(t, &line, "started")) {
		json_num(&line, "pid", pid);
		end_json(t, &line);
	}
	if (!is_said(t, INIT_SAY_INFO) || is_atoll(t))
		return;
	start_line(t, &line, "INFO ");
	if (t->voice == INIT_VOICE_TINI) {
		init_text_str(&line, "Spawned child process '");
		init_text_str(&line, command);
		put(&line, "' with pid '", pid, "'");
	} else {
		put(&line, "Child spawned with PID ", pid, ".");
	}
	write_log(t, &line);
}

static void forwarded_words(const struct init_teller *t, struct init_text *l, int signo, int sent,
			    long r)
{
	if (t->voice == INIT_VOICE_TINI) {
		init_text_str(l, "Passing signal: '");
		init_text_sig(l, sent);
		init_text_str(l, "'");
		return;
	}
	if (t->voice == INIT_VOICE_DUMB) {
		put(l, "Forwarded signal ", sent, " to children.");
		return;
	}
	init_text_str(l, "signal ");
	init_text_sig(l, signo);
	init_text_str(l, r < 0 ? " could not be forwarded" : " forwarded");
	if (sent != signo) {
		init_text_str(l, " as ");
		init_text_sig(l, sent);
	}
	if (r < 0) {
		init_text_str(l, ": ");
		init_text_err(l, r);
	}
}

void init_tell_forwarded(struct init_teller *t, int signo, int from, int sent, const char *to,
			 long r)
{
	if (start_json(t, &line, "signal")) {
		json_signal(&line, signo);
		json_num(&line, "from", from);
		json_num(&line, "sent", sent);
		json_str(&line, "to", to);
		if (r < 0) {
			init_text_start(&aside);
			init_text_err(&aside, r);
			json_str(&line, "error", aside.buf);
		}
		end_json(t, &line);
	}
	if (!is_said(t, INIT_SAY_DEBUG))
		return;
	start_line(t, &line, "DEBUG");
	forwarded_words(t, &line, signo, sent, r);
	write_log(t, &line);
}

void init_tell_dropped(struct init_teller *t, int signo, int from, bool own)
{
	if (!own && start_json(t, &line, "dropped")) {
		json_signal(&line, signo);
		json_num(&line, "from", from);
		end_json(t, &line);
	}
	if (!is_said(t, INIT_SAY_DEBUG) || (own && signo == SIGPIPE))
		return;
	start_line(t, &line, "DEBUG");
	if (t->voice == INIT_VOICE_DUMB) {
		put(&line, own ? "Ignoring tty hand-off signal " : "Not forwarding signal ", signo,
		    own ? "." : " to children (ignored).");
	} else {
		init_text_str(&line, "signal ");
		init_text_sig(&line, signo);
		init_text_str(&line, own ? " of the terminal dropped" : " dropped");
	}
	write_log(t, &line);
}

void init_tell_received(struct init_teller *t, int signo)
{
	if (!is_said(t, INIT_SAY_DEBUG) || is_atoll(t))
		return;
	if (t->voice == INIT_VOICE_TINI && signo != SIGCHLD)
		return; /* "Passing signal" says it */
	start_line(t, &line, "DEBUG");
	if (t->voice == INIT_VOICE_TINI)
		init_text_str(&line, "Received SIGCHLD");
	else
		put(&line, "Received signal ", signo, ".");
	write_log(t, &line);
}

/* "A child with PID 7 exited with exit status 0." */
static void dumb_child(struct init_teller *t, const struct init_news *news)
{
	static const uint64_t none[4];
	int signo = init_killed_by(news->status);

	start_line(t, &line, "DEBUG");
	put(&line, "A child with PID ", news->pid,
	    signo ? " was terminated by signal " : " exited with exit status ");
	put(&line, "", signo ? signo : init_exit_status(news->status, none), ".");
	write_log(t, &line);
}

void init_tell_reaped(struct init_teller *t, const struct init_news *news)
{
	bool is_debug = is_said(t, INIT_SAY_DEBUG);

	if (start_json(t, &line, "reaped")) {
		json_death(&line, news);
		end_json(t, &line);
	}
	if (t->voice == INIT_VOICE_DUMB && is_debug)
		dumb_child(t, news);
	if (t->voice == INIT_VOICE_TINI && is_debug) {
		start_line(t, &line, "DEBUG");
		put(&line, "Reaped child with pid: '", news->pid, "'");
		write_log(t, &line);
	}
	if (t->voice == INIT_VOICE_TINI && t->warn_on_reap && is_said(t, INIT_SAY_WARNINGS)) {
		start_line(t, &line, "WARN ");
		put(&line, "Reaped zombie process with pid=", news->pid, "");
		write_log(t, &line);
	}
	if (!is_atoll(t) || !(is_debug || t->warn_on_reap))
		return;
	start_line(t, &line, "");
	put(&line, "reaped orphan ", news->pid, ": ");
	init_reap_describe(&line, news->status);
	write_log(t, &line);
}

static void tini_main_ended(struct init_teller *t, const struct init_news *news)
{
	static const uint64_t none[4];
	int signo = init_killed_by(news->status);

	start_line(t, &line, "INFO ");
	if (signo) {
		init_text_str(&line, "Main child exited with signal (with signal '");
		init_text_sig(&line, signo);
		init_text_str(&line, "')");
	} else {
		put(&line, "Main child exited normally (with status '",
		    init_exit_status(news->status, none), "')");
	}
	write_log(t, &line);
}

void init_tell_main_ended(struct init_teller *t, const struct init_news *news)
{
	if (start_json(t, &line, "exited")) {
		json_death(&line, news);
		end_json(t, &line);
	}
	if (!is_said(t, INIT_SAY_INFO))
		return;
	if (t->voice == INIT_VOICE_TINI) {
		tini_main_ended(t, news);
	} else if (t->voice == INIT_VOICE_DUMB) {
		dumb_child(t, news);
	} else {
		start_line(t, &line, "");
		put(&line, "main process ", news->pid, " ");
		init_reap_describe(&line, news->status);
		write_log(t, &line);
	}
}

void init_tell_stopping(struct init_teller *t, int grace_s)
{
	if (start_json(t, &line, "stopping")) {
		if (grace_s >= 0)
			json_num(&line, "grace", grace_s);
		end_json(t, &line);
	}
	if (!is_said(t, INIT_SAY_DEBUG) || !is_atoll(t) || grace_s < 0)
		return;
	start_line(t, &line, "");
	put(&line, "stopping: what is left in ", grace_s, " seconds will be killed");
	write_log(t, &line);
}

void init_tell_killing(struct init_teller *t)
{
	if (start_json(t, &line, "killing"))
		end_json(t, &line);
	if (!is_said(t, INIT_SAY_DEBUG) || !is_atoll(t))
		return;
	start_line(t, &line, "");
	init_text_str(&line, "the time of --grace is over: killing what is left");
	write_log(t, &line);
}

void init_tell_zombie(struct init_teller *t, int pid, int parent)
{
	if (!start_json(t, &line, "zombie"))
		return;
	json_num(&line, "pid", pid);
	json_num(&line, "parent", parent);
	end_json(t, &line);
}

void init_tell_exit(struct init_teller *t, int code)
{
	if (start_json(t, &line, "exit")) {
		json_num(&line, "code", code);
		end_json(t, &line);
	}
	if (t->voice != INIT_VOICE_DUMB || !is_said(t, INIT_SAY_DEBUG))
		return;
	start_line(t, &line, "DEBUG");
	put(&line, "Child exited with status ", code, ". Goodbye.");
	write_log(t, &line);
}
