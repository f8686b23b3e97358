/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The pattern language (see pattern.h).
 *
 *   *        any run of bytes without "/", also none
 *   **       any run of bytes, also none; between two "/" the second may be left out as well:
 *            /a/ ** /b (without the blanks) matches /a/b
 *   ?        one character but "/": one UTF-8 sequence, or any single byte from 0x80 up, so that no
 *            name escapes by not being UTF-8. The price: ?? also matches one character of two bytes
 *   [a-z]    one byte of the class, [!a-z] one character that is not in it; never "/"
 *   {a,b}    either; may contain anything, also nothing, and nest
 *   \        takes the next byte as it is
 *
 * Paths never end in "/", but for the root directory, "/", itself. It is matched only by a pattern
 * that spells it, like "/" or "/{,a}": no wildcard makes up an empty component. pattern_end.root says
 * so; the automaton asks for it after the one byte that makes the root. Names of other kinds have no
 * root: a "/" in them is a character that `*`, `?` and classes do not match, and no more.
 *
 * A text is read into tokens first, which settles all errors, then added token by token. Where the
 * second slash may be left out depends on what stood before `**`, across the borders of alternatives.
 * A cursor therefore carries up to three nodes: `node`, where everything read so far leads; `slash`,
 * where only those readings lead that end in a "/"; `skip`, those that end in a "/" and a `**` that
 * matched nothing yet. A "/" that follows is read from `node`, and is free from `skip`. Since a node
 * stands for exactly one sequence of tokens, all three are functions of `node`, so sharing is safe.
 */
#include "pattern.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { LITERAL, CHARACTER, CLASS, RUN, RUN_DEEP, OPEN, COMMA, CLOSE };

struct token {
	enum kind kind;
	unsigned at;	    /* byte in the text */
	size_t next;	    /* OPEN, COMMA: token of the next COMMA or the CLOSE */
	uint8_t byte;	    /* LITERAL */
	struct byteset set; /* CHARACTER, CLASS */
};

struct scan {
	const char *text;
	size_t pos;
	struct token *tokens;
	size_t n;
	size_t open[PATTERN_NESTING]; /* the last OPEN or COMMA of each level */
	unsigned depth;
	char *error;
	size_t error_size;
};

struct cursor {
	uint32_t node, slash, skip;
};

