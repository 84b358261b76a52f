/* SPDX-License-Identifier: Apache-2.0 */
#include "init/tell.h"

#include "init/kern.h"

/* --- lines --- */

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
	struct init_text lost;

	init_text_str(l, "}\n");
	if (t->status.lost > 0 && start_json(t, &lost, "lost")) {
		unsigned int n = t->status.lost;

		json_num(&lost, "lines", n);
		init_text_str(&lost, "}\n");
		init_out_line(&t->status, &lost);
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
	struct init_text l;

	start_line(t, &l, "FATAL");
	init_text_str(&l, what);
	if (err) {
		init_text_str(&l, ": ");
		init_text_err(&l, err);
	}
	write_now(&l);
}

void init_tell_exec_failed(const struct init_teller *t, const char *command, bool is_there,
			   long err)
{
	struct init_text l;

	start_line(t, &l, "FATAL");
	if (t->voice == INIT_VOICE_TINI)
		init_text_str(&l, "exec ");
	if (is_atoll(t))
		init_text_str(&l, "cannot execute '");
	init_text_str(&l, command);
	init_text_str(&l, t->voice == INIT_VOICE_TINI ? " failed: " : is_atoll(t) ? "': " : ": ");
	if (is_there)
		init_text_str(&l,
			      "it is there, but the interpreter or loader that it names is not");
	else if (is_atoll(t) && err == -ENOENT && !init_has_slash(command))
		init_text_str(&l, "command not found in PATH");
	else
		init_text_err(&l, err);
	write_now(&l);
}

void init_tell_note(struct init_teller *t, const char *what, long err)
{
	struct init_text l;

	if (!is_said(t, INIT_SAY_DEBUG))
		return;
	start_line(t, &l, "DEBUG");
	init_text_str(&l, what);
	if (err) {
		put(&l, " (errno=", err < 0 ? -err : err, " ");
		init_text_err(&l, err);
		init_text_str(&l, ").");
	}
	write_log(t, &l);
}

void init_tell_no_reaper(struct init_teller *t)
{
	struct init_text l;

	if (!is_said(t, INIT_SAY_WARNINGS))
		return;
	start_line(t, &l, "WARN ");
	init_text_str(&l, "not PID 1 and no subreaper: orphans go elsewhere, so zombie reaping "
			  "won't work. Use -s or set TINI_SUBREAPER.");
	write_log(t, &l);
}

/* --- what happened --- */

void init_tell_started(struct init_teller *t, const char *command, int pid)
{
	struct init_text l;

	if (start_json(t, &l, "started")) {
		json_num(&l, "pid", pid);
		end_json(t, &l);
	}
	if (!is_said(t, INIT_SAY_INFO) || is_atoll(t))
		return;
	start_line(t, &l, "INFO ");
	if (t->voice == INIT_VOICE_TINI) {
		init_text_str(&l, "Spawned child process '");
		init_text_str(&l, command);
		put(&l, "' with pid '", pid, "'");
	} else {
		put(&l, "Child spawned with PID ", pid, ".");
	}
	write_log(t, &l);
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
	struct init_text l;

	if (start_json(t, &l, "signal")) {
		json_signal(&l, signo);
		json_num(&l, "from", from);
		json_num(&l, "sent", sent);
		json_str(&l, "to", to);
		if (r < 0) {
			struct init_text words;

			init_text_start(&words);
			init_text_err(&words, r);
			json_str(&l, "error", words.buf);
		}
		end_json(t, &l);
	}
	if (!is_said(t, INIT_SAY_DEBUG))
		return;
	start_line(t, &l, "DEBUG");
	forwarded_words(t, &l, signo, sent, r);
	write_log(t, &l);
}

void init_tell_dropped(struct init_teller *t, int signo, int from, bool own)
{
	struct init_text l;

	if (!own && start_json(t, &l, "dropped")) {
		json_signal(&l, signo);
		json_num(&l, "from", from);
		end_json(t, &l);
	}
	if (!is_said(t, INIT_SAY_DEBUG) || (own && signo == SIGPIPE))
		return;
	start_line(t, &l, "DEBUG");
	if (t->voice == INIT_VOICE_DUMB) {
		put(&l, own ? "Ignoring tty hand-off signal " : "Not forwarding signal ", signo,
		    own ? "." : " to children (ignored).");
	} else {
		init_text_str(&l, "signal ");
		init_text_sig(&l, signo);
		init_text_str(&l, own ? " of the terminal dropped" : " dropped");
	}
	write_log(t, &l);
}

