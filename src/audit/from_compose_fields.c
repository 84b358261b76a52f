/* SPDX-License-Identifier: Apache-2.0 */
/* What may stand in a Compose file: compose-spec's JSON schema as tables, with what compose-go's
 * override package merges in a way of its own. Rows marked JUDGED decide something for a rule. */
#include "audit/from_compose.h"

#include <stdlib.h>
#include <string.h>

#define STR                 .types = T_STR
#define BOOL                .types = T_BOOL | T_STR | T_TRUTH
#define NUM                 .types = T_NUM | T_STR
#define COUNT               .types = T_NUM | T_STR | T_COUNT
#define MAP(SUB)            .types = T_MAP, .sub = (SUB)
#define LIST                .types = T_LIST, .items = T_STR
#define LIST_OF(ITEMS, SUB) .types = T_LIST, .items = (ITEMS), .sub = (SUB)
#define STRINGS             .types = T_STR | T_LIST, .items = T_STR, .shape = SHAPE_LIST
#define PAIRS               .types = T_MAP | T_LIST, .items = T_STR, .sub = scalars, .shape = SHAPE_PAIRS
#define COMMAND             .types = T_NULL | T_STR | T_LIST, .items = T_STR, .shape = SHAPE_REPLACE
#define JUDGED              .judged = true

static const struct cfield scalars[] = {
	{ "*", .types = T_NULL | T_BOOL | T_NUM | T_STR | T_LIST, .items = T_ANY },
	{ 0 },
};
/* As scalars, for mappings that a rule reads. */
static const struct cfield scalars_judged[] = {
	{ "*", .types = T_NULL | T_BOOL | T_NUM | T_STR, JUDGED },
	{ 0 },
};

static const struct cfield ulimit[] = { { "hard", COUNT }, { "soft", COUNT }, { 0 } };
static const struct cfield ulimits[] = {
	{ "*", .types = T_NUM | T_STR | T_MAP, .sub = ulimit, .shape = SHAPE_REPLACE },
	{ 0 },
};

static const struct cfield file_use[] = {
	{ "source", STR, JUDGED },
	{ "target", STR, JUDGED },
	{ "uid", STR },
	{ "gid", STR },
	{ "mode", NUM },
	{ 0 },
};

static const struct cfield hook[] = {
	{ "command", COMMAND },  { "image", STR },
	{ "user", STR, JUDGED }, { "privileged", BOOL, JUDGED },
	{ "working_dir", STR },  { "environment", PAIRS },
	{ "per_replica", BOOL }, { 0 },
};

static const struct cfield build[] = {
	{ "context", STR },
	{ "dockerfile", STR },
	{ "dockerfile_inline", STR },
	{ "entitlements", LIST, JUDGED },
	{ "args", PAIRS },
	{ "ssh", PAIRS },
	{ "labels", PAIRS },
	{ "cache_from", LIST },
	{ "cache_to", LIST },
	{ "no_cache", BOOL },
	{ "no_cache_filter", STRINGS },
	{ "additional_contexts", PAIRS },
	{ "network", STR },
	{ "provenance", .types = T_BOOL | T_STR },
	{ "sbom", .types = T_BOOL | T_STR },
	{ "pull", BOOL },
	{ "target", STR },
	{ "shm_size", NUM },
	{ "extra_hosts", PAIRS },
	{ "isolation", STR },
	{ "privileged", BOOL, JUDGED },
	{ "secrets", LIST_OF(T_STR | T_MAP, file_use) },
	{ "tags", LIST, .same = SAME_TEXT },
	{ "ulimits", MAP(ulimits) },
	{ "platforms", LIST },
	{ 0 },
};

static const struct cfield blkio_rate[] = { { "path", STR }, { "rate", NUM }, { 0 } };
static const struct cfield blkio_weight[] = { { "path", STR }, { "weight", NUM }, { 0 } };
static const struct cfield blkio[] = {
	{ "device_read_bps", LIST_OF(T_MAP, blkio_rate) },
	{ "device_read_iops", LIST_OF(T_MAP, blkio_rate) },
	{ "device_write_bps", LIST_OF(T_MAP, blkio_rate) },
	{ "device_write_iops", LIST_OF(T_MAP, blkio_rate) },
	{ "weight", NUM },
	{ "weight_device", LIST_OF(T_MAP, blkio_weight) },
	{ 0 },
};