__attribute__((format(printf, 2, 3))) static int refuse(struct scan *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->error, s->error_size, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static struct token *emit(struct scan *s, enum kind kind, size_t at)
{
	struct token *t = &s->tokens[s->n++];

	*t = (struct token){.kind = kind, .at = at};
	return t;
}

/* One member of a class, with its escape. */
static int scan_member(struct scan *s, size_t at, uint8_t *member)
{
	const char *p = s->text + s->pos;

	if (*p == '[' && (p[1] == ':' || p[1] == '.' || p[1] == '='))
		return refuse(s, "'[%c' in a class is not supported: list the characters, as in [a-z]", p[1]);
	if (*p == '\\') {
		p++;
		s->pos++;
	}
	if (!*p)
		return refuse(s, "'[' at character %zu is not closed", at + 1);
	if (*p & 0x80)
		return refuse(s,
			      "a class holds single bytes only, not a character such as the one at %zu: use "
			      "{..,..}",
			      s->pos + 1);
	*member = *p;
	s->pos++;
	return 0;
}

/* What a class matches if it does not take one of its members: a character but these and "/". */
static void complement(struct byteset *set)
{
	struct byteset all = {{0}};

	byteset_add(&all, 1, 255);
	for (unsigned i = 0; i < 4; i++)
		set->word[i] = all.word[i] & ~set->word[i];
}

static int scan_class(struct scan *s)
{
	size_t at = s->pos++;
	bool negated = s->text[s->pos] == '!', empty = true;
	struct byteset set = {{0}};
	struct token *t;
	int ret;

	s->pos += negated;
	if (s->text[s->pos] == '^')
		return refuse(
			s,
			"'[^' at character %zu: write [!..] for what is not in a class, [\\^..] for the "
			"character itself",
			at + 1);
	while (s->text[s->pos] != ']') {
		uint8_t first = 0, last;

		ret = scan_member(s, at, &first);
		if (ret)
			return ret;
		last = first;
		if (s->text[s->pos] == '-' && s->text[s->pos + 1] && s->text[s->pos + 1] != ']') {
			s->pos++;
			ret = scan_member(s, at, &last);
			if (ret)
				return ret;
		}
		if (last < first)
			return refuse(s, "the range %c-%c is reversed", first, last);
		if (first == '/' && last == '/' && !negated)
			return refuse(s, "'/' in the class at character %zu: a class never matches it",
				      at + 1);
		byteset_add(&set, first, last);
		empty = false;
	}
	if (empty)
		return refuse(s, "the class at character %zu is empty (write \\] for a ']' in it)", at + 1);
	s->pos++;
	if (negated)
		complement(&set);
	byteset_remove(&set, '/');
	t = emit(s, negated ? CHARACTER : CLASS, at);
	t->set = set;
	return 0;
}

static int scan_brace(struct scan *s)
{
	char c = s->text[s->pos];
	size_t index = s->n;

	if (c == '{') {
		if (s->depth == PATTERN_NESTING)
			return refuse(s, "more than %d levels of '{'", PATTERN_NESTING);
		emit(s, OPEN, s->pos++);
		s->open[s->depth++] = index;
		return 0;
	}
	if (!s->depth)
		return refuse(s, "'}' at character %zu without '{' (write \\} for the character)",
			      s->pos + 1);
	emit(s, c == ',' ? COMMA : CLOSE, s->pos++);
	s->tokens[s->open[s->depth - 1]].next = index;
	s->open[s->depth - 1] = index;
	s->depth -= c == '}';
	return 0;
}

static int scan_stars(struct scan *s)
{
	size_t n = strspn(s->text + s->pos, "*");

	if (n > 2)
		return refuse(s, "'***' at character %zu: '*' stays within a directory, '**' goes below it",
			      s->pos + 1);
	emit(s, n == 2 ? RUN_DEEP : RUN, s->pos);
	s->pos += n;
	return 0;
}

static int scan_token(struct scan *s)
{
	char c = s->text[s->pos];
	struct token *t;

	switch (c) {
	case '*':
		return scan_stars(s);
	case '[':
		return scan_class(s);
	case '{':
	case '}':
		return scan_brace(s);
	case ',':
		if (s->depth)
			return scan_brace(s);
		break;
	case '?':
		t = emit(s, CHARACTER, s->pos++);
		complement(&t->set);
		byteset_remove(&t->set, '/');
		return 0;
	case '\\':
		c = s->text[++s->pos];
		if (!c)
			return refuse(s, "'\\' at the end takes nothing literally");
		break;
	}
	emit(s, LITERAL, s->pos++)->byte = c;
	return 0;
}

/* Whether all readings of tokens[from..to) start with one of these bytes. */
static bool starts_with(const struct scan *s, size_t from, size_t to, const char *leads)
{
	size_t end;

	if (from == to)
		return false;
	if (s->tokens[from].kind != OPEN)
		return s->tokens[from].kind == LITERAL && strchr(leads, s->tokens[from].byte);
	for (; s->tokens[from].kind != CLOSE; from = end) {
		end = s->tokens[from].next;
		if (!starts_with(s, from + 1, end, leads))
			return false;
	}
	return true;
}

/* Read a text into tokens, to be freed by the caller in any case. */
static int scan(struct scan *s, enum pattern_kind kind, const char *text, char *error, size_t error_size)
{
	size_t length = strlen(text);
	int ret = 0;

	*s = (struct scan){.text = text, .error = error, .error_size = error_size};
	if (!length)
		return refuse(s, "the pattern is empty");
	if (kind == PATTERN_FILE && !strcmp(text, PATTERN_NAMELESS))
		return 0; /* of no tokens: nothing is read of a name */
	if (length > PATTERN_MAX)
		return refuse(s, "the pattern is longer than %d bytes", PATTERN_MAX);
	s->tokens = calloc(length, sizeof(*s->tokens));
	if (!s->tokens)
		return -ENOMEM;
	while (!ret && text[s->pos])
		ret = scan_token(s);
	if (ret)
		return ret;
	if (s->depth)
		return refuse(s, "'{' is not closed (write \\{ for the character)");
	if (kind == PATTERN_FILE && *text == '@')
		return refuse(s, "a pattern must start with '/', or be '" PATTERN_NAMELESS "'");
	if ((kind == PATTERN_PATH || kind == PATTERN_FILE) && !starts_with(s, 0, s->n, "/"))
		return refuse(s, "a pattern must start with '/', in every alternative");
	if (kind == PATTERN_SOCKET && !starts_with(s, 0, s->n, "/@"))
		return refuse(s,
			      "a pattern of unix sockets must start with '/' or '@', in every alternative");
	return 0;
}

int pattern_check(enum pattern_kind kind, const char *text, char *error, size_t error_size)
{
	struct scan s;
	int ret = scan(&s, kind, text, error, error_size);

	free(s.tokens);
	return ret;
}

/*
 * Which readings of tokens[from..to) without wildcards spell the root. `before` and the result are
 * sets of prefixes of "/": bit 0 the empty one, bit 1 the whole.
 */
static unsigned spells_root(const struct scan *s, size_t from, size_t to, unsigned before)
{
	for (size_t i = from; i < to && before; i++) {
		const struct token *t = &s->tokens[i];
		unsigned after = 0;

		if (t->kind == LITERAL && t->byte == '/')
			after = (before & 1) << 1;
		while (t->kind == OPEN || t->kind == COMMA) {
			after |= spells_root(s, i + 1, t->next, before);
			i = t->next;
			t = &s->tokens[i];
		}
		before = after;
	}
	return before;
}

/* How many names tokens[from..to) stand for, 0 with a wildcard; from PATTERN_LITERALS on it may be less. */
static size_t count_literals(const struct scan *s, size_t from, size_t to)
{
	size_t n = 1;

	for (size_t i = from; i < to && n && n <= PATTERN_LITERALS; i++) {
		size_t sum = 0;

		if (s->tokens[i].kind == LITERAL)
			continue;
		if (s->tokens[i].kind != OPEN)
			return 0;
		for (; s->tokens[i].kind != CLOSE; i = s->tokens[i].next) {
			size_t branch = count_literals(s, i + 1, s->tokens[i].next);

			if (!branch)
				return 0;
			sum += branch;
		}
		n *= sum;
	}
	return n;
}

static bool is_literal(const struct scan *s)
{
	size_t n = count_literals(s, 0, s->n);

	return n && n <= PATTERN_LITERALS;
}

struct names {
	char *at[PATTERN_LITERALS];
	size_t n;
};

static void free_names(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->at[i]);
	names->n = 0;
}

