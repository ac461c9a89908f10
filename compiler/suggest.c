#include <string.h>

#include "suggest.h"

/* Who has names as long as this does not type them. */
enum { MAX_WORD = 64 };

/** Number of single-character edits between two words. */
static unsigned int edit_distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	unsigned int row[MAX_WORD];

	if (la >= MAX_WORD || lb >= MAX_WORD)
		return MAX_WORD;
	for (size_t j = 0; j <= lb; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned int diagonal = row[0]++;

		for (size_t j = 1; j <= lb; j++) {
			unsigned int best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[lb];
}

struct nearest nearest_to(const char *word)
{
	size_t n = strlen(word);

	return (struct nearest){.word = word,
				.distance = n < MAX_WORD ? (unsigned int)n / 3 + 1 : 0};
}

/* Of words that are equally near the first in the alphabet is taken, in whatever order they come.
 */
void nearest_try(struct nearest *n, const char *candidate)
{
	unsigned int distance = edit_distance(n->word, candidate);

	if (!distance || distance > n->distance || n->found == candidate)
		return;
	if (distance == n->distance && n->found) {
		n->is_unique = false;
		if (strcmp(candidate, n->found) > 0)
			return;
	} else {
		n->is_unique = true;
	}
	n->found = candidate;
	n->distance = distance;
}
