"""Texts that mean something to a terminal or a pipeline, and what harm they would do there."""

from __future__ import annotations

import unicodedata

from ci_parsers import commands

CORPUS: dict[str, str] = {
    "a terminal's clearing": "\x1b[2J\x1b[1;1Hgone",
    "a terminal's title": "\x1b]0;owned\x07",
    "a hyperlink": "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "a sequence of 8 bits": "\x9b2Jgone",
    "backspaces": "good\b\b\b\bevil",
    "a carriage return": "evil\rgood",
    "a line of its own": "name\n::error file=x,line=1::owned",
    "a carriage return and a command": "x\r::add-mask::y",
    "a vertical tab": "x\v::error::y",
    "a form feed": "x\f::error::y",
    "a next line": "x\u0085::error::y",
    "a line separator": "x\u2028::error::y",
    "a paragraph separator": "x\u2029##vso[task.complete]y",
    "GitHub's command": "::error::owned",
    "GitHub's command after blanks": "   ::set-output name=x::y",
    "GitHub's command after what is drawn as nothing": "\u200b\u2060::warning::x",
    "GitHub's old command": "x ##[set-env name=PATH]evil",
    "GitHub's stopped commands": "::stop-commands::token",
    "Azure's command": "##vso[task.setvariable variable=x]evil",
    "Azure's command in capitals": "say ##VSO[task.uploadfile]/etc/passwd",
    "Azure's command with more signs": "###vso[task.setvariable variable=x]evil",
    "TeamCity's command": "##teamcity[buildStatus status='SUCCESS']",
    "GitLab's section": "section_start:1:x[collapsed=true]\r\x1b[0Kevil",
    "directions": "user\u202egpj.exe\u2066",
    "marks of direction": "a\u200e\u200f\u061cb",
    "nothing at all": "a\u200b\u200c\u200d\ufeffb",
    "soft hyphens": "a\u00adb",
    "tags": "a\U000e0041\U000e007fb",
    "variation selectors": "a\ufe0f\U000e0100b",
    "combining marks": "\u0301\u0489a" + "\u0300" * 50,
    "blanks of other widths": "a\u00a0\u2003\u3000\u2800b",
    "Hangul fillers": "a\u3164\uffa0\u115fb",
    "HTML": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "Markdown": "**x** [y](javascript:alert(1)) ![z](//evil) `|` @team #1 !2",
    "a report's own words": 'a → b (deployed to prod)\n\nApplied: 9 renamed."',
    "a shell": "$(reboot) `reboot` ; reboot && 'x' \"y\"",
    "quotes and backslashes": "\"\\'\\\\\\n\\u0041",
    "a percent sign": "%0A%0D%25::error::",
    "digits of another script": "٣٤ ៣",
    "from right to left": "שלום مرحبا",
    "an emoji of several": "👩‍👩‍👧‍👦",
    "very long": "ab" * 120 + "::error::" + "x" * 6,
    "a private use": "\ue000\U000f0000",
    "no character": "\ufffe\U0001ffff",
    "YAML's words": "no: {null: [~, 012, 1e3]} # &a *a !!x",
}
SURROGATES = {
    "half a pair": "a\ud83d",
    "the other half": "\ude00b",
    "two halves in the wrong order": "\ude00\ud83d::error::",
}
"""These come through JSON's escapes only."""

_UNSEEN = {"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"}


def harm(text: str, *, ascii_only: bool = False) -> list[str]:
    """What a text does to a terminal or a pipeline's log besides being read."""
    found = commands(text)
    found += [
        f"U+{ord(char):04X}"
        for char in sorted(set(text) - {"\n"})
        if unicodedata.category(char) in _UNSEEN or (ascii_only and not char.isascii())
    ]
    # Some readers of logs also end a line at these.
    return found + [line for line in text.splitlines() if line.lstrip().startswith("::")]