/* No name is longer than its pattern. */
static int add_name(struct names *names, const char *start, const struct scan *s)
{
	char *name = calloc(1, strlen(s->text) + 1);

	if (!name)
		return -ENOMEM;
	strcpy(name, start);
	names->at[names->n++] = name;
	return 0;
}

/* Extend each of the names by what tokens[from..to) of a literal pattern stand for. */
static int expand(const struct scan *s, size_t from, size_t to, struct names *names)
{
	int ret = 0;

	for (size_t i = from; !ret && i < to; i++) {
		struct names all = {.n = 0};

		if (s->tokens[i].kind == LITERAL) {
			for (size_t k = 0; k < names->n; k++)
				names->at[k][strlen(names->at[k])] = s->tokens[i].byte;
			continue;
		}
		for (; !ret && s->tokens[i].kind != CLOSE; i = s->tokens[i].next) {
			struct names branch = {.n = 0};

			for (size_t k = 0; !ret && k < names->n; k++)
				ret = add_name(&branch, names->at[k], s);
			if (!ret)
				ret = expand(s, i + 1, s->tokens[i].next, &branch);
			for (size_t k = 0; !ret && k < branch.n; k++)
				ret = add_name(&all, branch.at[k], s);
			free_names(&branch);
		}
		free_names(names);
		*names = all;
	}
	return ret;
}

int pattern_literals(enum pattern_kind kind, const char *text, char *out[PATTERN_LITERALS])
{
	struct names names = {.n = 0};
	char error[8];
	struct scan s;
	int ret = scan(&s, kind, text, error, sizeof(error));

	if (!ret && s.n && is_literal(&s)) {
		ret = add_name(&names, "", &s);
		if (!ret)
			ret = expand(&s, 0, s.n, &names);
	}
	free(s.tokens);
	if (ret) {
		free_names(&names);
		return ret;
	}
	memcpy(out, names.at, sizeof(names.at));
	return names.n;
}

