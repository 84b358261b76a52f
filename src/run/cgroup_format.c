/* SPDX-License-Identifier: Apache-2.0 */
#include "run/cgroup_impl.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What the rows of the two tables (cgroup_v1.c, cgroup_v2.c) may be made of. Pure. */

/* The member of the resources that a row is about. All are pointers, so their
 * bytes are copied out as one. */
static const void *member(const struct limit_row *row, const struct oci_resources *r)
{
	const void *p;

	memcpy(&p, (const char *)r + row->field, sizeof(p));
	return p;
}

size_t limit_items(const struct limit_row *row, const struct oci_resources *r)
{
	size_t n;

	if (row->count == 0)
		return 1;
	memcpy(&n, (const char *)r + row->count, sizeof(n));
	return n;
}

int limit_format(const struct limit_row *row, const struct oci_resources *r, size_t i,
		 struct limit_out *out, struct err *e)
{
	char index[24] = "";

	memset(out, 0, sizeof(*out));
	out->flags = row->flags;
	out->value = out->text;
	if (row->count > 0)
		(void)snprintf(index, sizeof(index), "/%zu", i);
	(void)snprintf(out->file, sizeof(out->file), "%s", row->file);
	(void)snprintf(out->pointer, sizeof(out->pointer), "/linux/resources/%s%s", row->pointer,
		       index);
	return row->format(row, r, i, out, e);
}

