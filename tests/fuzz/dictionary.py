"""Print the dictionary of the fuzzers: the lexer's tokens, and the words that tables know.

    dictionary.py LEXER.l FILE.c...
"""

import re
import sys
from pathlib import Path

# "word" at the beginning of a rule of the lexer; {"word", at the beginning of a row of a table;
# the mnemonics of effects.c.
TOKEN = re.compile(r'^"(\S+?)"(?:\t|\|)|\|"(\w+)"', re.MULTILINE)
ROW = re.compile(r'\{"([a-z_0-9]+)",')
MNEMONICS = re.compile(r'ROW\("([a-z]\S.*?)"')

# What none of them writes as one word.
OTHERS = """
{ } ( ) [ ] ; , . * = @ < > ! + - 0x \\" \\\\ 1.0 x86_64 /// // \\x00 \\xef\\xbb\\xbf \\x0d\\x0a
: 15:0 edx:eax none flags normal memory percpu global load store from to negative {number} {target} {s.m} # %rax $0 (%rdi) %gs: 1f 1:
""".split()


def words(lexer: str, *sources: str) -> list[str]:
    """Each word once, in the order of the alphabet."""
    tokens = {w for pair in TOKEN.findall(Path(lexer).read_text()) for w in pair if w}
    rows = {w for name in sources for w in ROW.findall(Path(name).read_text())}
    mnemonics = {w.rstrip("*") for name in sources for m in MNEMONICS.findall(Path(name).read_text()) for w in m.split()}
    return sorted({*tokens, *rows, *mnemonics, *OTHERS})


if __name__ == "__main__":
    print("# Made by dictionary.py.")
    for word in words(*sys.argv[1:]):
        print(f'"{word}"')
