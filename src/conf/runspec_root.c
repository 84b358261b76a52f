/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "conf/runspec_impl.h"

/* The embedded default: this machine's own root under a throw-away overlay. What
 * is not the system but somebody's data stays outside: empty file systems lie
 * over places that programs expect to exist, masks over the rest. */

static const struct {
	const char *destination, *options;
} empties[] = {
	{ "/tmp", "nosuid,nodev,mode=1777" }, { "/var/tmp", "nosuid,nodev,mode=1777" },
	{ "/run", "nosuid,nodev,mode=755" }, /* engines' sockets, other containers' state, keys of the day */
	{ "/root", "nosuid,nodev,mode=700" }, { "/home", "nosuid,nodev,mode=755" },
};

/* Files and directories alike; what is not there is passed over. */
static const char *const hidden[] = {
	/* passwords and who may become whom */
	"/etc/shadow",
	"/etc/shadow-",
	"/etc/gshadow",
	"/etc/gshadow-",
	"/etc/.pwd.lock",
	"/etc/sudoers",
	"/etc/sudoers.d",
	"/etc/doas.conf",
	"/etc/security/opasswd",
	/* keys and credentials */
	"/etc/ssl/private",
	"/etc/pki/tls/private",
	"/etc/letsencrypt",
	"/etc/krb5.keytab",
	"/etc/credstore",
	"/etc/credstore.encrypted",
	"/etc/crypttab",
	"/etc/cryptsetup-keys.d",
	"/etc/luks-keys",
	"/etc/wireguard",
	"/etc/openvpn",
	"/etc/ipsec.secrets",
	"/etc/ipsec.d",
	"/etc/swanctl",
	"/etc/ppp/chap-secrets",
	"/etc/ppp/pap-secrets",
	"/etc/wpa_supplicant",
	"/etc/NetworkManager/system-connections",
	"/etc/netplan",
	"/etc/iscsi",
	"/etc/samba",
	"/etc/cifs-utils",
	"/etc/fstab",
	"/etc/docker",
	"/etc/containers/auth.json",
	"/etc/kubernetes",
	"/etc/rancher",
	"/etc/cni",
	"/etc/mysql/debian.cnf",
	"/etc/postfix/sasl_passwd",
	"/etc/exim4/passwd.client",
	"/etc/sssd",
	"/etc/ldap.secret",
	"/etc/libnss-ldap.secret",
	"/etc/pam_ldap.secret",
	"/etc/apt/auth.conf",
	"/etc/apt/auth.conf.d",
	"/etc/bacula",
	"/etc/restic",
	"/etc/borgmatic",
	"/etc/vault.d",
	"/etc/consul.d",
	"/etc/nomad.d",
	"/etc/cloud",
	"/etc/ansible",
	"/etc/puppet",
	"/etc/salt",
	/* what services keep */
	"/var/lib/docker",
	"/var/lib/containers",
	"/var/lib/containerd",
	"/var/lib/kubelet",
	"/var/lib/etcd",
	"/var/lib/rancher",
	"/var/lib/lxc",
	"/var/lib/lxd",
	"/var/lib/incus",
	"/var/lib/machines",
	"/var/lib/libvirt",
	"/var/lib/private",
	"/var/lib/systemd",
	"/var/lib/sss",
	"/var/lib/NetworkManager",
	"/var/lib/iwd",
	"/var/lib/bluetooth",
	"/var/lib/AccountsService",
	"/var/lib/cloud",
	"/var/lib/samba",
	"/var/lib/ldap",
	"/var/lib/krb5kdc",
	"/var/lib/postgresql",
	"/var/lib/mysql",
	"/var/lib/mongodb",
	"/var/lib/redis",
	"/var/lib/jenkins",
	"/var/lib/gitea",
	"/var/lib/gitlab",
	"/var/lib/vault",
	"/var/lib/tor",
	"/var/lib/acme",
	"/var/lib/tpm",
	"/var/lib/tpm2-tss",
	"/var/lib/fprint",
	"/var/lib/sudo",
	"/var/lib/dhcp",
	"/var/lib/snapd",
	"/var/lib/flatpak",
	"/var/lib/apt/periodic",
	"/var/backups",
	"/var/spool",
	"/var/mail",
	"/var/log",
	"/var/crash",
	"/var/cache/private",
	"/var/cache/ldconfig",
	"/var/www",
	/* places of data and of the boot loader */
	"/boot",
	"/efi",
	"/srv",
	"/mnt",
	"/media",
	"/lost+found",
	"/swapfile",
	"/swap.img",
	"/.snapshots",
	"/.autorelabel",
	"/snap",
};