int limit_value(struct limit_out *out, struct err *e, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(out->text, sizeof(out->text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(out->text))
		return err_set(e, E2BIG, "%s: too long", out->pointer);
	return 1;
}

int limit_i64_keep0(const struct limit_row *row, const struct oci_resources *r, size_t i,
		    struct limit_out *out, struct err *e)
{
	const int64_t *v = member(row, r);

	(void)i;
	return v ? limit_value(out, e, "%" PRId64, *v) : 0;
}

/* As in every runtime since the first, 0 means "not set". */
int limit_i64(const struct limit_row *row, const struct oci_resources *r, size_t i,
	      struct limit_out *out, struct err *e)
{
	const int64_t *v = member(row, r);

	return v && *v != 0 ? limit_i64_keep0(row, r, i, out, e) : 0;
}

int limit_u64_keep0(const struct limit_row *row, const struct oci_resources *r, size_t i,
		    struct limit_out *out, struct err *e)
{
	const uint64_t *v = member(row, r);

	(void)i;
	return v ? limit_value(out, e, "%" PRIu64, *v) : 0;
}

int limit_u64(const struct limit_row *row, const struct oci_resources *r, size_t i,
	      struct limit_out *out, struct err *e)
{
	const uint64_t *v = member(row, r);

	return v && *v != 0 ? limit_u64_keep0(row, r, i, out, e) : 0;
}

int limit_u32(const struct limit_row *row, const struct oci_resources *r, size_t i,
	      struct limit_out *out, struct err *e)
{
	const uint32_t *v = member(row, r);

	(void)i;
	return v && *v != 0 ? limit_value(out, e, "%" PRIu32, *v) : 0;
}

int limit_u16(const struct limit_row *row, const struct oci_resources *r, size_t i,
	      struct limit_out *out, struct err *e)
{
	const uint16_t *v = member(row, r);

	(void)i;
	return v && *v != 0 ? limit_value(out, e, "%u", (unsigned int)*v) : 0;
}

int limit_true(const struct limit_row *row, const struct oci_resources *r, size_t i,
	       struct limit_out *out, struct err *e)
{
	const bool *v = member(row, r);

	(void)i;
	return v && *v ? limit_value(out, e, "1") : 0;
}

int limit_text(const struct limit_row *row, const struct oci_resources *r, size_t i,
	       struct limit_out *out, struct err *e)
{
	const char *v = member(row, r);

	(void)i;
	(void)e;
	if (!v || !*v)
		return 0;
	out->value = v;
	return 1;
}

/* -1 is no limit. 0 is a limit: no process beside the container's first one,
 * which is written as 1, since with 0 the kernel would not let that one in. */
int limit_pids(const struct limit_row *row, const struct oci_resources *r, size_t i,
	       struct limit_out *out, struct err *e)
{
	const int64_t *v = member(row, r);

	(void)i;
	if (!v)
		return 0;
	return *v < 0 ? limit_value(out, e, "max")
		      : limit_value(out, e, "%" PRId64, *v > 0 ? *v : 1);
}

int limit_rdma(const struct limit_row *row, const struct oci_resources *r, size_t i,
	       struct limit_out *out, struct err *e)
{
	const struct oci_rdma *d = (const struct oci_rdma *)member(row, r) + i;
	char handles[40] = "", objects[40] = "";

	if (!d->hca_handles && !d->hca_objects)
		return 0;
	(void)snprintf(out->pointer, sizeof(out->pointer), "/linux/resources/rdma/%s", d->device);
	if (d->hca_handles)
		(void)snprintf(handles, sizeof(handles), " hca_handle=%" PRIu32, *d->hca_handles);
	if (d->hca_objects)
		(void)snprintf(objects, sizeof(objects), " hca_object=%" PRIu32, *d->hca_objects);
	return limit_value(out, e, "%s%s%s", d->device, handles, objects);
}

/* row->file is a pattern like "hugetlb.%s.max" cut in two at '*'. */
int limit_hugepage(const struct limit_row *row, const struct oci_resources *r, size_t i,
		   struct limit_out *out, struct err *e)
{
	const struct oci_hugepage *h = (const struct oci_hugepage *)member(row, r) + i;
	size_t head = strcspn(row->file, "*");
	int n;

	(void)snprintf(out->pointer, sizeof(out->pointer), "/linux/resources/hugepageLimits/%zu",
		       i);
	if (!h->page_size || !*h->page_size || strchr(h->page_size, '/'))
		return err_set(e, EINVAL, "%s/pageSize: must be a size like 2MB", out->pointer);
	n = snprintf(out->file, sizeof(out->file), "%.*s%s%s", (int)head, row->file, h->page_size,
		     row->file + head + 1);
	if (n < 0 || (size_t)n >= sizeof(out->file))
		return err_set(e, E2BIG, "%s/pageSize: too long", out->pointer);
	return limit_value(out, e, "%" PRIu64, h->limit);
}

static int weight_device(const struct oci_weight_dev *d, const uint16_t *weight,
			 struct limit_out *out, struct err *e)
{
	if (!weight || *weight == 0)
		return 0;
	return limit_value(out, e, "%" PRId64 ":%" PRId64 " %u", d->major, d->minor,
			   (unsigned int)*weight);
}

int limit_weight_device(const struct limit_row *row, const struct oci_resources *r, size_t i,
			struct limit_out *out, struct err *e)
{
	const struct oci_weight_dev *d = (const struct oci_weight_dev *)member(row, r) + i;

	return weight_device(d, d->weight, out, e);
}

int limit_leaf_weight_device(const struct limit_row *row, const struct oci_resources *r, size_t i,
			     struct limit_out *out, struct err *e)
{
	const struct oci_weight_dev *d = (const struct oci_weight_dev *)member(row, r) + i;

	return weight_device(d, d->leaf_weight, out, e);
}

int limit_if_prio(const struct limit_row *row, const struct oci_resources *r, size_t i,
		  struct limit_out *out, struct err *e)
{
	const struct oci_if_prio *p = (const struct oci_if_prio *)member(row, r) + i;

	return limit_value(out, e, "%s %" PRIu32, p->name, p->priority);
}

/* 2 .. 262144 to 1 .. 10000, both ends met. */
uint64_t cgroup_weight_from_shares(uint64_t shares)
{
	if (shares == 0)
		return 0;
	if (shares < 2)
		shares = 2;
	if (shares > 262144)
		shares = 262144;
	return 1 + (shares - 2) * 9999 / 262142;
}

/* 10 .. 1000 to 1 .. 10000 */
uint64_t cgroup_io_weight(uint16_t weight)
{
	if (weight == 0)
		return 0;
	if (weight < 10)
		weight = 10;
	return 1 + (uint64_t)(weight - 10) * 9999 / 990;
}
