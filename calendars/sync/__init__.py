"""The daily sync of a connection, whichever service it is with.

Pure: `content` what an event says · `service` what a calendar service can be asked · `merging` two sayings, part by part ·
`recognising` who is it? · `plan` and `dates` decide, in the words of `pairs`.
Rows: `sides` our side of a page · `apply` and `writing` write here · `rows` between the two · `status` for pages.
One task: `worker` over `starting`, `pull`, `failing`, `push`, `telling`, `creating`, each with a `work` at hand and a service
of `services`.
Who asks for it: `outbox` with what members changed, `waking`, `clock`; `refusals` what staff decide.
docs/decisions/one-engine.md tells the whole.
"""
