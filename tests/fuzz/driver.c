/*
 * Runs a harness without libFuzzer: on each file that is named, or, built by
 * afl-clang-fast and without a file, on what afl-fuzz hands over.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An input that takes longer has found something. */
enum { SECONDS = 5 };

static void run(const uint8_t *data, size_t size)
{
	alarm(SECONDS);
	LLVMFuzzerTestOneInput(data, size);
	alarm(0);
}

#ifdef __AFL_COMPILER
__AFL_FUZZ_INIT();

/** In memory of its exact size, so that a read beyond its end is seen. */
static void run_given(void)
{
	const uint8_t *given = __AFL_FUZZ_TESTCASE_BUF;

	while (__AFL_LOOP(10000)) {
		size_t size = (size_t)__AFL_FUZZ_TESTCASE_LEN;
		uint8_t *data = malloc(size);

		memcpy(data, given, size);
		run(data, size);
		free(data);
	}
}
#else
static void run_given(void)
{
}
#endif

static void fail(const char *path)
{
	/* The streams are pvgen's, and closed. */
	dprintf(STDERR_FILENO, "%s: %s\n", path, strerror(errno));
	exit(2);
}

static void run_file(const char *path)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	uint8_t *data;

	if (fd < 0 || fstat(fd, &st))
		fail(path);
	data = malloc((size_t)st.st_size);
	if (read(fd, data, (size_t)st.st_size) != st.st_size)
		fail(path);
	close(fd);
	/* A crash does not say of which input; the last line does. */
	dprintf(STDOUT_FILENO, "%s\n", path);
	run(data, (size_t)st.st_size);
	free(data);
}

int main(int argc, char **argv)
{
	LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++)
		run_file(argv[i]);
	if (argc == 1)
		run_given();
	return 0;
}
