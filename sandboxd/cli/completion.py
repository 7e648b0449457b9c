"""Completion scripts, made from the table: nouns, verbs and options. Static: nothing is asked while somebody types."""

from sandboxd.cli.table import ALIASES, COMMANDS, PROGRAMS, Command

_FILES = 'COMPREPLY=($(compgen -f -- "$word"))'


def script(shell: str) -> str:
    """The script of one shell: `bash`, `zsh` or `fish`."""
    match shell:
        case "fish":
            return _fish()
        case "zsh":
            return "#compdef sandboxd\nautoload -U +X bashcompinit && bashcompinit\n" + _bash()
    return _bash()


def _verbs() -> dict[str, list[str]]:
    out: dict[str, list[str]] = {name: [] for name, _ in PROGRAMS}
    for command in COMMANDS:
        out.setdefault(command.noun, []).extend([command.verb] if command.verb else [])
    return out


def _names(noun: str) -> list[str]:
    return [noun, *(alias for alias, of in ALIASES.items() if of == noun)]


def _options(command: Command) -> list[str]:
    return ["--help", *(max(one.names, key=len) for one in command.arguments if one.names[0].startswith("-"))]


def _choices(command: Command) -> list[str]:
    return [choice for one in command.arguments if one.names[0][0] != "-" for choice in one.options.get("choices", [])]


def _bash() -> str:
    verbs = _verbs()
    second = "\n".join(
        f'      {"|".join(_names(noun))}) COMPREPLY=($(compgen -W "{" ".join(names)}" -- "$word")); return;;'
        for noun, names in verbs.items() if names
    )  # fmt: skip
    options = "\n".join(
        f"    {'|'.join(chr(34) + name + ' ' + command.verb + chr(34) for name in _names(command.noun))}"
        f'{"" if command.verb else "*"}) words="{" ".join(_options(command) + _choices(command))}";;'
        for command in COMMANDS
    )
    return f"""_sandboxd() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "{" ".join(verbs)}" -- "$word"))
    return
  fi
  if [ "$COMP_CWORD" -eq 2 ]; then
    case "${{COMP_WORDS[1]}}" in
{second}
    esac
  fi
  case "${{COMP_WORDS[1]}} ${{COMP_WORDS[2]}}" in
{options}
  esac
  case "$word" in
    */*|.*) {_FILES};;
    *) COMPREPLY=($(compgen -W "$words" -- "$word"));;
  esac
}}
complete -F _sandboxd sandboxd
"""


def _fish() -> str:
    verbs = _verbs()
    lines = [f"complete -c sandboxd -f -n '__fish_use_subcommand' -a '{' '.join(verbs)}'"]
    for noun, names in verbs.items():
        seen = f"__fish_seen_subcommand_from {' '.join(_names(noun))}"
        if names:
            not_yet = f"not __fish_seen_subcommand_from {' '.join(names)}"
            lines.append(f"complete -c sandboxd -f -n '{seen}; and {not_yet}' -a '{' '.join(names)}'")
    for command in COMMANDS:
        seen = f"__fish_seen_subcommand_from {' '.join(_names(command.noun))}"
        seen += f"; and __fish_seen_subcommand_from {command.verb}" if command.verb else ""
        lines += [f"complete -c sandboxd -n '{seen}' -l {option.removeprefix('--')}" for option in _options(command)]
        if choices := _choices(command):
            lines.append(f"complete -c sandboxd -f -n '{seen}' -a '{' '.join(choices)}'")
    return "\n".join(lines) + "\n"