static void add_byte(struct nfa *nfa, struct cursor *c, uint8_t byte)
{
	uint32_t to = nfa_byte(nfa, c->node, byte);

	if (byte == '/' && c->skip)
		nfa_join(nfa, c->skip, to);
	*c = (struct cursor){.node = to, .slash = byte == '/' ? to : 0};
}

static void add_run(struct nfa *nfa, struct cursor *c, bool deep)
{
	struct byteset set = {{0}};
	uint32_t to, skip = deep ? c->slash : 0;

	byteset_add(&set, 0, 255);
	if (!deep)
		byteset_remove(&set, '/');
	to = nfa_run(nfa, c->node, &set);
	*c = (struct cursor){.node = to, .skip = skip};
}

static void add_tokens(struct nfa *nfa, const struct scan *s, size_t from, size_t to, struct cursor *c);

/* An alternation: all branches start at the cursor; their three ends are joined one by one. */
static size_t add_group(struct nfa *nfa, const struct scan *s, size_t at, struct cursor *c)
{
	const struct cursor before = *c;
	bool new_node, new_slash = false, new_skip = false;
	size_t end = at, length;

	while (s->tokens[end].kind != CLOSE)
		end = s->tokens[end].next;
	length = s->tokens[end].at + 1 - s->tokens[at].at;
	c->node = nfa_alternation(nfa, before.node, s->text + s->tokens[at].at, length, 0, &new_node);
	c->slash = nfa_alternation(nfa, before.node, s->text + s->tokens[at].at, length, 1, &new_slash);
	c->skip = nfa_alternation(nfa, before.node, s->text + s->tokens[at].at, length, 2, &new_skip);
	for (; new_node && at < end; at = s->tokens[at].next) {
		struct cursor branch = before;

		add_tokens(nfa, s, at + 1, s->tokens[at].next, &branch);
		nfa_join(nfa, branch.node, c->node);
		if (branch.slash)
			nfa_join(nfa, branch.slash, c->slash);
		if (branch.skip)
			nfa_join(nfa, branch.skip, c->skip);
	}
	return end;
}

static void add_tokens(struct nfa *nfa, const struct scan *s, size_t from, size_t to, struct cursor *c)
{
	for (size_t i = from; i < to; i++) {
		const struct token *t = &s->tokens[i];

		switch (t->kind) {
		case LITERAL:
			add_byte(nfa, c, t->byte);
			break;
		case CHARACTER:
			*c = (struct cursor){.node = nfa_character(nfa, c->node, &t->set)};
			break;
		case CLASS:
			*c = (struct cursor){.node = nfa_set(nfa, c->node, &t->set)};
			break;
		case RUN:
		case RUN_DEEP:
			add_run(nfa, c, t->kind == RUN_DEEP);
			break;
		case OPEN:
			i = add_group(nfa, s, i, c);
			break;
		case COMMA:
		case CLOSE: /* consumed by add_group() */
			break;
		}
	}
}

int pattern_add(struct nfa *nfa, uint32_t from, enum pattern_kind kind, const char *text,
		struct pattern_end *end, char *error, size_t error_size)
{
	struct scan s;
	int ret = scan(&s, kind, text, error, error_size);

	if (!ret) {
		struct cursor c = {.node = from};

		add_tokens(nfa, &s, 0, s.n, &c);
		ret = nfa->error;
		if (!ret)
			*end = (struct pattern_end){
				.node = c.node,
				.root = (kind == PATTERN_PATH || kind == PATTERN_FILE) && s.n &&
					spells_root(&s, 0, s.n, 1) & 2,
				.literal = s.n && is_literal(&s),
			};
	}
	free(s.tokens);
	return ret;
}

int pattern_add_literal(struct nfa *nfa, uint32_t from, const char *text, struct pattern_end *end,
			char *error, size_t error_size)
{
	uint32_t node = from;
	size_t length = strlen(text);

	if (*text != '/' || length > PATTERN_MAX) {
		snprintf(error, error_size, "a path must start with '/' and have at most %d bytes",
			 PATTERN_MAX);
		return -EINVAL;
	}
	for (size_t i = 0; i < length; i++)
		node = nfa_byte(nfa, node, text[i]);
	if (nfa->error)
		return nfa->error;
	*end = (struct pattern_end){.node = node, .root = length == 1, .literal = true};
	return 0;
}
