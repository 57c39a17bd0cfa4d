"""How hard a text is to read, by well-known formulas that count words, syllables and sentences. Pure.

English: the grade of Flesch and Kincaid (J. P. Kincaid and others, *Derivation of new readability formulas*, 1975), in years of
school. Spanish: the perspicuity of Szigriszt Pazos (*Sistemas predictivos de legibilidad*, 1993), 0 to 100 and more, which
the INFLESZ scale of Barrio Cantalejo (2008) calls normal from 55 on.
"""

from __future__ import annotations

import re

HARDEST_GRADE = 9.0
"""Years of school: what most people read without effort, as GOV.UK asks of itself."""
LEAST_PERSPICUITY = 55.0
LEAST_WORDS = 20
"""Of fewer words the formulas say nothing: one long name decides."""
_SENTENCE = re.compile(r"[.!?…]+(?:\s|$)|\n+")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_PLACEHOLDER = re.compile(r"\{[a-z_0-9]+\}|%\(\w+\)s")
_MARKS = re.compile(r"<[^>]+>|[*_`#|>]|\]\([^)]*\)|\[")
_ENGLISH = re.compile(r"[aeiouy]+", re.IGNORECASE)


def too_hard(text: str, language: str) -> str:
    """Why the text is too hard for a customer, in words; empty where it is not, or where nothing can be said."""
    words, syllables, sentences = counted(text, language)
    if words < LEAST_WORDS:
        return ""
    if language == "en" and (found := grade(words, syllables, sentences)) > HARDEST_GRADE:
        return f"reads like year {found:.1f} of school (Flesch-Kincaid); at most {HARDEST_GRADE:g}"
    if language == "es" and (found := perspicuity(words, syllables, sentences)) < LEAST_PERSPICUITY:
        return f"has a perspicuity of {found:.0f} (Szigriszt); at least {LEAST_PERSPICUITY:g}"
    return ""


def counted(text: str, language: str) -> tuple[int, int, int]:
    """Words, syllables and sentences; a placeholder counts as one short word, marks of Markdown and HTML as nothing."""
    plain = _MARKS.sub(" ", _PLACEHOLDER.sub("ten", text))
    words = _WORD.findall(plain)
    syllables = sum(_syllables(word, language) for word in words)
    sentences = sum(bool(_WORD.search(part)) for part in _SENTENCE.split(plain))
    return len(words), syllables, max(1, sentences)


def grade(words: int, syllables: int, sentences: int) -> float:
    """0.39 · words per sentence + 11.8 · syllables per word − 15.59."""
    return 0.39 * words / sentences + 11.8 * syllables / words - 15.59


def perspicuity(words: int, syllables: int, sentences: int) -> float:
    """206.835 − 62.3 · syllables per word − words per sentence."""
    return 206.835 - 62.3 * syllables / words - words / sentences


def _syllables(word: str, language: str) -> int:
    if language == "es":
        return _spanish(word)
    lower = word.lower()
    found = len(_ENGLISH.findall(lower))
    # A last silent e, and the endings -ed and -es that make no syllable of their own.
    if re.search(r"[^aeiouyl]e$|[^aeioutd]ed$|[^aeiouscxzg]es$", lower) and not re.search(r"[sc]hes$|[cs]es$", lower):
        found -= 1
    return max(1, found)


def _spanish(word: str) -> int:
    """A weak vowel beside another one makes a diphthong with it; two strong ones are two syllables."""
    lower = re.sub(r"qu(?=[eiéí])|gu(?=[eiéí])", "k", word.lower())
    found = 0
    for group in re.findall(r"[aeiouáéíóúüy]+", lower):
        strong = len(re.findall(r"[aeoáéíóú]", group))
        found += max(1, strong)
    return max(1, found)