static const struct cfield credential[] = {
	{ "config", STR },
	{ "file", STR },
	{ "registry", STR },
	{ 0 },
};
static const struct cfield dependency[] = {
	{ "condition", STR },
	{ "required", BOOL },
	{ "restart", BOOL },
	{ 0 },
};
static const struct cfield dependencies[] = { { "*", .types = T_NULL | T_MAP, .sub = dependency },
					      { 0 } };

static const struct cfield device[] = {
	{ "source", STR, JUDGED },
	{ "target", STR, JUDGED },
	{ "permissions", STR, JUDGED },
	{ 0 },
};
static const struct cfield env_file[] = {
	{ "path", STR },
	{ "format", STR },
	{ "required", BOOL },
	{ 0 },
};
static const struct cfield extends[] = { { "service", STR, JUDGED },
					 { "file", STR, JUDGED },
					 { 0 } };
static const struct cfield provider[] = { { "type", STR }, { "options", .types = T_MAP }, { 0 } };
static const struct cfield logging[] = {
	{ "driver", STR },
	{ "options", .types = T_MAP | T_NULL },
	{ 0 },
};
static const struct cfield healthcheck[] = {
	{ "disable", BOOL },
	{ "interval", STR },
	{ "retries", COUNT },
	{ "test", .types = T_STR | T_LIST, .items = T_STR, .shape = SHAPE_REPLACE },
	{ "timeout", STR },
	{ "start_period", STR },
	{ "start_interval", STR },
	{ 0 },
};

static const struct cfield watch[] = {
	{ "ignore", STRINGS }, { "include", STRINGS }, { "path", STR },          { "action", STR },
	{ "target", STR },     { "exec", MAP(hook) },  { "initial_sync", BOOL }, { 0 },
};
static const struct cfield develop[] = { { "watch", LIST_OF(T_MAP, watch) }, { 0 } };

static const struct cfield gpu[] = {
	{ "capabilities", LIST, JUDGED }, { "count", NUM, JUDGED }, { "device_ids", LIST, JUDGED },
	{ "driver", STR, JUDGED },        { "options", PAIRS },     { 0 },
};
static const struct cfield discrete[] = { { "kind", STR }, { "value", NUM }, { 0 } };
static const struct cfield generic[] = { { "discrete_resource_spec", MAP(discrete) }, { 0 } };
static const struct cfield limits[] = {
	{ "cpus", NUM },
	{ "memory", STR },
	{ "pids", COUNT, JUDGED },
	{ 0 },
};
static const struct cfield reservations[] = {
	{ "cpus", NUM },
	{ "memory", STR },
	{ "generic_resources", LIST_OF(T_MAP, generic) },
	{ "devices", LIST_OF(T_MAP, gpu), JUDGED },
	{ 0 },
};
static const struct cfield resources[] = {
	{ "limits", MAP(limits) },
	{ "reservations", MAP(reservations) },
	{ 0 },
};
static const struct cfield update[] = {
	{ "parallelism", COUNT },
	{ "delay", STR },
	{ "failure_action", STR },
	{ "monitor", STR },
	{ "max_failure_ratio", NUM },
	{ "order", STR },
	{ 0 },
};
static const struct cfield restart_policy[] = {
	{ "condition", STR }, { "delay", STR }, { "max_attempts", COUNT }, { "window", STR }, { 0 },
};
static const struct cfield preference[] = { { "spread", STR }, { 0 } };
static const struct cfield placement[] = {
	{ "constraints", LIST },
	{ "preferences", LIST_OF(T_MAP, preference) },
	{ "max_replicas_per_node", COUNT },
	{ 0 },
};
static const struct cfield deploy[] = {
	{ "mode", STR },
	{ "endpoint_mode", STR },
	{ "replicas", COUNT },
	{ "labels", PAIRS },
	{ "rollback_config", MAP(update) },
	{ "update_config", MAP(update) },
	{ "resources", MAP(resources) },
	{ "restart_policy", MAP(restart_policy) },
	{ "placement", MAP(placement) },
	{ 0 },
};

