#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# libpidns as a program of somebody else uses it: installed, found by pkg-config, with nothing
# but its header. The library itself is tested in tests/unit/test-pidns*.c.

setup_file()
{
	command -v pkg-config >/dev/null || skip "pkg-config is not installed"
	export DEST=$BATS_FILE_TMPDIR/dest
	meson install -C "$ATOLL_BUILD" --no-rebuild --destdir "$DEST" >"$BATS_FILE_TMPDIR/install.log" 2>&1 ||
		{ cat "$BATS_FILE_TMPDIR/install.log"; return 1; }
	PC=$(find "$DEST" -name libpidns.pc)
	[ -n "$PC" ] || skip "this build has no shared library"
	export PKG_CONFIG_PATH=${PC%/*} PKG_CONFIG_SYSROOT_DIR=$DEST
	LIB=$(find "$DEST" -name 'libpidns.so')
	export LIB=${LIB%/*}
}

sample()
{
	cat >"$BATS_TEST_TMPDIR/ten.$1" <<-'END'
		#include <pidns.h>
		#include <stdio.h>
		int main(void)
		{
			struct pn_snap *s;
			if (pn_snapshot(&s, NULL) < 0) return 1;
			for (size_t i = 0; i < pn_count(s); i++)
				printf("%d %d\n", pn_at(s, i)->pid, pn_at(s, i)->inner);
			pn_free(s);
		}
	END
}

# A sanitized library wants a sanitized program around it.
# bats test_tags=not:sanitized
@test "a C program of ten lines builds with pkg-config and runs" {
	sample c
	read -ra flags < <(pkg-config --cflags --libs libpidns)
	cc -std=c99 -pedantic -Wall -Wextra -Werror -o "$BATS_TEST_TMPDIR/ten" "$BATS_TEST_TMPDIR/ten.c" "${flags[@]}"
	run env LD_LIBRARY_PATH="$LIB" "$BATS_TEST_TMPDIR/ten"
	[ "$status" = 0 ]
	[[ $'\n'$output$'\n' == *$'\n'"$$ $(awk '/^NSpid/ { print $NF }' /proc/$$/status)"$'\n'* ]]
}

# A sanitized library wants a sanitized program around it.
# bats test_tags=not:sanitized
@test "the header is fine for C++" {
	command -v c++ >/dev/null || skip "no C++ compiler"
	sample cc
	read -ra flags < <(pkg-config --cflags --libs libpidns)
	c++ -std=c++11 -Wall -Wextra -Werror -o "$BATS_TEST_TMPDIR/ten" "$BATS_TEST_TMPDIR/ten.cc" "${flags[@]}"
	LD_LIBRARY_PATH=$LIB "$BATS_TEST_TMPDIR/ten" >/dev/null
}

@test "the library gives what the header declares, and nothing else" {
	nm -D --defined-only "$LIB/libpidns.so" | awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }' | sort >"$BATS_TEST_TMPDIR/has"
	grep -oE '\bpn_[a-z_]+\(' "$ATOLL_SOURCE/include/pidns.h" | tr -d '(' | sort -u >"$BATS_TEST_TMPDIR/named"
	# Comments name calls too; what is declared starts a line or follows a type.
	run comm -23 "$BATS_TEST_TMPDIR/has" "$BATS_TEST_TMPDIR/named"
	[ -z "$output" ]
	run comm -13 "$BATS_TEST_TMPDIR/has" "$BATS_TEST_TMPDIR/named"
	[ -z "$output" ]
	run nm -D --defined-only "$LIB/libpidns.so"
	[[ $output != *" T proc_"* && $output != *" T io_"* ]]
}

@test "it needs the C library alone" {
	run bash -c "objdump -p '$LIB/libpidns.so' | awk '/NEEDED/ { print \$2 }' | grep -vE '^(libc\.so|ld-linux|libm\.so|libasan|libubsan)'"
	[ -z "$output" ]
}
