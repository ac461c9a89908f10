#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "pvgen.h"

/** The whole of a stream, from a pipe as well as from a file. */
static bool read_all(FILE *f, struct out *text)
{
	char chunk[16384];
	size_t n;

	while ((n = fread(chunk, 1, sizeof(chunk), f)))
		put_n(text, chunk, n);
	put_n(text, "", 0);
	text->v[text->n] = 0;
	return !ferror(f);
}

static struct source *source_add(struct run *run, const char *path, const struct stat *st)
{
	struct source *s = mem_alloc(sizeof(*s));

	s->path = intern(path);
	s->device = (uint64_t)st->st_dev;
	s->inode = (uint64_t)st->st_ino;
	*vec_push(&run->sources) = s;
	return s;
}

static void find_lines(struct source *s)
{
	*vec_push(&s->lines) = 0;
	for (size_t i = 0; i < s->length; i++)
		if (s->text[i] == '\n')
			*vec_push(&s->lines) = (uint32_t)i + 1;
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

static struct source *read_source(struct run *run, FILE *f, const char *path, bool *is_new)
{
	struct out text = {0};
	struct source *s;
	struct stat st;

	if (fstat(fileno(f), &st))
		return NULL;
	if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return NULL;
	}
	s = find_open(run, &st);
	*is_new = !s;
	if (s)
		return s;
	if (!read_all(f, &text))
		return NULL;
	if (text.n > UINT32_MAX - 1) {
		errno = EFBIG;
		return NULL;
	}
	s = source_add(run, path, &st);
	s->text = text.v;
	s->length = text.n;
	find_lines(s);
	return s;
}

struct source *source_open(struct run *run, const char *path, bool *is_new)
{
	bool is_stdin = !strcmp(path, "-");
	FILE *f = is_stdin ? stdin : fopen(path, "r");
	struct source *s;
	int saved;

	if (!f)
		return NULL;
	s = read_source(run, f, is_stdin ? run->stdin_name : path, is_new);
	saved = errno;
	if (!is_stdin)
		fclose(f);
	errno = saved;
	return s;
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

	return (struct position){s->path, (unsigned int)line + 1, loc.begin - s->lines.v[line] + 1};
}

const char *source_line(const struct source *s, unsigned int line, size_t *length)
{
	uint32_t begin = s->lines.v[line - 1];
	size_t end = line < s->lines.n ? s->lines.v[line] - 1 : s->length;

	if (end > begin && s->text[end - 1] == '\r')
		end--;
	*length = end - begin;
	return s->text + begin;
}
