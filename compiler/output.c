/* Files are written only when they change: aside first, then renamed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "path.h"
#include "pvgen.h"

static bool fail(struct run *run, const char *what, const char *path)
{
	return run_failed(run, "cannot %s '%s': %s", what, path, strerror(errno));
}

static bool make_directories(struct run *run, const char *path)
{
	char *copy = mem_printf("%s", path);

	for (char *c = copy; *c; c++) {
		if (*c != '/' || c == copy)
			continue;
		*c = 0;
		if (mkdir(copy, 0777) && errno != EEXIST)
			return fail(run, "create directory", copy);
		*c = '/';
	}
	return true;
}

static bool is_stdout(const struct output *out)
{
	return !strcmp(out->path, "-");
}

bool output_is_current(const struct output *out)
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

/** Writes all of the text and closes the file; errno says why not. */
static bool write_text(int fd, const struct out *text)
{
	size_t at = 0;

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

/** A file that is going to be replaced. */
struct change {
	const struct out *text;
	const char *path;  /* behind all links */
	const char *aside; /* the new file, until it is renamed */
	bool is_created;   /* as in struct output */
	bool has_mode;
	mode_t mode; /* of the old one, which stays, or of the one that it is like */
};

/* A run that was killed may have left such a file, and a run elsewhere may have our number. */
static int open_aside(struct change *c)
{
	for (unsigned int i = 0;; i++) {
		const char *aside = mem_printf("%s.%ld-%u.tmp", c->path, (long)getpid(), i);
		int fd = open(aside, O_WRONLY | O_CREAT | O_EXCL, 0666);

		if (fd >= 0)
			c->aside = aside;
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
}

static bool write_stdout(struct run *run, const struct output *out)
{
	fwrite(text_of(&out->text), 1, out->text.n, stdout);
	if (fflush(stdout) || ferror(stdout))
		return fail(run, "write", "<stdout>");
	return true;
}

/* All files stand complete beside their places before the first one is renamed. */
static bool prepare(struct run *run, struct change *c)
{
	int fd;

	if (!make_directories(run, c->path))
		return false;
	fd = open_aside(c);
	if (fd < 0)
		return fail(run, "write", c->path);
	if (c->has_mode)
		fchmod(fd, c->mode);
	return write_text(fd, c->text) || fail(run, "write", c->path);
}

typedef VEC(struct change) changes;

/** Unlike a rename, a link does not replace what another run has made meanwhile. */
static bool create(const struct change *c)
{
	struct stat st;

	if (!link(c->aside, c->path)) {
		unlink(c->aside);
		return true;
	}
	/* Not all file systems have links. */
	return errno != EEXIST && lstat(c->path, &st) && !rename(c->aside, c->path);
}

static bool put_in_place(const struct change *c)
{
	return c->is_created ? create(c) : !rename(c->aside, c->path);
}

/** Of what is created all is there, or nothing. */
static void take_back(const changes *changes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (changes->v[i].is_created)
			unlink(changes->v[i].path);
}

static bool replace_all(struct run *run, changes *changes)
{
	size_t placed = 0;
	bool good = true;

	vec_each(c, changes) good = good && prepare(run, c);
	vec_each(c, changes)
	{
		if (good && !put_in_place(c))
			good = fail(run, "replace", c->path);
		if (!good && c->aside)
			unlink(c->aside);
		placed += good;
	}
	if (!good)
		take_back(changes, placed);
	return good;
}

/** Adds what must be done to the file, if it is not current. */
static bool add_change(struct run *run, const struct output *out, changes *changes)
{
	struct change c = {.text = &out->text,
			   .path = path_followed(out->path),
			   .is_created = out->is_created};
	struct stat st = {0};
	bool is_old;

	if (!c.path)
		return fail(run, "write", out->path);
	is_old = !stat(c.path, &st);
	if (!is_old && errno != ENOENT)
		return fail(run, "write", out->path);
	if (is_old && !S_ISREG(st.st_mode))
		return run_failed(run, "no output can replace what is no file, '%s'", out->path);
	if (is_old && output_is_current(out))
		return true;
	c.has_mode = is_old || (out->like && !stat(out->like, &st));
	c.mode = st.st_mode & 0777;
	*vec_push(changes) = c;
	return true;
}

bool write_files(struct run *run, const outputs *files)
{
	changes changes = {0};
	bool good = true;

	vec_each(out, files)
	{
		if (!good)
			break;
		good = is_stdout(out) ? write_stdout(run, out) : add_change(run, out, &changes);
	}
	return good && replace_all(run, &changes);
}

/* ---- places that no output may have ---- */

static bool is_one_file(const struct stat *st, uint64_t device, uint64_t inode)
{
	return st->st_dev == device && st->st_ino == inode;
}

/** Is the file one of those that were read? */
static bool is_input(const struct run *run, const char *path)
{
	struct stat st, other;

	if (stat(path, &st))
		return false;
	vec_each(s, &run->sources)
	{
		if (is_one_file(&st, (*s)->device, (*s)->inode))
			return true;
	}
	vec_each(object, &run->objects)
	{
		if (!stat(*object, &other) && is_one_file(&st, other.st_dev, other.st_ino))
			return true;
	}
	return false;
}

bool places_are_free(struct run *run, const outputs *files)
{
	struct map seen = {0};
	bool good = true;

	vec_each(out, files)
	{
		if (is_stdout(out))
			continue;
		if (is_input(run, out->path))
			good = run_failed(run, "an output would overwrite what it is made of, '%s'",
					  out->path);
		if (map_add(&seen, path_canonical(out->path), out))
			good = run_failed(run, "two outputs would go to '%s'", out->path);
	}
	return good;
}

/** The diagnostics come last, but their place is taken too. */
static bool check_places(struct run *run)
{
	outputs files = {0};

	vec_each(out, &run->outputs) * vec_push(&files) = *out;
	if (run->diag.path)
		*vec_push(&files) = (struct output){.path = run->diag.path};
	return places_are_free(run, &files);
}

bool write_outputs(struct run *run)
{
	return check_places(run) && write_files(run, &run->outputs);
}

bool print_outputs(struct run *run)
{
	FILE *f = diag_owns_stdout(&run->diag) ? stderr : stdout;

	vec_each(out, &run->outputs) fprintf(f, "%s\n", out->path);
	if (fflush(f) || ferror(f))
		return fail(run, "write", "<stdout>");
	return true;
}

const void *report_form_row(const void *forms, size_t n, size_t size, const char *request)
{
	size_t length = strcspn(request, ":");

	for (const char *row = forms; n--; row += size) {
		const char *name = *(const char *const *)row;

		if (!strncmp(name, request, length) && !name[length])
			return row;
	}
	return NULL;
}

struct out *report_output(struct run *run, const char *request)
{
	size_t n = strcspn(request, ":");
	struct output *out = vec_push(&run->outputs);

	*out = (struct output){.path = request[n] ? request + n + 1 : "-"};
	return &out->text;
}