static const struct cfield attachment[] = {
	{ "aliases", LIST },
	{ "interface_name", STR },
	{ "ipv4_address", STR },
	{ "ipv6_address", STR },
	{ "link_local_ips", LIST },
	{ "mac_address", STR },
	{ "driver_opts", .types = T_MAP },
	{ "priority", .types = T_NUM },
	{ "gw_priority", .types = T_NUM },
	{ 0 },
};
static const struct cfield attachments[] = { { "*", .types = T_NULL | T_MAP, .sub = attachment },
					     { 0 } };
static const struct cfield model_use[] = { { "endpoint_var", STR }, { "model_var", STR }, { 0 } };
static const struct cfield model_uses[] = { { "*", .types = T_NULL | T_MAP, .sub = model_use },
					    { 0 } };

static const struct cfield port[] = {
	{ "name", STR },
	{ "mode", STR },
	{ "host_ip", STR, JUDGED },
	{ "target", COUNT, JUDGED },
	{ "published", NUM, JUDGED },
	{ "protocol", STR },
	{ "app_protocol", STR },
	{ 0 },
};

static const struct cfield volume_bind[] = {
	{ "propagation", STR, JUDGED },
	{ "create_host_path", BOOL },
	{ "recursive", STR },
	{ "selinux", STR },
	{ 0 },
};
static const struct cfield volume_volume[] = {
	{ "labels", PAIRS },
	{ "nocopy", BOOL },
	{ "subpath", STR },
	{ 0 },
};
static const struct cfield volume_tmpfs[] = { { "size", NUM }, { "mode", NUM }, { 0 } };
static const struct cfield volume_image[] = { { "subpath", STR }, { 0 } };
static const struct cfield volume_use[] = {
	{ "type", STR, JUDGED },          { "source", STR, JUDGED },
	{ "target", STR, JUDGED },        { "read_only", BOOL, JUDGED },
	{ "consistency", STR },           { "bind", MAP(volume_bind) },
	{ "volume", MAP(volume_volume) }, { "tmpfs", MAP(volume_tmpfs) },
	{ "image", MAP(volume_image) },   { 0 },
};

