"""The loops: one actor per account, its mailbox, its timer, the pool and the governor. No decisions are made here."""
