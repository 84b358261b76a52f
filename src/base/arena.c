/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	BLOCK = 32 * 1024,
	FIRST = 512 * 1024,
	ALIGN = 16,
	/* An arena that has grown beyond MANY (audits of whole clusters) goes on in big blocks
	 * and asks for huge pages: faults were a fifth of its time. */
	MANY = 4 * 1024 * 1024,
	HUGE_PAGE = 2 * 1024 * 1024,
	BIG = 8 * 1024 * 1024,
};

struct arena_block {
	struct arena_block *next;
	size_t used;   /* of a block that is not the newest */
	size_t total;  /* bytes of this block and all older ones */
	size_t mapped; /* by mmap(2), so many; 0: by calloc(3) */
	unsigned char data[];
};

_Static_assert(sizeof(struct arena_block) % ALIGN == 0, "blocks start aligned");

/* Most commands never need more than one block. It lies in .bss: no system call
 * asks for it, nobody clears it, and a page of it that is not used is never
 * touched. */
static union {
	struct arena_block block;
	unsigned char room[sizeof(struct arena_block) + FIRST];
} first;
static bool first_taken;

/* Pages of it are asked for in a row, which costs a tenth of a fault for each. */
enum {
	STRETCH = 128 * 1024,
	EASY = 4 * 4096, /* what little commands need, as it comes */
};
static size_t first_ready = EASY;

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

static void make_ready(size_t used)
{
	const uintptr_t page = 4096; /* of another size: EINVAL, and faults as ever */
	size_t end = first_ready + STRETCH < used ? FIRST : first_ready + STRETCH;
	uintptr_t from = ((uintptr_t)first.block.data + first_ready) & ~(page - 1);
	uintptr_t to = ((uintptr_t)first.block.data + end) & ~(page - 1);

	(void)madvise((void *)from, to - from, MADV_POPULATE_WRITE); /* 5.14 */
	first_ready = end;
}

int arena_fail_status = 1;

static void __attribute__((noreturn)) out_of_memory(void)
{
	static const char msg[] = "atoll: out of memory\n";

	if (write(STDERR_FILENO, msg, sizeof(msg) - 1) < 0)
		_exit(arena_fail_status);
	_exit(arena_fail_status);
}

/* From a multiple of HUGE_PAGE on; what lies before and behind is given back. */
static struct arena_block *map_big(size_t size)
{
	unsigned char *p = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct arena_block *b;
	size_t before;

	if (p == MAP_FAILED)
		out_of_memory();
	before = -(uintptr_t)p & (HUGE_PAGE - 1);
	if (before)
		(void)munmap(p, before);
	b = (struct arena_block *)(void *)(p + before);
	(void)munmap(p + before + size, HUGE_PAGE - before);
	(void)madvise(b, size, MADV_HUGEPAGE);
	b->mapped = size;
	return b;
}

static struct arena_block *new_block(const struct arena *a, size_t size, size_t *ret_size)
{
	bool own = !first_taken && size <= FIRST;
	size_t want = own ? FIRST : size > BLOCK ? size : BLOCK;
	struct arena_block *b;

	if (!own && (size > MANY || (a->head && a->head->total > MANY))) {
		want = size > BIG / 8 ? size + sizeof(*b) : BIG;
		want = (want + HUGE_PAGE - 1) & ~(size_t)(HUGE_PAGE - 1);
		b = map_big(want);
		want -= sizeof(*b);
	} else {
		b = own ? &first.block : calloc(1, sizeof(*b) + want);
		if (!b)
			out_of_memory();
		b->mapped = 0;
	}
	first_taken = first_taken || own;
	b->used = 0;
	b->next = a->head;
	b->total = want + (a->head ? a->head->total : 0);
	*ret_size = want;
	return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
	void *p;

	if (size > SIZE_MAX - ALIGN - sizeof(struct arena_block))
		out_of_memory();
	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (!a->head || a->size - a->used < size) {
		size_t got;
		struct arena_block *b = new_block(a, size, &got);

		if (a->head)
			a->head->used = a->used;
		a->head = b;
		a->used = 0;
		a->size = got;
	}
	p = a->head->data + a->used;
	a->used += size;
	if (a->head == &first.block && a->used > first_ready)
		make_ready(a->used);
	return p;
}

void *arena_dup(struct arena *a, const void *data, size_t size)
{
	void *p = arena_alloc(a, size);

	if (size)
		memcpy(p, data, size);
	return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *p = arena_alloc(a, len + 1);

	if (len)
		memcpy(p, s, len);
	return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	va_list again;
	char *p;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	assert(n >= 0);
	p = arena_alloc(a, (size_t)n + 1);
	(void)vsnprintf(p, (size_t)n + 1, fmt, ap);
	return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	p = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return p;
}

void *arena_push(struct arena *a, void *items, size_t *count, size_t *cap, size_t size)
{
	void *array;

	memcpy(&array, items, sizeof(array));
	if (*count == *cap) {
		size_t want = *cap ? *cap * 2 : size > 32 ? 2 : 8;
		void *bigger = arena_alloc(a, want * size);

		if (*count)
			memcpy(bigger, array, *count * size);
		*cap = want;
		array = bigger;
		memcpy(items, &array, sizeof(array));
	}
	return (unsigned char *)array + size * (*count)++;
}

void arena_free(struct arena *a)
{
	if (a->head)
		a->head->used = a->used;
	while (a->head) {
		struct arena_block *next = a->head->next;

		if (a->head->mapped) {
			(void)munmap(a->head, a->head->mapped);
		} else if (a->head != &first.block) {
			free(a->head);
		} else if (first.block.used <= EASY) {
			memset(first.block.data, 0, first.block.used);
			first_taken = false; /* else not again: a process has one that grows so */
		}
		a->head = next;
	}
	a->used = a->size = 0;
}
