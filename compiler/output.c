/* Files are written only when they change: aside first, then renamed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pvgen.h"

static bool fail(struct run *run, const char *what, const char *path)
{
	fprintf(stderr, "pvgen: cannot %s '%s': %s\n", what, path, strerror(errno));
	run->environment_failed = true;
	run->errors++;
	return false;
}

static bool make_directories(struct run *run, const char *path)
{
	char *copy = mem_printf("%s", path);

	for (char *c = copy + 1; *c; c++) {
		if (*c != '/')
			continue;
		*c = 0;
		if (mkdir(copy, 0777) && errno != EEXIST)
			return fail(run, "create directory", copy);
		*c = '/';
	}
	return true;
}

static bool is_current(const struct output *out)
{
	FILE *f = fopen(out->path, "rb");
	char chunk[16384];
	size_t at = 0, n;
	bool same = true;

	if (!f)
		return false;
	while (same && (n = fread(chunk, 1, sizeof(chunk), f))) {
		same = at + n <= out->text.n && !memcmp(chunk, out->text.v + at, n);
		at += n;
	}
	same = same && !ferror(f) && at == out->text.n;
	fclose(f);
	return same;
}

/** Writes all of the text to a new file; errno says why not. */
static bool write_file(const char *path, const struct out *text)
{
	size_t at = 0;
	int fd;

	/* A run that was killed may have left one, and process numbers repeat. */
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
	if (fd < 0)
		return false;
	while (at < text->n) {
		ssize_t n = write(fd, text->v + at, text->n - at);

		if (n < 0 && errno != EINTR) {
			int saved = errno;

			close(fd);
			errno = saved;
			return false;
		}
		at += n > 0 ? (size_t)n : 0;
	}
	return !close(fd);
}

static const char *aside(const struct output *out)
{
	return mem_printf("%s.%ld.tmp", out->path, (long)getpid());
}

static bool write_stdout(struct run *run, const struct output *out)
{
	fwrite(out->text.v, 1, out->text.n, stdout);
	if (fflush(stdout) || ferror(stdout))
		return fail(run, "write", "<stdout>");
	return true;
}

/* All files stand complete beside their places before the first one is renamed. */
static bool prepare(struct run *run, const struct output *out)
{
	struct stat st;

	if (!make_directories(run, out->path))
		return false;
	if (!stat(out->path, &st) && !S_ISREG(st.st_mode)) {
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
		return fail(run, "replace", out->path);
	}
	return write_file(aside(out), &out->text) || fail(run, "write", aside(out));
}

bool write_files(struct run *run, const outputs *files)
{
	VEC(struct output *) changed = {0};
	bool good = true;

	vec_each(out, files)
	{
		if (!strcmp(out->path, "-"))
			good = good && write_stdout(run, out);
		else if (!is_current(out))
			*vec_push(&changed) = out;
	}
	vec_each(out, &changed) good = good && prepare(run, *out);
	vec_each(out, &changed)
	{
		if (good && rename(aside(*out), (*out)->path))
			good = fail(run, "rename", aside(*out));
		if (!good)
			unlink(aside(*out));
	}
	return good;
}

bool write_outputs(struct run *run)
{
	return write_files(run, &run->outputs);
}
