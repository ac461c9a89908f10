#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "git.h"

static const char too_long[] = "longer than 256 MiB";

const char *source_read_all(FILE *f, size_t expected, struct out *text)
{
	char chunk[16384];
	size_t n;

	if (expected <= SOURCE_MAX)
		put_room(text, expected + 2);
	while (text->n <= SOURCE_MAX && (n = fread(chunk, 1, sizeof(chunk), f)))
		put_n(text, chunk, n);
	put_n(text, "", 1);
	text->n--;
	if (ferror(f))
		return strerror(errno);
	return text->n > SOURCE_MAX ? too_long : NULL;
}

static struct source *source_add(struct run *run, const char *path, const struct stat *st)
{
	struct source *s = mem_alloc(sizeof(*s));

	s->file = (uint32_t)run->sources.n;
	s->path = intern(path);
	s->device = (uint64_t)st->st_dev;
	s->inode = (uint64_t)st->st_ino;
	*vec_push(&run->sources) = s;
	return s;
}

static void find_lines(struct source *s)
{
	*vec_push(&s->lines) = 0;
	for (const char *c = s->text; (c = memchr(c, '\n', s->length - (size_t)(c - s->text))); c++)
		*vec_push(&s->lines) = (uint32_t)(c - s->text) + 1;
}

static struct source *find_open(struct run *run, const struct stat *st)
{
	vec_each(s, &run->sources)
	{
		if ((*s)->device == (uint64_t)st->st_dev && (*s)->inode == (uint64_t)st->st_ino)
			return *s;
	}
	return NULL;
}

static struct opened read_source(struct run *run, FILE *f, const char *path, const struct stat *st)
{
	struct source *s = find_open(run, st);
	struct out text = {0};
	const char *problem;

	if (s)
		return (struct opened){.source = s};
	problem = source_read_all(f, (size_t)st->st_size, &text);
	if (problem)
		return (struct opened){.problem = problem};
	s = source_add(run, path, st);
	s->text = text.v;
	s->length = text.n;
	find_lines(s);
	return (struct opened){.source = s, .is_new = true};
}

static struct opened read_stdin(struct run *run)
{
	struct opened opened;
	struct stat st;

	if (fstat(fileno(stdin), &st))
		return (struct opened){.problem = strerror(errno)};
	if (S_ISDIR(st.st_mode))
		return (struct opened){.problem = strerror(EISDIR)};
	opened = read_source(run, stdin, run->stdin_name, &st);
	if (opened.source)
		opened.source->is_stdin = true;
	return opened;
}

/** Found without opening it, since that may take for ever. */
static const char *file_problem(const struct stat *st, bool may_be_pipe)
{
	if (S_ISDIR(st->st_mode))
		return strerror(EISDIR);
	if (S_ISREG(st->st_mode) && st->st_size > SOURCE_MAX)
		return too_long;
	if (S_ISREG(st->st_mode) || (may_be_pipe && S_ISFIFO(st->st_mode)))
		return NULL;
	return may_be_pipe ? "neither a regular file nor a pipe" : "not a regular file";
}

struct opened source_open(struct run *run, const char *path, bool may_be_pipe)
{
	struct opened opened = {0};
	struct stat st;
	FILE *f;

	if (git_has(run, path))
		return git_open(run, path);
	if (!strcmp(path, "-"))
		return read_stdin(run);
	if (stat(path, &st))
		return (struct opened){.problem = strerror(errno)};
	opened.problem = file_problem(&st, may_be_pipe);
	if (opened.problem)
		return opened;
	f = fopen(path, "r");
	if (!f)
		return (struct opened){.problem = strerror(errno)};
	opened = read_source(run, f, path, &st);
	fclose(f);
	return opened;
}

struct source *source_draft(struct run *run, const char *path, const struct out *text)
{
	struct source *s = source_add(run, path, &(struct stat){0});

	s->text = mem_alloc(text->n + 2);
	memcpy(s->text, text_of(text), text->n);
	s->length = text->n;
	find_lines(s);
	return s;
}

/** Behind the next character of a string; a backslash begins one of two bytes, '\r' is none. */
static uint32_t skip_character(const char *text, uint32_t at)
{
	while (text[at] == '\r')
		at++;
	return at + (text[at] == '\\' ? 2 : 1);
}

struct loc source_in_string(const struct run *run, struct loc literal, size_t begin, size_t end)
{
	const char *text = run->sources.v[literal.file]->text;
	struct loc part = {literal.file, literal.begin + 1, literal.begin + 1};

	for (size_t i = 0; i < end; i++) {
		part.end = skip_character(text, part.end);
		if (i < begin)
			part.begin = part.end;
	}
	return part;
}

/** Index of the line that holds this offset. */
static size_t line_at(const struct source *s, uint32_t offset)
{
	size_t low = 0, high = s->lines.n;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (s->lines.v[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

struct position source_position(const struct run *run, struct loc loc)
{
	const struct source *s = run->sources.v[loc.file];
	size_t line = line_at(s, loc.begin);

	return (struct position){s->path, s->shown ? s->shown[line] : (unsigned int)line + 1,
				 loc.begin - s->lines.v[line] + 1};
}

/** The last map that fits wins, so that a user can add to what a build system says. */
static const char *mapped(const struct run *run, const char *path)
{
	for (size_t i = run->path_maps.n; i--;) {
		const struct path_map *m = &run->path_maps.v[i];
		size_t n = strlen(m->old);

		if (!strncmp(path, m->old, n))
			return mem_printf("%s%s", m->new, path + n);
	}
	return path;
}

struct position source_origin(const struct run *run, struct loc loc)
{
	struct position p = source_position(run, loc);

	p.path = mapped(run, p.path);
	return p;
}

const char *source_line(const struct run *run, struct loc loc, size_t *length)
{
	const struct source *s = run->sources.v[loc.file];
	size_t line = line_at(s, loc.begin);
	uint32_t begin = s->lines.v[line];
	size_t end = line + 1 < s->lines.n ? s->lines.v[line + 1] - 1 : s->length;

	if (end > begin && s->text[end - 1] == '\r')
		end--;
	*length = end - begin;
	return s->text + begin;
}
