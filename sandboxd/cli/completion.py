"""Completion scripts, made from the table: nouns, verbs and options. Static: nothing is asked while somebody types."""

from sandboxd.cli.table import COMMANDS, PROGRAMS

_TREE: dict[str, list[str]] = {}
for _command in COMMANDS:
    _TREE.setdefault(_command.noun, []).extend([_command.verb] if _command.verb else [])


def script(shell: str) -> str:
    """The script of one shell."""
    nouns = " ".join([*_TREE, *(name for name, _ in PROGRAMS)])
    match shell:
        case "fish":
            return _fish(nouns)
        case "zsh":
            return "#compdef sandboxd\nautoload -U +X bashcompinit && bashcompinit\n" + _bash(nouns)
    return _bash(nouns)


def _bash(nouns: str) -> str:
    cases = "\n".join(
        f'    {noun}) COMPREPLY=($(compgen -W "{" ".join(verbs)}" -- "$word"));;'
        for noun, verbs in _TREE.items()
        if verbs
    )
    return f"""_sandboxd() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "{nouns}" -- "$word"))
    return
  fi
  [ "$COMP_CWORD" -eq 2 ] || return
  case "${{COMP_WORDS[1]}}" in
{cases}
  esac
}}
complete -F _sandboxd sandboxd
"""


def _fish(nouns: str) -> str:
    lines = [f"complete -c sandboxd -f -n '__fish_use_subcommand' -a '{nouns}'"]
    lines += [
        f"complete -c sandboxd -f -n '__fish_seen_subcommand_from {noun}' -a '{' '.join(verbs)}'"
        for noun, verbs in _TREE.items() if verbs
    ]  # fmt: skip
    return "\n".join(lines) + "\n"
