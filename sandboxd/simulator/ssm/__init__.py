"""Systems Manager: agents of machines, parameters, and commands. One literal table of operations."""

from sandboxd.simulator.ssm import agents, command_reads, commands, parameter_reads, parameter_tags, parameters

OPERATIONS = {
    **agents.OPERATIONS,
    **commands.OPERATIONS,
    **command_reads.OPERATIONS,
    **parameters.OPERATIONS,
    **parameter_reads.OPERATIONS,
    **parameter_tags.OPERATIONS,
}

__all__ = ["OPERATIONS"]
