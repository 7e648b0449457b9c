"""What goes over the socket: requests, answers, events and problems as structs; the filter grammar; safe text."""