static const struct cfield service[] = {
	{ "annotations", PAIRS },
	{ "attach", BOOL },
	{ "blkio_config", MAP(blkio) },
	{ "build", .types = T_STR | T_MAP, .sub = build, .shape = SHAPE_CONTEXT },
	{ "cap_add", LIST, .same = SAME_TEXT, JUDGED },
	{ "cap_drop", LIST, .same = SAME_TEXT, JUDGED },
	{ "cgroup", STR, JUDGED },
	{ "cgroup_parent", STR },
	{ "command", COMMAND, JUDGED },
	{ "configs", LIST_OF(T_STR | T_MAP, file_use), .same = SAME_FILE, JUDGED },
	{ "container_name", STR },
	{ "cpu_count", NUM },
	{ "cpu_percent", NUM },
	{ "cpu_period", NUM },
	{ "cpu_quota", NUM },
	{ "cpu_rt_period", NUM },
	{ "cpu_rt_runtime", NUM },
	{ "cpu_shares", NUM },
	{ "cpus", NUM },
	{ "cpuset", STR },
	{ "credential_spec", MAP(credential) },
	{ "depends_on", .types = T_LIST | T_MAP, .items = T_STR, .sub = dependencies,
	  .shape = SHAPE_NAMES },
	{ "deploy", .types = T_NULL | T_MAP, .sub = deploy },
	{ "develop", .types = T_NULL | T_MAP, .sub = develop },
	{ "device_cgroup_rules", LIST, JUDGED },
	{ "devices", LIST_OF(T_STR | T_MAP, device), .same = SAME_DEVICE, JUDGED },
	{ "dns", STRINGS, .same = SAME_TEXT },
	{ "dns_opt", LIST, .same = SAME_TEXT },
	{ "dns_search", STRINGS, .same = SAME_TEXT },
	{ "domainname", STR },
	{ "entrypoint", COMMAND, JUDGED },
	{ "env_file", .types = T_STR | T_LIST, .items = T_STR | T_MAP, .sub = env_file,
	  .shape = SHAPE_LIST },
	{ "environment", PAIRS },
	{ "expose", LIST_OF(T_STR | T_NUM, NULL), .same = SAME_TEXT },
	{ "extends", .types = T_STR | T_MAP, .sub = extends, .shape = SHAPE_SERVICE, JUDGED },
	{ "external_links", LIST },
	{ "extra_hosts", PAIRS },
	{ "gpus", .types = T_STR | T_LIST, .items = T_MAP, .sub = gpu, JUDGED },
	{ "group_add", LIST_OF(T_STR | T_NUM, NULL), JUDGED },
	{ "healthcheck", MAP(healthcheck) },
	{ "hostname", STR },
	{ "image", STR },
	{ "init", BOOL, JUDGED },
	{ "ipc", STR, JUDGED },
	{ "isolation", STR },
	{ "label_file", STRINGS },
	{ "labels", PAIRS },
	{ "links", LIST, .same = SAME_TEXT },
	{ "logging", .types = T_MAP, .sub = logging, .shape = SHAPE_REPLACE },
	{ "mac_address", STR },
	{ "mem_limit", NUM },
	{ "mem_reservation", NUM },
	{ "mem_swappiness", NUM },
	{ "memswap_limit", NUM },
	{ "models", .types = T_LIST | T_MAP, .items = T_STR, .sub = model_uses,
	  .shape = SHAPE_NAMES },
	{ "network_mode", STR, JUDGED },
	{ "networks", .types = T_LIST | T_MAP, .items = T_STR, .sub = attachments,
	  .shape = SHAPE_NAMES },
	{ "oom_kill_disable", BOOL },
	{ "oom_score_adj", COUNT },
	{ "pid", .types = T_NULL | T_STR, JUDGED },
	{ "pids_limit", COUNT, JUDGED },
	{ "platform", STR, JUDGED },
	{ "ports", LIST_OF(T_STR | T_NUM | T_MAP, port), .same = SAME_PORT, JUDGED },
	{ "post_start", LIST_OF(T_MAP, hook), JUDGED },
	{ "pre_start", LIST_OF(T_MAP, hook), JUDGED },
	{ "pre_stop", LIST_OF(T_MAP, hook), JUDGED },
	{ "privileged", BOOL, JUDGED },
	{ "profiles", LIST, .same = SAME_TEXT, JUDGED },
	{ "provider", MAP(provider) },
	{ "pull_policy", STR },
	{ "pull_refresh_after", STR },
	{ "read_only", BOOL, JUDGED },
	{ "restart", STR },
	{ "runtime", STR },
	{ "scale", COUNT },
	{ "secrets", LIST_OF(T_STR | T_MAP, file_use), .same = SAME_FILE, JUDGED },
	{ "security_opt", LIST, JUDGED },
	{ "shm_size", NUM },
	{ "stdin_open", BOOL },
	{ "stop_grace_period", STR },
	{ "stop_signal", STR },
	{ "storage_opt", .types = T_MAP },
	{ "sysctls", .types = T_MAP | T_LIST, .items = T_STR, .sub = scalars_judged,
	  .shape = SHAPE_PAIRS, JUDGED },
	{ "tmpfs", STRINGS, .same = SAME_TEXT, JUDGED },
	{ "tty", BOOL },
	{ "ulimits", MAP(ulimits) },
	{ "use_api_socket", BOOL, JUDGED },
	{ "user", STR, JUDGED },
	{ "userns_mode", STR, JUDGED },
	{ "uts", STR, JUDGED },
	{ "volumes", LIST_OF(T_STR | T_MAP, volume_use), .same = SAME_VOLUME, JUDGED },
	{ "volumes_from", LIST, JUDGED },
	{ "working_dir", STR, JUDGED },
	{ 0 },
};
static const struct cfield services[] = { { "*", MAP(service) }, { 0 } };

#define EXTERNAL "external", .types = T_BOOL | T_STR | T_MAP
static const struct cfield volume[] = {
	{ "name", STR }, { "driver", STR, JUDGED }, { "driver_opts", MAP(scalars_judged) },
	{ EXTERNAL },    { "labels", PAIRS },       { 0 },
};
static const struct cfield volumes[] = { { "*", .types = T_NULL | T_MAP, .sub = volume }, { 0 } };

