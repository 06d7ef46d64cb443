"""What a run did not find a counterpart of, and what the member and support decide about it (R9).

`standing` what can be decided, pure · `comparison` our event beside its candidates, pure · `reading` the rows of pages ·
`deciding` and `undoing` the guarded acts · `events` copies, deletions and their way back.

An anomaly is never told to Outlook (I5), whatever is decided here: it stays one until it is linked with an appointment
that exists, and a copy is another event with an uid of its own.
"""
