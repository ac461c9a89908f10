"""Find declarations and statements in C by the names in them, not by where they stand.

Enough of C for the kernel's files: tokens, brackets, and where an outermost item ends.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

TOKEN = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*)
      | (?P<directive>(?:(?<=\n)|\A)[ \t]*\#(?:\\\n|/\*.*?\*/|[^\n])*)
      | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
      | (?P<word>\w+)
      | (?P<mark>[^\s\w])""",
    re.DOTALL | re.VERBOSE)
OPEN, CLOSE = "([{", ")]}"


class NotFound(Exception):
    """What was looked for is not in the text, or not once."""


@dataclass(frozen=True)
class Token:
    """One token and its place."""
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Item:
    """A run of tokens: declaration, definition or statement; depths[i] brackets are open at tokens[i]."""
    tokens: tuple[Token, ...]
    depths: tuple[int, ...]

    @property
    def start(self) -> int:
        """First character."""
        return self.tokens[0].start

    @property
    def end(self) -> int:
        """Behind the last character."""
        return self.tokens[-1].end

    @property
    def outer(self) -> list[str]:
        """The tokens that are in no brackets, and these brackets."""
        return [token.text for token, depth in zip(self.tokens, self.depths, strict=True) if depth == 0]

    @property
    def defines(self) -> str | None:
        """Name of the variable with an initialiser, or of the function with a body, that this is."""
        outer = self.outer
        if "=" in outer:
            before = [word for word in outer[:outer.index("=")] if re.match(r"[A-Za-z_]", word)]
            return next((word for word in reversed(before) if not word.startswith("__")), None)
        if outer[-1] != "}" or "(" not in outer:
            return None
        return outer[outer.index("(") - 1]


def tokens(text: str) -> Iterator[Token]:
    """All but comments and directives."""
    for match in TOKEN.finditer(text):
        if match.lastgroup not in ("comment", "directive"):
            yield Token(match[0], *match.span())


def without_comments(text: str) -> str:
    """The same program in fewer lines."""
    return TOKEN.sub(lambda match: " " if match.lastgroup == "comment" else match[0], text)


def is_body(outer: list[str]) -> bool:
    """Is the brace that follows these outermost tokens that of a function?"""
    return "(" in outer and "=" not in outer


def items(text: str) -> Iterator[Item]:
    """What a text is made of, outside of all brackets."""
    found: list[Token] = []
    depths: list[int] = []
    outer: list[str] = []
    depth, body = 0, False
    for token in tokens(text):
        if token.text == "{" and depth == 0:
            body = is_body(outer)
        depth -= token.text in CLOSE
        found.append(token)
        depths.append(depth)
        if depth == 0:
            outer.append(token.text)
        depth += token.text in OPEN
        if depth == 0 and (token.text == ";" or (token.text == "}" and body)):
            yield Item(tuple(found), tuple(depths))
            found, depths, outer, body = [], [], [], False


def definitions(text: str) -> dict[str, list[Item]]:
    """Each variable with an initialiser and each function with a body, by name."""
    result: dict[str, list[Item]] = {}
    for item in items(text):
        if name := item.defines:
            result.setdefault(name, []).append(item)
    return result


def definition(text: str, name: str) -> Item:
    """The only one of a name."""
    found = definitions(text).get(name, [])
    if len(found) != 1:
        raise NotFound(f"{len(found)} definitions of {name} where one was expected")
    return found[0]


def assignments(text: str, function: str, variable: str) -> tuple[int, int]:
    """Where a function's first run of statements is that assign to members of a variable."""
    whole = definition(text, function)
    brace = next(token for token, depth in zip(whole.tokens, whole.depths, strict=True)
                 if token.text == "{" and depth == 0)
    run: list[Item] = []
    for item in items(text[brace.end:whole.end - 1]):
        if [token.text for token in item.tokens[:2]] == [variable, "."] and "=" in item.outer:
            run.append(item)
        elif run:
            break
    if not run:
        raise NotFound(f"{function} assigns to no member of {variable}")
    return brace.end + run[0].start, brace.end + run[-1].end


def replaced(text: str, spans: list[tuple[int, int]], line: str) -> str:
    """The text with a line in place of the last span, and nothing in place of the others.

    All that follows stays on its line: line numbers get into tables of the kernel.
    """
    for index, (start, end) in enumerate(sorted(spans, reverse=True)):
        begin = text.rfind("\n", 0, start) + 1
        stop = text.find("\n", end)
        stop = len(text) if stop < 0 else stop
        around = text[begin:start] + text[end:stop]
        if without_comments(around).strip():
            raise NotFound(f"beside {text[start:end].split(chr(10))[0]!r} is more on its line: {around.strip()!r}")
        put = "" if index else line
        text = text[:begin] + put + "\n" * text.count("\n", begin, stop) + text[stop:]
    return text