/* Other file systems below these are part of the system: an overlay shows only
 * the one that / is on. */
static const char *const system_dirs[] = { "/usr",   "/bin",    "/sbin", "/lib", "/lib32",
					   "/lib64", "/libx32", "/etc",  "/opt" };

static bool any_below(const struct oci_strings *own, const char *dir)
{
	for (size_t i = 0; i < own->count; i++)
		if (run_below(own->items[i], dir))
			return true;
	return false;
}

static bool is_system(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(system_dirs); i++)
		if (strcmp(path, system_dirs[i]) == 0 || run_below(path, system_dirs[i]))
			return true;
	return false;
}

/* Hidden by one of the tables already? */
static bool is_hidden(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(empties); i++)
		if (strcmp(path, empties[i].destination) == 0 ||
		    run_below(path, empties[i].destination))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(hidden); i++)
		if (strcmp(path, hidden[i]) == 0 || run_below(path, hidden[i]))
			return true;
	return false;
}

static void empty(struct oci_spec *spec, struct arena *a, const char *destination,
		  const char *options)
{
	const struct oci_mount m = { .destination = destination,
				     .type = "tmpfs",
				     .source = "tmpfs",
				     .options = run_words(a, options, ',') };

	run_mount_add(spec, a, &m);
}

/* A mask would also hide what the user puts at or below the path. */
static void hide(struct oci_spec *spec, struct arena *a, const char *path,
		 const struct oci_strings *own)
{
	if (run_has(own, path))
		return;
	if (any_below(own, path))
		empty(spec, a, path, "nosuid,nodev,mode=755");
	else
		run_push(a, &spec->linux_.masked_paths, path);
}

/* The home directories of people and of root, where they are not below /home. */
static void hide_homes(struct oci_spec *spec, const struct run_facts *f,
		       const struct oci_strings *own, struct arena *a)
{
	enum { PERSON_MIN = 1000, PERSON_MAX = 60000 }; /* login.defs(5) */
	struct oci_strings lines = run_words(a, f->passwd, '\n'), done = { 0 };

	for (size_t i = 0; i < lines.count; i++) {
		const char *field[6] = { lines.items[i] }, *home;
		uint64_t uid;
		size_t n = 0;

		while (n < 5 && (field[n + 1] = strchr(field[n], ':')))
			n++, field[n]++;
		if (n < 5 || num_u64(field[2], strcspn(field[2], ":"), &uid) < 0)
			continue;
		if (uid != 0 && uid != f->euid && (uid < PERSON_MIN || uid > PERSON_MAX))
			continue;
		home = run_clean(a, arena_strndup(a, field[5], strcspn(field[5], ":")));
		if (!home || strcmp(home, "/") == 0 || is_system(home) || is_hidden(home) ||
		    run_has(&done, home) || strcmp(home, "/var") == 0 ||
		    strcmp(home, "/nonexistent") == 0)
			continue;
		run_push(a, &done, home);
		hide(spec, a, home, own);
	}
}

static void show_submounts(struct oci_spec *spec, const struct run_facts *f, struct arena *a)
{
	for (size_t i = 0; i < f->submounts.count; i++) {
		const char *path = f->submounts.items[i];
		const struct oci_mount m = { .destination = path,
					     .type = "bind",
					     .source = path,
					     .options = run_words(
						     a, "bind,rprivate,ro,nosuid,nodev", ',') };

		if (is_system(path) && !is_hidden(path))
			run_mount_add(spec, a, &m);
	}
}

void run_root_default(struct oci_spec *spec, const struct run_facts *f,
		      const struct oci_strings *own, struct arena *a)
{
	show_submounts(spec, f, a);
	for (size_t i = 0; i < ARRAY_LEN(empties); i++)
		if (!run_has(own, empties[i].destination))
			empty(spec, a, empties[i].destination, empties[i].options);
	for (size_t i = 0; i < ARRAY_LEN(hidden); i++)
		hide(spec, a, hidden[i], own);
	for (size_t i = 0; i < f->secrets.count; i++)
		hide(spec, a, f->secrets.items[i], own);
	hide_homes(spec, f, own, a);
}