void init_tell_received(struct init_teller *t, int signo)
{
	struct init_text l;

	if (!is_said(t, INIT_SAY_DEBUG) || is_atoll(t))
		return;
	if (t->voice == INIT_VOICE_TINI && signo != SIGCHLD)
		return; /* "Passing signal" says it */
	start_line(t, &l, "DEBUG");
	if (t->voice == INIT_VOICE_TINI)
		init_text_str(&l, "Received SIGCHLD");
	else
		put(&l, "Received signal ", signo, ".");
	write_log(t, &l);
}

/* "A child with PID 7 exited with exit status 0." */
static void dumb_child(struct init_teller *t, const struct init_news *news)
{
	static const uint64_t none[4];
	struct init_text l;
	int signo = init_killed_by(news->status);

	start_line(t, &l, "DEBUG");
	put(&l, "A child with PID ", news->pid,
	    signo ? " was terminated by signal " : " exited with exit status ");
	put(&l, "", signo ? signo : init_exit_status(news->status, none), ".");
	write_log(t, &l);
}

void init_tell_reaped(struct init_teller *t, const struct init_news *news)
{
	struct init_text l;
	bool is_debug = is_said(t, INIT_SAY_DEBUG);

	if (start_json(t, &l, "reaped")) {
		json_death(&l, news);
		end_json(t, &l);
	}
	if (t->voice == INIT_VOICE_DUMB && is_debug)
		dumb_child(t, news);
	if (t->voice == INIT_VOICE_TINI && is_debug) {
		start_line(t, &l, "DEBUG");
		put(&l, "Reaped child with pid: '", news->pid, "'");
		write_log(t, &l);
	}
	if (t->voice == INIT_VOICE_TINI && t->warn_on_reap && is_said(t, INIT_SAY_WARNINGS)) {
		start_line(t, &l, "WARN ");
		put(&l, "Reaped zombie process with pid=", news->pid, "");
		write_log(t, &l);
	}
	if (!is_atoll(t) || !(is_debug || t->warn_on_reap))
		return;
	start_line(t, &l, "");
	put(&l, "reaped orphan ", news->pid, ": ");
	init_reap_describe(&l, news->status);
	write_log(t, &l);
}

static void tini_main_ended(struct init_teller *t, const struct init_news *news)
{
	static const uint64_t none[4];
	struct init_text l;
	int signo = init_killed_by(news->status);

	start_line(t, &l, "INFO ");
	if (signo) {
		init_text_str(&l, "Main child exited with signal (with signal '");
		init_text_sig(&l, signo);
		init_text_str(&l, "')");
	} else {
		put(&l, "Main child exited normally (with status '",
		    init_exit_status(news->status, none), "')");
	}
	write_log(t, &l);
}

void init_tell_main_ended(struct init_teller *t, const struct init_news *news)
{
	struct init_text l;

	if (start_json(t, &l, "exited")) {
		json_death(&l, news);
		end_json(t, &l);
	}
	if (!is_said(t, INIT_SAY_INFO))
		return;
	if (t->voice == INIT_VOICE_TINI) {
		tini_main_ended(t, news);
	} else if (t->voice == INIT_VOICE_DUMB) {
		dumb_child(t, news);
	} else {
		start_line(t, &l, "");
		put(&l, "main process ", news->pid, " ");
		init_reap_describe(&l, news->status);
		write_log(t, &l);
	}
}

void init_tell_stopping(struct init_teller *t, int grace_s)
{
	struct init_text l;

	if (start_json(t, &l, "stopping")) {
		if (grace_s >= 0)
			json_num(&l, "grace", grace_s);
		end_json(t, &l);
	}
	if (!is_said(t, INIT_SAY_DEBUG) || !is_atoll(t) || grace_s < 0)
		return;
	start_line(t, &l, "");
	put(&l, "stopping: what is left in ", grace_s, " seconds will be killed");
	write_log(t, &l);
}

void init_tell_killing(struct init_teller *t)
{
	struct init_text l;

	if (start_json(t, &l, "killing"))
		end_json(t, &l);
	if (!is_said(t, INIT_SAY_DEBUG) || !is_atoll(t))
		return;
	start_line(t, &l, "");
	init_text_str(&l, "the time of --grace is over: killing what is left");
	write_log(t, &l);
}

void init_tell_zombie(struct init_teller *t, int pid, int parent)
{
	struct init_text l;

	if (!start_json(t, &l, "zombie"))
		return;
	json_num(&l, "pid", pid);
	json_num(&l, "parent", parent);
	end_json(t, &l);
}

void init_tell_exit(struct init_teller *t, int code)
{
	struct init_text l;

	if (start_json(t, &l, "exit")) {
		json_num(&l, "code", code);
		end_json(t, &l);
	}
	if (t->voice != INIT_VOICE_DUMB || !is_said(t, INIT_SAY_DEBUG))
		return;
	start_line(t, &l, "DEBUG");
	put(&l, "Child exited with status ", code, ". Goodbye.");
	write_log(t, &l);
}