static const struct cfield content[] = {
	{ "name", STR },
	{ "content", STR },
	{ "environment", STR },
	{ "file", STR, JUDGED },
	{ EXTERNAL },
	{ "labels", PAIRS },
	{ "driver", STR },
	{ "driver_opts", .types = T_MAP },
	{ "template_driver", STR },
	{ 0 },
};
static const struct cfield contents[] = { { "*", MAP(content) }, { 0 } };

static const struct cfield pool[] = {
	{ "subnet", STR },
	{ "ip_range", STR },
	{ "gateway", STR },
	{ "aux_addresses", .types = T_MAP },
	{ 0 },
};
static const struct cfield ipam[] = {
	{ "driver", STR },
	{ "config", LIST_OF(T_MAP, pool) },
	{ "options", .types = T_MAP },
	{ 0 },
};
static const struct cfield network[] = {
	{ "name", STR },
	{ "driver", STR },
	{ "driver_opts", .types = T_MAP },
	{ "ipam", MAP(ipam) },
	{ EXTERNAL },
	{ "internal", BOOL },
	{ "enable_ipv4", BOOL },
	{ "enable_ipv6", BOOL },
	{ "attachable", BOOL },
	{ "labels", PAIRS },
	{ 0 },
};
static const struct cfield networks[] = { { "*", .types = T_NULL | T_MAP, .sub = network }, { 0 } };

static const struct cfield model[] = {
	{ "name", STR }, { "model", STR }, { "context_size", COUNT }, { "runtime_flags", LIST },
	{ 0 },
};
static const struct cfield models[] = { { "*", MAP(model) }, { 0 } };

static const struct cfield include[] = {
	{ "path", STRINGS, JUDGED },
	{ "env_file", STRINGS, JUDGED },
	{ "project_directory", STR, JUDGED },
	{ 0 },
};

static const struct cfield top[] = {
	{ "version", .types = T_STR | T_NUM },
	{ "name", STR },
	{ "include", LIST_OF(T_STR | T_MAP, include), .shape = SHAPE_PATHS, JUDGED },
	{ "services", MAP(services) },
	{ "models", MAP(models) },
	{ "networks", MAP(networks) },
	{ "volumes", MAP(volumes) },
	{ "secrets", MAP(contents) },
	{ "configs", MAP(contents) },
	{ 0 },
};
const struct cfield compose_root = { "", MAP(top) };

/* ---- Look-up ------------------------------------------------------------------------------ */

const struct cfield *cfield_find(const struct cfield *table, const char *key)
{
	for (const struct cfield *f = table; f && f->name; f++)
		if (!strcmp(f->name, key) || !strcmp(f->name, "*"))
			return f;
	return NULL;
}

enum { NAME_MAX_LEN = 40 };

static char fold(char c)
{
	if (c == '-')
		return '_';
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Levenshtein's distance; case does not count, nor whether "-" or "_" was written. */
static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
	size_t row[NAME_MAX_LEN + 1];

	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t best = corner + (fold(a[i - 1]) != fold(b[j - 1]));

			corner = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[m];
}

/* "capAdd" and "pidmode" are far from "cap_add" by letters; without the underscores they are not. */
static size_t squeeze(const char *s, char *ret)
{
	size_t n = 0;

	for (; *s && n < NAME_MAX_LEN; s++)
		if (*s != '_' && *s != '-')
			ret[n++] = *s;
	return n;
}

const char *cfield_near(const struct cfield *table, const char *key)
{
	char key_bare[NAME_MAX_LEN], name_bare[NAME_MAX_LEN];
	size_t len = strlen(key), best = len / 3 + 1, bare;
	const char *near = NULL;

	if (len > NAME_MAX_LEN || len < 2)
		return NULL;
	bare = squeeze(key, key_bare);
	for (const struct cfield *f = table; f && f->name; f++) {
		size_t d = distance(key, len, f->name, strlen(f->name));

		if (d > 0 && distance(key_bare, bare, name_bare, squeeze(f->name, name_bare)) == 0)
			d = 0;
		if (d < best && strcmp(f->name, "*") != 0) {
			best = d;
			near = f->name;
		}
	}
	return near;
}
